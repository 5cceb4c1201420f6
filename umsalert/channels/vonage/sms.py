"""SMS by the Messages API v1: https://developer.vonage.com/en/api/messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from umsalert.channels.vonage.channel import Api, VonageChannel, digits, open_api, webhook_address
from umsalert.model import ChannelKind, Outgoing
from umsalert.ports import Clock
from umsalert.settings import Settings, VonageSettings

MIN_TTL_S, MAX_TTL_S = 20, 604_800
"""What the API accepts."""

_ENCODING_TYPES = {"GSM-7": "text", "UCS-2": "unicode"}


async def open_channel(settings: Settings, clock: Clock) -> VonageChannel:
    """Open the SMS channel. Raises ConfigurationError."""
    api = Api(ChannelKind.SMS, settings.vonage.messages_url, "message_uuid", request_body)
    return await open_api(api, settings.sms.vonage, settings, clock)


def request_body(
    outgoing: Outgoing, settings: VonageSettings, now: datetime
) -> Mapping[str, object]:
    """Return the request for one SMS.

    `ttl` ends with the alert, so that a telephone switched on tomorrow does not ring for today.
    """
    remaining_s = int((outgoing.expires_at - now).total_seconds())
    body: dict[str, object] = {
        "channel": "sms",
        "message_type": "text",
        "to": digits(outgoing.address),
        "from": digits(settings.sms_sender),
        "text": outgoing.body,
        "client_ref": outgoing.reference,
        "ttl": min(max(remaining_s, MIN_TTL_S), MAX_TTL_S),
        "sms": {"encoding_type": _ENCODING_TYPES.get(outgoing.text.encoding, "auto")},
    }
    if settings.webhook_url:
        body["webhook_url"] = webhook_address(settings.webhook_url, "message-status")
        body["webhook_version"] = "v1"
    return body
