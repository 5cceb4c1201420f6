"""The register, and who is in an area: from what is vetted to an alert of the record."""

from __future__ import annotations

from collections.abc import (
    Callable,
    Collection,
    Mapping,
    Sequence,
)
from dataclasses import (
    dataclass,
    field,
)
from datetime import (
    datetime,
)
from typing import (
    TYPE_CHECKING,
    Protocol,
)

from umsalert.model import (
    OffDuty,
)

if TYPE_CHECKING:
    from umsalert.events import Counts
    from umsalert.model import (
        Alert,
        Area,
        ChannelKind,
        Contact,
        ContactStatus,
        NewAlert,
        NewContact,
        NewSite,
        Operator,
        Selection,
        Site,
        SiteStatus,
        Wave,
    )
    from umsalert.ports.imports import SiteDefaults


@dataclass(frozen=True, slots=True)
class Schedule:
    """Presence hours in OpenStreetMap `opening_hours` notation, in their time zone.

    `calendar` says whose public holidays hold: an ISO 3166 region, or `FR-AM` for Alsace and
    Moselle.
    """

    hours: str
    time_zone: str
    calendar: str = "FR"


OnDuty = Callable[[Schedule], bool]
"""Says whether somebody is present by a schedule at the moment in question."""


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One line of `alert list`: the alert with its counts."""

    alert: Alert
    counts: Counts


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """Where a site of any status lies, right to the metre. LATITUDE FIRST, degrees WGS 84."""

    site_id: int
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class NearestSite:
    """The known site nearest to the centre of an area, whatever its status."""

    ref: str
    name: str
    commune: str | None
    distance_m: float


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known around an area before an alert goes there.

    `usual_radius_m` is the median of the newest alerts of the same template, None where there are
    too few; `open_alerts` have not expired and overlap the area, newest first, exercises too: those
    of the other kind last. `due`: a term has come to its end, and whom it concerns was not moved
    yet. `unvetted` are the sites of its list that are not approved; `postcodes`: of which other
    communes the codes of those that were named are a postcode, by the register.
    """

    nearest: NearestSite | None
    usual_radius_m: float | None
    open_alerts: tuple[Alert, ...]
    due: bool = False
    unvetted: tuple[str, ...] = ()
    postcodes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NamedSites:
    """What the register knows of the kinds and the refs that an area names.

    `kinds` are all that its sites have, the most frequent first; `unknown` are the refs of no site;
    `spots` is where the approved sites of an area without a place lie. LATITUDE FIRST.
    """

    kinds: tuple[str, ...]
    unknown: tuple[str, ...]
    spots: tuple[tuple[float, float], ...]


class Register(Protocol):
    """Sites and contacts, and who vetted them."""

    async def site_defaults(self, refs: Collection[str]) -> Mapping[str, SiteDefaults]:
        """Return what contacts take from each of these sites that there is, by ref."""

    async def add_sites(self, sites: Sequence[NewSite], by: Operator, *, approve: bool) -> int:
        """Add all or none. Raises InvalidData when a ref exists."""

    async def add_contacts(
        self, contacts: Sequence[NewContact], by: Operator, *, certify: bool
    ) -> int:
        """Add all or none. Raises InvalidData when a site is missing or a ref exists."""

    async def sites(self, *, status: SiteStatus | None = None) -> Sequence[Site]:
        """Return the sites in order of ref."""

    async def site(self, ref: str) -> Site:
        """Return one site. Raises UsageError when there is none."""

    async def contacts(
        self, *, site_ref: str | None = None, status: ContactStatus | None = None
    ) -> Sequence[Contact]:
        """Return the contacts in order of site and ref."""

    async def set_site_status(
        self, refs: Sequence[str], status: SiteStatus, by: Operator, *, reason: str = ""
    ) -> int:
        """Move all sites or none; return how many changed. Raises UsageError on unknown refs."""

    async def set_contact_status(
        self, refs: Sequence[str], status: ContactStatus, by: Operator, *, reason: str = ""
    ) -> int:
        """Move all contacts or none; return how many changed."""


class AlertBook(Protocol):
    """Who is in an area, and the alerts of the record."""

    async def lapse(self, now: datetime) -> int:
        """Move the sites and contacts whose term has come to its end; return how many.

        Whoever relies on their statuses calls it first; it writes only if something is due.
        """

    async def select(
        self,
        area: Area,
        channels: Collection[ChannelKind],
        on_duty: OnDuty,
        cell_burst: int = 0,
        off_duty: OffDuty = OffDuty.SKIP,
    ) -> Selection:
        """Return who would be reached.

        `on_duty` is asked once, in a thread of the database, for each distinct schedule of the
        approved sites inside and of their certified contacts; where it says no, a contact is left
        out. `off_duty` says what becomes of a site where nobody is left so. A cell of the
        telephone network that gets more than `cell_burst` messages is counted by itself; 0: none.
        """

    async def named_sites(self, area: Area) -> NamedSites:
        """Return what the register knows of the kinds and refs of an area, and where it is."""

    async def situation(
        self, area: Area, template: str, now: datetime, *, exercise: bool
    ) -> Situation:
        """Return what is known around the area, for an exercise or for a live alert.

        What is usual for the one says nothing of the other.
        """

    async def around(self, area: Area) -> Sequence[KnownPlace]:
        """Return where the known sites in and just around the area lie: for drawing."""

    async def vigipirate(self) -> str:
        """Return the level of the plan Vigipirate as people say it, empty where it is not known."""

    async def recipients(
        self, alert_id: int, channels: Collection[ChannelKind], cell_burst: int = 0
    ) -> Selection:
        """Return who has, or may have, an earlier alert by `channels` and is still vetted.

        Whom a correction of it has reached already is left out.
        """

    async def wave(
        self,
        wave: Wave,
        channels: Collection[ChannelKind],
        on_duty: OnDuty,
        cell_burst: int = 0,
    ) -> Selection:
        """Return who would get an alert that follows another, and is no correction of it.

        Nobody who has, may have or is about to get the same words: the template with its values.
        """

    async def create(self, alert: NewAlert, on_duty: OnDuty) -> Alert:
        """Write the alert, its texts and its deliveries in one transaction.

        `on_duty` is asked as in `select`.
        An alert that has the same idempotency key already is returned instead. One that follows
        another goes to its `recipients` or its `wave` of this moment; raises NobodyMatched when
        there is none. A closing closes its incident in the same transaction; raises RefusedByRule
        when that is closed.
        """

    async def incident(self, alert_id: int) -> Sequence[Alert]:
        """Return all alerts of an alert's incident, the first one first."""

    async def alert(self, ref: str) -> Alert:
        """Return an alert by ref, by an unambiguous part of it, or `last`."""

    async def alerts(self, *, limit: int) -> Sequence[AlertLine]:
        """Return the newest alerts."""

    async def by_idempotency_key(self, key: str) -> Alert | None:
        """Return the alert that was sent under this key."""
