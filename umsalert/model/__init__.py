"""The nouns. Frozen values without behaviour beyond reading themselves.

Times are aware `datetime` in UTC; distances are metres (`_m`); coordinates are degrees WGS 84.
"""

from umsalert.model.alerts import (
    NO_CELL_PACE,
    Alert,
    Cancellation,
    CellPace,
    Following,
    FollowKind,
    Link,
    NewAlert,
    Selection,
    UnknownPolicy,
)
from umsalert.model.areas import Area, Circle, Polygon, SiteInArea
from umsalert.model.checks import CheckResult, CheckStatus
from umsalert.model.deliveries import (
    OPEN_STATES,
    READ_BY_SITE,
    TRANSITIONS,
    Answer,
    ChannelKind,
    DeliveryState,
    MessageText,
    Outcome,
    OutcomeKind,
    Outgoing,
    Receipt,
    ReplyKind,
)
from umsalert.model.register import (
    Contact,
    ContactStatus,
    NewContact,
    NewSite,
    Operator,
    Site,
    SiteStatus,
)

__all__ = [
    "NO_CELL_PACE",
    "OPEN_STATES",
    "READ_BY_SITE",
    "TRANSITIONS",
    "Alert",
    "Answer",
    "Area",
    "Cancellation",
    "CellPace",
    "ChannelKind",
    "CheckResult",
    "CheckStatus",
    "Circle",
    "Contact",
    "ContactStatus",
    "DeliveryState",
    "FollowKind",
    "Following",
    "Link",
    "MessageText",
    "NewAlert",
    "NewContact",
    "NewSite",
    "Operator",
    "Outcome",
    "OutcomeKind",
    "Outgoing",
    "Polygon",
    "Receipt",
    "ReplyKind",
    "Selection",
    "Site",
    "SiteInArea",
    "SiteStatus",
    "UnknownPolicy",
]
