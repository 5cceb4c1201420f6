"""Protocols between the services and the world. One async surface, no sync twin."""

from typing import TYPE_CHECKING

from umsalert import lazy

if TYPE_CHECKING:
    from umsalert.ports.addresses import (
        Addresses,
        Answered,
    )
    from umsalert.ports.answers import (
        Answers,
        Invited,
        ReplyRow,
    )
    from umsalert.ports.approvals import (
        Approvals,
    )
    from umsalert.ports.audit import (
        AuditLog,
        Operators,
        Wanted,
    )
    from umsalert.ports.board import (
        Amendment,
        Board,
        BoardSite,
        Incident,
        IncidentAlert,
        Reach,
        Tally,
    )
    from umsalert.ports.book import (
        AlertBook,
        AlertLine,
        KnownPlace,
        NamedSites,
        NearestSite,
        OnDuty,
        Register,
        Schedule,
        Situation,
    )
    from umsalert.ports.bulletins import (
        Bulletins,
    )
    from umsalert.ports.geocoding import (
        Found,
        Geocoder,
        PostalAddress,
        Precision,
    )
    from umsalert.ports.imports import (
        Batch,
        Comparison,
        Difference,
        KnownRows,
        Order,
        Progress,
        Rows,
        SiteDefaults,
        Staging,
        Step,
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
        AlertRows,
        DeliveryRow,
        FaultRow,
        Holder,
        PeopleRow,
        Record,
        SiteRow,
        Steps,
        WaveRow,
    )
    from umsalert.ports.summary import (
        AlertTotals,
        DeadAddress,
        Period,
        Summaries,
        SummaryFacts,
        UnreachedSite,
    )
    from umsalert.ports.vetting import (
        ContactJudge,
        SiteJudge,
        Vetting,
    )
    from umsalert.ports.world import (
        Channel,
        Clock,
        Listener,
        Mail,
        Mailbox,
        StoredReader,
        StoredWebhook,
        Webhook,
        WebhookSource,
    )

__all__ = [
    "Addresses",
    "AlertBook",
    "AlertLine",
    "AlertRows",
    "AlertTotals",
    "Amendment",
    "Answered",
    "Answers",
    "Approvals",
    "AuditLog",
    "Batch",
    "Board",
    "BoardSite",
    "Bulletins",
    "Channel",
    "Claim",
    "Clock",
    "Comparison",
    "ContactJudge",
    "DeadAddress",
    "DeliveryRow",
    "Difference",
    "FaultRow",
    "Found",
    "Geocoder",
    "Holder",
    "Inbox",
    "Incident",
    "IncidentAlert",
    "Invited",
    "KnownPlace",
    "KnownRows",
    "Listener",
    "Mail",
    "Mailbox",
    "NamedSites",
    "NearestSite",
    "OnDuty",
    "Operators",
    "Order",
    "Outbox",
    "Pace",
    "PeopleRow",
    "Period",
    "PostalAddress",
    "Precision",
    "Progress",
    "Reach",
    "ReceiptSample",
    "Record",
    "Register",
    "ReplyRow",
    "RouteState",
    "Rows",
    "Schedule",
    "SenderSeen",
    "Settled",
    "SiteDefaults",
    "SiteJudge",
    "SiteRow",
    "Situation",
    "Staging",
    "Step",
    "Steps",
    "Stopped",
    "StoredReader",
    "StoredWebhook",
    "Summaries",
    "SummaryFacts",
    "Tally",
    "UnreachedSite",
    "Vetting",
    "Want",
    "Wanted",
    "WaveRow",
    "Webhook",
    "WebhookSource",
]

if not TYPE_CHECKING:  # mypy would take every name for one that exists
    __getattr__ = lazy.names(
        __name__,
        {
            "addresses": "Addresses Answered",
            "answers": "Answers Invited ReplyRow",
            "approvals": "Approvals",
            "audit": "AuditLog Operators Wanted",
            "board": "Amendment Board BoardSite Incident IncidentAlert Reach Tally",
            "book": (
                "AlertBook AlertLine KnownPlace NamedSites NearestSite OnDuty Register Schedule "
                "Situation"
            ),
            "bulletins": "Bulletins",
            "geocoding": "Found Geocoder PostalAddress Precision",
            "imports": (
                "Batch Comparison Difference KnownRows Order Progress Rows SiteDefaults "
                "Staging Step"
            ),
            "outbox": (
                "Claim Inbox Outbox Pace ReceiptSample RouteState SenderSeen Settled Stopped Want"
            ),
            "record": (
                "AlertRows DeliveryRow FaultRow Holder PeopleRow Record SiteRow Steps WaveRow"
            ),
            "summary": "AlertTotals DeadAddress Period Summaries SummaryFacts UnreachedSite",
            "vetting": "ContactJudge SiteJudge Vetting",
            "world": (
                "Channel Clock Listener Mail Mailbox StoredReader StoredWebhook Webhook "
                "WebhookSource"
            ),
        },
    )
