"""Protocols between the services and the world. One async surface, no sync twin."""

from umsalert.ports.answers import Answers, Invited, ReplyRow
from umsalert.ports.book import (
    AlertBook,
    AlertLine,
    KnownPlace,
    NearestSite,
    OnDuty,
    Register,
    Schedule,
    Situation,
)
from umsalert.ports.outbox import (
    Claim,
    Inbox,
    Outbox,
    Pace,
    ReceiptSample,
    RouteState,
    SenderSeen,
    Settled,
    Stopped,
    Want,
)
from umsalert.ports.record import (
    DeliveryRow,
    Holder,
    Record,
    WaveRow,
)
from umsalert.ports.world import (
    Channel,
    Clock,
    Listener,
    StoredWebhook,
    Webhook,
    WebhookSource,
)

__all__ = [
    "AlertBook",
    "AlertLine",
    "Answers",
    "Channel",
    "Claim",
    "Clock",
    "DeliveryRow",
    "Holder",
    "Inbox",
    "Invited",
    "KnownPlace",
    "Listener",
    "NearestSite",
    "OnDuty",
    "Outbox",
    "Pace",
    "ReceiptSample",
    "Record",
    "Register",
    "ReplyRow",
    "RouteState",
    "Schedule",
    "SenderSeen",
    "Settled",
    "Situation",
    "Stopped",
    "StoredWebhook",
    "Want",
    "WaveRow",
    "Webhook",
    "WebhookSource",
]
