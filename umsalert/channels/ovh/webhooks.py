"""OVHcloud's receipts: a request whose query says all, and whose address alone proves it.

https://help.ovhcloud.com/csm/en-sms-users: `id`, `ptt`, `date`, `description`, `descriptionDlr`.
They are not signed; the secret that we put into the address of the account is what only
OVHcloud and we know.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime

from umsalert.channels.ovh.sms import PROVIDER
from umsalert.errors import InvalidData, RefusedByRule
from umsalert.i18n import _
from umsalert.model import Answer, DeliveryState, MessageText, Receipt
from umsalert.ports import StoredWebhook, Webhook
from umsalert.settings import OvhSettings, Settings

TOPIC = "message-status"
PATH = f"/webhooks/{PROVIDER}/{TOPIC}"
MAX_VALUE_CHARS = 40

_BY_PTT: Mapping[str, DeliveryState | None] = {
    "1": DeliveryState.ACCEPTED,  # tried again: something with the telephone
    "2": DeliveryState.ACCEPTED,  # tried again: something with the network
    "3": DeliveryState.ACCEPTED,
    "4": DeliveryState.DELIVERED,
    "6": None,  # the operator never told
    **dict.fromkeys(
        (
            *("5", "8", "20", "21", "23", "24", "25", "26", "27", "28", "29", "33", "39"),
            *("73", "74", "76", "202"),
        ),
        DeliveryState.UNDELIVERED,
    ),
}
_BY_DLR: Mapping[str, DeliveryState | None] = {
    "0": DeliveryState.ACCEPTED,
    "1": DeliveryState.DELIVERED,
    "2": DeliveryState.UNDELIVERED,
    "4": DeliveryState.ACCEPTED,
    "8": DeliveryState.ACCEPTED,
    "16": DeliveryState.UNDELIVERED,
}
"""For the codes that the list of ptt codes, which calls itself incomplete, leaves out."""


def open_source(settings: Settings) -> OvhWebhooks:
    """Return the reader of this account's receipts."""
    return OvhWebhooks(settings.ovh)


class OvhWebhooks:
    """`ports.WebhookSource` for OVHcloud."""

    provider = PROVIDER

    def __init__(self, settings: OvhSettings) -> None:
        self._settings = settings

    def verify(self, webhook: Webhook, now: datetime) -> str:
        """Return a key that repeats when the event repeats. Raises RefusedByRule."""
        del now  # nothing in it has an age
        if webhook.topic != TOPIC:
            raise _forged("topic_unknown")
        given = webhook.query.get("token", "").encode(errors="replace")
        if not hmac.compare_digest(given, self._settings.webhook_secret.encode()):
            raise _forged("token_invalid")
        return json.dumps(
            [_value(webhook.query, name) for name in ("id", "ptt", "dlr", "description")]
        )

    def reference(self, webhook: Webhook) -> str:
        """Return nothing: a receipt names the hand-over by OVHcloud's id alone."""
        del webhook
        return ""

    def content(self, webhook: Webhook, now: datetime) -> bytes:
        """Return what the query says, without the secret, and when it came.

        OVHcloud's own date has no time zone, and no documented form.
        """
        names = ("id", "ptt", "dlr", "description")
        said = {name: _value(webhook.query, name) for name in names}
        return json.dumps(said | {"received_at": now.isoformat()}).encode()

    def read(self, stored: StoredWebhook) -> tuple[Receipt | Answer, ...]:
        """Return the receipt that it holds. Raises InvalidData when unreadable."""
        said = json.loads(stored.body)
        if not said["id"].isdecimal():
            raise InvalidData(
                "webhook_unreadable",
                _("A receipt of OVHcloud names no message."),
                hint=_("Report it to OVHcloud: the parameter id is missing."),
            )
        state = _state(said)
        receipt = Receipt(
            provider=PROVIDER,
            provider_id=said["id"],
            reference="",
            state=state,
            code=_code(said) if state is DeliveryState.UNDELIVERED else "",
            occurred_at=datetime.fromisoformat(said["received_at"]).astimezone(UTC),
            by_id=True,
        )
        return (receipt,) if state else ()

    def reply_to(self, webhook: Webhook, text: MessageText) -> bytes:
        """Return `{}`: OVHcloud waits for a 200 and nothing more."""
        del webhook, text
        return b"{}"


def _value(query: Mapping[str, str], name: str) -> str:
    return query.get(name, "")[:MAX_VALUE_CHARS]


def _state(said: Mapping[str, str]) -> DeliveryState | None:
    if said["ptt"] in _BY_PTT:
        return _BY_PTT[said["ptt"]]
    return _BY_DLR.get(said["dlr"] or said["description"])  # documented as description


def _code(said: Mapping[str, str]) -> str:
    return f"ptt_{said['ptt']}" if said["ptt"].isdecimal() else "undelivered"


def _forged(code: str) -> RefusedByRule:
    return RefusedByRule(
        code,
        _("A receipt is refused: it does not know the secret of OVHcloud's callback URL."),
        hint=_("Compare ovh.webhook_secret with the callback URL of the account."),
    )
