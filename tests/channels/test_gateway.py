"""A gateway of our own keeps the contract and is told, and tells, what docs/gateway.md says."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.channels.carriers import GatewayCarrier, HttpAnswer
from tests.channels.contract import ChannelContract
from tests.channels.workshop import NOW, WEBHOOK_SECRET, Workshop
from umsalert.channels import registry
from umsalert.channels.gateway.channel import call_body, sms_body
from umsalert.model import ChannelKind, CheckStatus, Outcome, OutcomeKind
from umsalert.settings import default_settings, load, providers

PAGE = (Path(__file__).parents[2] / "docs" / "gateway.md").read_text("utf-8")
NUMBER = "+33639980042"
SMS, VOICE = ChannelKind.SMS, ChannelKind.VOICE
BODIES = {SMS: sms_body, VOICE: call_body}


class TestGatewaySms(ChannelContract):
    """POST gateway.sms_url."""

    kind = SMS
    provider = "gateway"

    def carrier(self) -> GatewayCarrier:
        """Return a gateway."""
        return GatewayCarrier()


class TestGatewayVoice(TestGatewaySms):
    """POST gateway.voice_url."""

    kind = VOICE


async def handed_to(workshop: Workshop, answer: HttpAnswer) -> tuple[Outcome, GatewayCarrier]:
    """Hand one SMS to a gateway that gives this answer."""
    carrier = await workshop.start(GatewayCarrier())
    carrier.answers = [answer]
    channel = await workshop.open(SMS, carrier, "gateway")
    return await channel.send(workshop.outgoing(SMS)), carrier


def example(title: str) -> Any:
    """Return the JSON that the page shows under a title."""
    (found,) = re.findall(rf"^## {title}\n.*?```json\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE)
    return json.loads(found)


@pytest.mark.parametrize(("title", "kind"), [("An SMS", SMS), ("A call", VOICE)])
def test_a_request_is_the_pages(workshop: Workshop, title: str, kind: ChannelKind) -> None:
    """The example of the page is what leaves for the same message, member by member."""
    outgoing = workshop.outgoing(kind)
    body = BODIES[kind](outgoing, workshop.settings(443).gateway, NOW)
    assert json.loads(json.dumps(body)) == example(title)


@pytest.mark.parametrize("kind", [SMS, VOICE])
def test_every_member_of_a_request_is_explained(workshop: Workshop, kind: ChannelKind) -> None:
    """The page has a line for each, and the examples have no other."""
    body = BODIES[kind](workshop.outgoing(kind), workshop.settings(443).gateway, NOW)
    told = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
    assert set(body) <= told


def test_the_settings_of_the_page_are_valid(tmp_path: Path) -> None:
    """The example loads, and shows the defaults as they are."""
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    for name, content in (("gateway.token", "x"), ("gateway-webhook.secret", WEBHOOK_SECRET)):
        (tmp_path / name).write_text(content)
        (tmp_path / name).chmod(0o600)
    (tmp_path / "umsalert.toml").write_text(text)
    found = load(environ={"UMSALERT_HOME": str(tmp_path)})
    assert providers(found, SMS) == providers(found, VOICE) == ("vonage", "gateway")
    default = default_settings({"UMSALERT_HOME": str(tmp_path)})
    assert found.sms.gateway == default.sms.gateway
    assert found.voice.gateway == default.voice.gateway


@pytest.mark.parametrize("kind", [SMS, VOICE])
async def test_the_request_carries_the_token(workshop: Workshop, kind: ChannelKind) -> None:
    """A bearer token and JSON, to the address of the channel."""
    carrier = await workshop.start(GatewayCarrier())
    channel = await workshop.open(kind, carrier, "gateway")
    await channel.send(workshop.outgoing(kind))
    head = carrier.heads[0].decode()
    assert head.startswith(f"POST /{'sms' if kind is SMS else 'calls'} ")
    assert "Authorization: Bearer token of the gateway\r\n" in head
    assert "Content-Type: application/json\r\n" in head


def test_without_webhooks_no_key_is_asked_for(workshop: Workshop) -> None:
    """A key that could not be heard is not asked for, and no address is given."""
    settings = workshop.settings(443).gateway._replace(webhook_url="")
    body = call_body(workshop.outgoing(VOICE), settings, NOW)
    assert not {"keys", "repeat_key", "other_key", "webhook_url"} & set(body)


def test_a_message_that_ends_now_lives_a_second(workshop: Workshop) -> None:
    """What is left of an alert is never nothing, and never longer than the alert."""
    for left_s, ttl_s in ((-5, 1), (0, 1), (59, 59)):
        outgoing = replace(workshop.outgoing(SMS), expires_at=NOW + timedelta(seconds=left_s))
        assert sms_body(outgoing, workshop.settings(443).gateway, NOW)["ttl_s"] == ttl_s


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (HttpAnswer(200, {"id": "7"}), OutcomeKind.ACCEPTED, ""),
        (HttpAnswer(202, {"id": "7", "status": "throttled"}), OutcomeKind.ACCEPTED, ""),
        (HttpAnswer(200, {"id": 7}), OutcomeKind.UNKNOWN, "answer_unreadable"),
        (HttpAnswer(201), OutcomeKind.UNKNOWN, "answer_unreadable"),
        (HttpAnswer(400), OutcomeKind.MISCONFIGURED, "http_400"),
        (HttpAnswer(401), OutcomeKind.MISCONFIGURED, "http_401"),
        (HttpAnswer(402), OutcomeKind.MISCONFIGURED, "http_402"),
        (HttpAnswer(403), OutcomeKind.MISCONFIGURED, "http_403"),
        (HttpAnswer(404), OutcomeKind.MISCONFIGURED, "http_404"),
        (HttpAnswer(413), OutcomeKind.MISCONFIGURED, "http_413"),
        (
            HttpAnswer(422, {"type": "about:blank", "title": "Not a mobile", "detail": NUMBER}),
            OutcomeKind.PERMANENT,
            "not_a_mobile",
        ),
        (HttpAnswer(408), OutcomeKind.TEMPORARY, "http_408"),
        (HttpAnswer(429), OutcomeKind.TEMPORARY, "http_429"),
        (HttpAnswer(503), OutcomeKind.TEMPORARY, "http_503"),
        (HttpAnswer(500), OutcomeKind.UNKNOWN, "http_500"),
        (HttpAnswer(502), OutcomeKind.UNKNOWN, "http_502"),
    ],
)
async def test_an_answer_decides(
    workshop: Workshop, answer: HttpAnswer, kind: OutcomeKind, code: str
) -> None:
    """422 alone is about the number; nothing quotes it."""
    outcome, carrier = await handed_to(workshop, answer)
    assert (outcome.kind, outcome.code) == (kind, code)
    assert NUMBER not in repr(outcome)
    assert len(carrier.taken) == 1


@pytest.mark.parametrize(
    ("body", "wait_s"),
    [
        ({}, None),
        ({"retry_after_s": 12}, 12),
        ({"retry_after_s": 0.5}, 0.5),
        ({"retry_after_s": -1}, None),
        ({"retry_after_s": True}, None),
        ({"retry_after_s": "12"}, None),
        ({"retry_after_s": 1e300}, 999_999_999),
        ({"id": "", "retry_after_s": 3}, 3),
    ],
)
async def test_throttled_may_be_said_inside_a_200(
    workshop: Workshop, body: dict[str, object], wait_s: float | None
) -> None:
    """Nothing was taken, and we were too fast."""
    answer = HttpAnswer(200, {"status": "throttled"} | body)
    outcome, _carrier = await handed_to(workshop, answer)
    assert (outcome.kind, outcome.throttled) == (OutcomeKind.TEMPORARY, True)
    assert outcome.retry_after_s == wait_s


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (HttpAnswer(200), CheckStatus.OK),
        (HttpAnswer(401), CheckStatus.FAILED),
        (HttpAnswer(405), CheckStatus.WARNING),
    ],
)
async def test_doctor_asks_without_sending(
    workshop: Workshop, answer: HttpAnswer, status: CheckStatus
) -> None:
    """A GET of both addresses, with the token; nothing is posted."""
    carrier = await workshop.start(GatewayCarrier())
    carrier.ready = answer
    found = await registry.examine("gateway", workshop.settings(carrier.port))
    assert [(item.name, item.status) for item in found] == [
        ("gateway_sms", status),
        ("gateway_voice", status),
    ]
    assert carrier.taken == []
    assert all(b"Bearer token of the gateway" in head for head in carrier.heads)


async def test_doctor_names_what_cannot_be_reached(workshop: Workshop) -> None:
    """A closed port is a failure with a way out; an address that is not set is not asked."""
    settings = workshop.settings(1)
    settings = settings._replace(gateway=settings.gateway._replace(voice_url=""))
    (finding,) = await registry.examine("gateway", settings)
    assert (finding.name, finding.status) == ("gateway_sms", CheckStatus.FAILED)
    assert "connection_refused" in finding.message
