"""The nouns. Frozen values without behaviour beyond reading themselves.

Times are aware `datetime` in UTC; distances are metres (`_m`); coordinates are degrees WGS 84.
"""

from typing import TYPE_CHECKING

from umsalert import lazy

if TYPE_CHECKING:
    from umsalert.model.alerts import (
        NEW_AREA,
        SHARES,
        Alert,
        Audience,
        Cancellation,
        Closure,
        Expected,
        FollowKind,
        Link,
        OffDuty,
        UnknownPolicy,
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
        AuditHead,
        Break,
        Deed,
        Fault,
        Verdict,
    )
    from umsalert.model.checks import (
        CheckResult,
        CheckStatus,
    )
    from umsalert.model.deliveries import (
        OPEN_STATES,
        TRANSITIONS,
        ChannelKind,
        DeliveryState,
        MessageText,
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
        NO_CELL_PACE,
        CellPace,
        Following,
        Kinds,
        Load,
        NewAlert,
        Selection,
        Wave,
    )
    from umsalert.model.register import (
        CONTACT_MOVES,
        FACTS,
        SITE_MOVES,
        AddressKind,
        AddressState,
        Contact,
        ContactStatus,
        Decision,
        NewContact,
        NewSite,
        Operator,
        SentCode,
        Site,
        SiteStatus,
        StatusChange,
    )
    from umsalert.model.said import (
        Answer,
        Photo,
        Said,
        Tie,
    )
    from umsalert.model.summaries import GroupedBy

__all__ = [
    "APPROVAL_POWERS",
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
    "Receipt",
    "ReplyKind",
    "ReplySource",
    "Role",
    "Said",
    "Selection",
    "SentCode",
    "Site",
    "SiteInArea",
    "SiteStatus",
    "StatusChange",
    "Tie",
    "UnknownPolicy",
    "Verdict",
    "Wave",
    "area_from_json",
    "area_to_json",
]

if not TYPE_CHECKING:  # mypy would take every name for one that exists
    __getattr__ = lazy.names(
        __name__,
        {
            "alerts": (
                "NEW_AREA SHARES Alert Audience Cancellation Closure Expected FollowKind "
                "Link OffDuty UnknownPolicy"
            ),
            "answers": "READ_BY_SITE ReplyKind ReplySource",
            "approvals": (
                "APPROVAL_POWERS Approval ApprovalDecision ApprovalKind Consent NewApproval"
            ),
            "areas": (
                "EVERY_SITE Area Circle Division DivisionKind Everywhere Only Polygon SiteInArea "
                "area_from_json area_to_json"
            ),
            "audit": "AuditEntry AuditHead Break Deed Fault Verdict",
            "checks": "CheckResult CheckStatus",
            "deliveries": "OPEN_STATES TRANSITIONS ChannelKind DeliveryState MessageText",
            "hand_overs": "TOKEN_PLACE Outcome OutcomeKind Outgoing Receipt",
            "operators": "POWERS Power Role",
            "plans": "NO_CELL_PACE CellPace Following Kinds Load NewAlert Selection Wave",
            "register": (
                "CONTACT_MOVES FACTS SITE_MOVES AddressKind AddressState Contact ContactStatus "
                "Decision NewContact NewSite Operator SentCode Site SiteStatus "
                "StatusChange"
            ),
            "said": "Answer Photo Said Tie",
            "summaries": "GroupedBy",
        },
    )
