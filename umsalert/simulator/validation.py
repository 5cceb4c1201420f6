"""What the providers accept in the bodies of messages and calls, and Vonage in an NCCO.

Vonage's limits are those of the published API and of its Python SDK's models, OVHcloud's those of
its published schema, the gateway's those of docs/gateway.md. What the simulator cannot do (other
channels, other actions, webhooks to another machine) is refused, never ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from umsalert.simulator.webhooks import is_local


@dataclass(frozen=True, slots=True)
class Invalid:
    """One invalid parameter. `reason` never holds the value."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rule:
    """What the value of one parameter must be."""

    name: str
    holds: Callable[[object], bool]
    reason: str
    required: bool = False


def invalid_message(body: object) -> list[Invalid]:
    """Return what is wrong with the body of `POST /v1/messages`."""
    return list(_broken(body, _MESSAGE, ""))


def invalid_call(body: Any) -> list[Invalid]:  # noqa: ANN401  # what JSON holds
    """Return what is wrong with the body of `POST /v1/calls`."""
    return list(_broken(body, _CALL, "")) or invalid_ncco(body["ncco"])


def invalid_job(body: object) -> list[Invalid]:
    """Return what is wrong with the body of OVHcloud's `POST /sms/{serviceName}/jobs`."""
    return list(_broken(body, _JOB, ""))


def invalid_gateway_sms(body: object) -> list[Invalid]:
    """Return what is wrong with an SMS by docs/gateway.md."""
    return list(_broken(body, (*_GATEWAY, *_GATEWAY_SMS), ""))


def invalid_gateway_call(body: object) -> list[Invalid]:
    """Return what is wrong with a call by docs/gateway.md."""
    return list(_broken(body, (*_GATEWAY, *_GATEWAY_CALL), ""))


def invalid_ncco(ncco: Sequence[object]) -> list[Invalid]:
    """Return what is wrong with a list of voice actions."""
    found: list[Invalid] = []
    for position, action in enumerate(ncco):
        name = action.get("action") if isinstance(action, dict) else None
        rules = _ACTIONS.get(name) if isinstance(name, str) else None
        if rules is None:
            found.append(
                Invalid(f"ncco[{position}].action", "the simulator plays talk and input only")
            )
        else:
            found += _broken(action, rules, f"ncco[{position}].")
    return found


def _broken(body: object, rules: Iterable[Rule], prefix: str) -> Iterable[Invalid]:
    if not isinstance(body, dict):
        yield Invalid(prefix.rstrip(".") or "body", "must be a JSON object")
        return
    for rule in rules:
        if rule.name not in body:
            if rule.required:
                yield Invalid(prefix + rule.name, "is required")
        elif not rule.holds(body[rule.name]):
            yield Invalid(prefix + rule.name, rule.reason)


def _text(longest: int) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and 0 < len(value) <= longest


def _between(lowest: int, highest: int) -> Callable[[object], bool]:
    return lambda value: type(value) is int and lowest <= value <= highest


def _one_of(*allowed: object) -> Callable[[object], bool]:
    return lambda value: value in allowed


def _one_url(value: object) -> bool:
    return isinstance(value, list) and len(value) == 1 and is_local(value[0])


def _number(value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"[1-9][0-9]{6,14}", value))


def _sender(value: object) -> bool:
    # a number, a short code, or an alphanumeric sender of at most 11 characters (3GPP TS 23.040
    # §9.1.2.5)
    return _number(value) or (
        isinstance(value, str)
        and bool(re.fullmatch(r"[0-9]{5}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}", value))
    )


def _e164(value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"\+[1-9][0-9]{6,14}", value))


def _keys(value: object) -> bool:
    return isinstance(value, dict) and all(
        re.fullmatch(r"[0-9*#]", key) and _text(1500)(said) for key, said in value.items()
    )


def _phone(value: object) -> bool:
    return isinstance(value, dict) and value.get("type") == "phone" and _number(value.get("number"))


def _one_phone(value: object) -> bool:
    return isinstance(value, list) and len(value) == 1 and _phone(value[0])


_NUMBER = "must be a number in international form without a plus sign"
_LOCAL = "must be an http(s) address of this machine: the simulator sends nowhere else"

_DTMF = (
    Rule("timeOut", _between(0, 10), "must be between 0 and 10 seconds"),
    Rule("maxDigits", _between(1, 20), "must be between 1 and 20"),
)
_SMS = (Rule("encoding_type", _one_of("text", "unicode", "auto"), "unknown"),)
_MESSAGE = (
    Rule("channel", _one_of("sms"), "the simulator carries sms only", required=True),
    Rule("message_type", _one_of("text"), "must be text", required=True),
    Rule("to", _number, _NUMBER, required=True),
    Rule(
        "from",
        _sender,
        "must be a number, a short code or a name of 11 characters",
        required=True,
    ),
    Rule("text", _text(3200), "must be a text of 1 to 3200 characters", required=True),
    Rule("ttl", _between(20, 604_800), "must be between 20 and 604800 seconds"),
    Rule("client_ref", _text(100), "must be a text of 1 to 100 characters"),
    Rule("webhook_url", is_local, _LOCAL),
    Rule("webhook_version", _one_of("v1"), "the simulator writes v1 only"),
    Rule(
        "sms",
        lambda value: not list(_broken(value, _SMS, "")),
        "encoding_type must be text, unicode or auto",
    ),
)
_CALL = (
    Rule("to", _one_phone, "must be one phone: " + _NUMBER, required=True),
    Rule("from", _phone, "must be a phone: " + _NUMBER, required=True),
    Rule(
        "ncco",
        lambda value: isinstance(value, list) and bool(value),
        "must be a list of actions",
        required=True,
    ),
    Rule("event_url", _one_url, _LOCAL),
    Rule("event_method", _one_of("POST"), "the simulator posts only"),
    Rule("ringing_timer", _between(1, 120), "must be between 1 and 120 seconds"),
    Rule("length_timer", _between(1, 86_400), "must be between 1 and 86400 seconds"),
)
_ACTIONS = {
    "talk": (
        Rule("text", _text(1500), "must be a text of 1 to 1500 characters", required=True),
        Rule("language", _text(35), "must be a language tag"),
        Rule("bargeIn", _one_of(True, False), "must be true or false"),
    ),
    "input": (
        Rule("type", _one_of(["dtmf"]), 'must be ["dtmf"]', required=True),
        Rule("eventUrl", _one_url, _LOCAL, required=True),
        Rule("eventMethod", _one_of("POST"), "the simulator posts only"),
        Rule(
            "dtmf",
            lambda value: not list(_broken(value, _DTMF, "")),
            "timeOut must be 0 to 10, maxDigits 1 to 20",
        ),
    ),
}
_JOB = (
    Rule("message", _text(918), "must be a text of at most 6 parts", required=True),
    Rule(
        "receivers",
        lambda value: isinstance(value, list) and len(value) == 1 and isinstance(value[0], str),
        "the simulator takes one receiver",
        required=True,
    ),
    Rule("sender", _sender, "must be a sender of the account", required=True),
    Rule("charset", _one_of("UTF-8"), "must be UTF-8"),
    Rule("class", _one_of("flash", "phoneDisplay", "sim", "toolkit"), "unknown"),
    Rule("coding", _one_of("7bit", "8bit"), "must be 7bit or 8bit"),
    Rule("noStopClause", _one_of(True), "the simulator sends no advertisements", required=True),
    Rule("priority", _one_of("high", "medium", "low", "veryLow"), "unknown"),
    Rule("senderForResponse", _one_of(False), "the simulator has no short number"),
    Rule("tag", _text(20), "must be a text of 1 to 20 characters"),
    Rule("validityPeriod", _between(1, 2880), "must be between 1 and 2880 minutes"),
)
_GATEWAY = (
    Rule("reference", _text(100), "must be a text of 1 to 100 characters", required=True),
    Rule("to", _e164, "must be a number in international form with a plus sign", required=True),
    Rule("text", _text(3200), "must be a text of 1 to 3200 characters", required=True),
    Rule("language", _one_of("fr", "en"), "must be fr or en", required=True),
    Rule("ttl_s", _between(1, 604_800), "must be between 1 and 604800 seconds", required=True),
    Rule("webhook_url", is_local, _LOCAL),
)
_GATEWAY_SMS = (
    Rule("encoding", _one_of("GSM-7", "UCS-2"), "must be GSM-7 or UCS-2", required=True),
    Rule("parts", _between(1, 20), "must be between 1 and 20", required=True),
)
_GATEWAY_CALL = (
    Rule("ringing_s", _between(1, 120), "must be between 1 and 120 seconds", required=True),
    Rule("length_s", _between(1, 3600), "must be between 1 and 3600 seconds", required=True),
    Rule("keys", _keys, "must be keys, each with what is said after it"),
    Rule("repeat_key", _text(1), "must be one key"),
    Rule("other_key", _text(1500), "must be a text of 1 to 1500 characters"),
)
