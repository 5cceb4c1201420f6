"""The nouns. Frozen values without behaviour beyond reading themselves.

Times are aware `datetime` in UTC; distances are metres (`_m`); coordinates are degrees WGS 84.
"""

from typing import TYPE_CHECKING

from umsalert import lazy

if TYPE_CHECKING:
    from umsalert.model.addresses import (
        AddressKind,
        AddressState,
        SentCode,
    )
    from umsalert.model.alerts import (
        SHARES,
        Alert,
        Cancellation,
        Closure,
        Expected,
        Link,
    )
    from umsalert.model.answers import (
        READ_BY_SITE,
        ReplyKind,
        ReplySource,
    )
    from umsalert.model.approvals import (
        APPROVAL_POWERS,
        Approval,
        ApprovalDecision,
        ApprovalKind,
        Consent,
        NewApproval,
        Process,
    )
    from umsalert.model.areas import (
        EVERY_SITE,
        Area,
        Circle,
        Division,
        DivisionKind,
        Everywhere,
        Only,
        Polygon,
        SiteInArea,
        area_from_json,
        area_to_json,
    )
    from umsalert.model.audit import (
        AuditEntry,
        Break,
        Fault,
        Verdict,
    )
    from umsalert.model.bulletins import (
        VIGIPIRATE_WORDS,
        Bulletin,
        BulletinRun,
        NewBulletin,
        RunState,
        Settlement,
        Skipped,
        Vigipirate,
        VigipirateLevel,
    )
    from umsalert.model.checks import (
        CheckResult,
        CheckStatus,
    )
    from umsalert.model.choices import (
        NEW_AREA,
        Audience,
        FollowKind,
        OffDuty,
        UnknownPolicy,
    )
    from umsalert.model.contacts import (
        CONTACT_MOVES,
        Contact,
        ContactStatus,
    )
    from umsalert.model.deeds import (
        AuditHead,
        Deed,
        Operator,
    )
    from umsalert.model.deliveries import (
        OPEN_STATES,
        TRANSITIONS,
        ChannelKind,
        DeliveryState,
        MessageText,
    )
    from umsalert.model.entries import (
        NewContact,
        NewSite,
    )
    from umsalert.model.hand_overs import (
        TOKEN_PLACE,
        Outcome,
        OutcomeKind,
        Outgoing,
        Receipt,
    )
    from umsalert.model.operators import (
        POWERS,
        Power,
        Role,
    )
    from umsalert.model.plans import (
        CALM_PRIORITY,
        NO_CELL_PACE,
        Calm,
        CellPace,
        Following,
        Kinds,
        Load,
        NewAlert,
        Selection,
        Wave,
    )
    from umsalert.model.register import (
        FACTS,
        SITE_MOVES,
        Site,
        SiteStatus,
    )
    from umsalert.model.said import (
        Answer,
        Photo,
        Said,
        Tie,
    )
    from umsalert.model.summaries import (
        GroupedBy,
    )
    from umsalert.model.vetting import (
        Decision,
        StatusChange,
    )

__all__ = [
    "APPROVAL_POWERS",
    "CALM_PRIORITY",
    "CONTACT_MOVES",
    "EVERY_SITE",
    "FACTS",
    "NEW_AREA",
    "NO_CELL_PACE",
    "OPEN_STATES",
    "POWERS",
    "READ_BY_SITE",
    "SHARES",
    "SITE_MOVES",
    "TOKEN_PLACE",
    "TRANSITIONS",
    "VIGIPIRATE_WORDS",
    "AddressKind",
    "AddressState",
    "Alert",
    "Answer",
    "Approval",
    "ApprovalDecision",
    "ApprovalKind",
    "Area",
    "Audience",
    "AuditEntry",
    "AuditHead",
    "Break",
    "Bulletin",
    "BulletinRun",
    "Calm",
    "Cancellation",
    "CellPace",
    "ChannelKind",
    "CheckResult",
    "CheckStatus",
    "Circle",
    "Closure",
    "Consent",
    "Contact",
    "ContactStatus",
    "Decision",
    "Deed",
    "DeliveryState",
    "Division",
    "DivisionKind",
    "Everywhere",
    "Expected",
    "Fault",
    "FollowKind",
    "Following",
    "GroupedBy",
    "Kinds",
    "Link",
    "Load",
    "MessageText",
    "NewAlert",
    "NewApproval",
    "NewBulletin",
    "NewContact",
    "NewSite",
    "OffDuty",
    "Only",
    "Operator",
    "Outcome",
    "OutcomeKind",
    "Outgoing",
    "Photo",
    "Polygon",
    "Power",
    "Process",
    "Receipt",
    "ReplyKind",
    "ReplySource",
    "Role",
    "RunState",
    "Said",
    "Selection",
    "SentCode",
    "Settlement",
    "Site",
    "SiteInArea",
    "SiteStatus",
    "Skipped",
    "StatusChange",
    "Tie",
    "UnknownPolicy",
    "Verdict",
    "Vigipirate",
    "VigipirateLevel",
    "Wave",
    "area_from_json",
    "area_to_json",
]

if not TYPE_CHECKING:  # mypy would take every name for one that exists
    __getattr__ = lazy.names(
        __name__,
        {
            "addresses": "AddressKind AddressState SentCode",
            "alerts": "SHARES Alert Cancellation Closure Expected Link",
            "answers": "READ_BY_SITE ReplyKind ReplySource",
            "approvals": (
                "APPROVAL_POWERS Approval ApprovalDecision ApprovalKind Consent NewApproval Process"
            ),
            "areas": (
                "EVERY_SITE Area Circle Division DivisionKind Everywhere Only Polygon "
                "SiteInArea area_from_json area_to_json"
            ),
            "audit": "AuditEntry Break Fault Verdict",
            "bulletins": (
                "VIGIPIRATE_WORDS Bulletin BulletinRun NewBulletin RunState Settlement "
                "Skipped Vigipirate VigipirateLevel"
            ),
            "checks": "CheckResult CheckStatus",
            "choices": "NEW_AREA Audience FollowKind OffDuty UnknownPolicy",
            "contacts": "CONTACT_MOVES Contact ContactStatus",
            "deeds": "AuditHead Deed Operator",
            "deliveries": "OPEN_STATES TRANSITIONS ChannelKind DeliveryState MessageText",
            "entries": "NewContact NewSite",
            "hand_overs": "TOKEN_PLACE Outcome OutcomeKind Outgoing Receipt",
            "operators": "POWERS Power Role",
            "plans": (
                "CALM_PRIORITY NO_CELL_PACE Calm CellPace Following Kinds Load NewAlert "
                "Selection Wave"
            ),
            "register": "FACTS SITE_MOVES Site SiteStatus",
            "said": "Answer Photo Said Tie",
            "summaries": "GroupedBy",
            "vetting": "Decision StatusChange",
        },
    )
