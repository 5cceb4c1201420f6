"""Whatever waves follow an alert: nobody hears the same words twice, and nobody unvetted any."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workbench import (
    CENTRE,
    NOON,
    OPERATOR,
    FixedClock,
    all_on_duty,
    answer_to,
    commit,
    fill_register,
    new_alert,
    take,
)
from umsalert.errors import NobodyMatched
from umsalert.model import (
    NEW_AREA,
    Audience,
    ChannelKind,
    Circle,
    ContactStatus,
    Following,
    FollowKind,
    NewContact,
    Outcome,
    OutcomeKind,
    Outgoing,
    ReplyKind,
)
from umsalert.ports import Pace, Settled
from umsalert.store.spatialite import connect
from umsalert.store.store import Store

SITES, GUARDS = 5, 2
STEP_DEG = 0.001
STEP_M = 111.2
SMS = ChannelKind.SMS
OUTCOMES = {
    "taken": Outcome(OutcomeKind.ACCEPTED),
    "silent": Outcome(OutcomeKind.UNKNOWN, "timeout"),
    "refused": Outcome(OutcomeKind.PERMANENT, "bad_number"),
}
MESSAGES = """
SELECT contact.ref AS contact, delivery.address, alert.template, alert.variables, alert.id,
    delivery.state NOT IN ('failed', 'expired', 'cancelled', 'not_needed') OR EXISTS (
        SELECT 1 FROM attempt WHERE delivery_id = delivery.id
            AND attempt.state IN ('sending', 'accepted', 'unknown', 'delivered')
    ) AS counts
FROM delivery
JOIN alert ON alert.id = alert_id
JOIN contact ON contact.id = contact_id
"""


@dataclass(frozen=True)
class Step:
    """One wave, and what happens to its first messages, then who loses or regains vetting."""

    kind: FollowKind
    to: Audience
    centre: int
    reach: float
    words: str
    follows: int
    fates: Sequence[tuple[str, ReplyKind | None]]
    contact: int
    vetted: bool


steps = st.lists(
    st.builds(
        Step,
        kind=st.sampled_from([FollowKind.FOLLOW_UP, FollowKind.WIDENED, FollowKind.RECENTERED]),
        to=st.sampled_from(list(Audience)),
        centre=st.integers(0, SITES - 1),
        reach=st.sampled_from([0.5, 1.5, 4.5]),
        words=st.sampled_from(["red", "blue"]),
        follows=st.integers(0, 9),
        fates=st.lists(
            st.tuples(
                st.sampled_from([*OUTCOMES, "waiting"]),
                st.sampled_from([None, ReplyKind.ACKNOWLEDGED, ReplyKind.SIGHTING]),
            ),
            max_size=SITES * GUARDS,
        ),
        contact=st.integers(0, SITES * GUARDS - 1),
        vetted=st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


class Course:
    """The incident on its way, and who was vetted when."""

    def __init__(self, store: Store, *, stop: bool) -> None:
        self._store = store
        self._stop = stop
        self._alerts: list[int] = []
        self._refs = itertools.count()
        self.vetted: set[str] = set()
        self.vetted_when: dict[int, frozenset[str]] = {}

    async def begin(self) -> None:
        await fill_register(self._store, SITES, guards=GUARDS, step_deg=STEP_DEG)
        shared = NewContact("S2", "Shared", ref="shared", phone="+33639980000", phone_kind="mobile")
        await self._store.register.add_contacts([shared], OPERATOR, certify=True)
        self.vetted = {c.ref for c in await self._store.register.contacts()}

    async def go(self, step: Step) -> None:
        place = Circle(CENTRE.lat + step.centre * STEP_DEG, CENTRE.lon, step.reach * STEP_M)
        following = None
        if self._alerts:
            earlier = self._alerts[step.follows % len(self._alerts)]
            to = None if step.kind in NEW_AREA else step.to
            following = Following(earlier, step.kind, to)
        new = replace(
            new_alert(f"20260317-{next(self._refs)}", channels=(SMS,), area=place),
            variables={"description": step.words},
            stop_when_acknowledged=self._stop,
            follows=following,
        )
        try:
            alert = await self._store.alerts.create(new, all_on_duty)
        except NobodyMatched:
            return
        self._alerts.append(alert.id)
        self.vetted_when[alert.id] = frozenset(self.vetted)
        sender = await self._store.outbox.open_sender(alert.id, OPERATOR)
        for fate, answer in step.fates:
            await self._meet(sender, fate, answer)

    async def _meet(self, sender: int, fate: str, answer: ReplyKind | None) -> None:
        if fate == "waiting":
            return
        for item in (await take(self._store, sender, SMS, Pace(1000, 1000), 1)).outgoing:
            settled = Settled(item, OUTCOMES[fate], "vonage", NOON, NOON, None)
            await commit(self._store, [settled])
            if answer and fate == "taken":
                await self._answer(item, answer)

    async def _answer(self, item: Outgoing, kind: ReplyKind) -> None:
        await self._store.answers.record(answer_to(item.reference, kind, NOON))

    async def vet(self, step: Step) -> None:
        ref = f"S{step.contact // GUARDS}-c{step.contact % GUARDS + 1}"
        if (ref in self.vetted) is step.vetted:
            return
        status = ContactStatus.CERTIFIED if step.vetted else ContactStatus.REVOKED
        await self._store.register.set_contact_status([ref], status, OPERATOR)
        self.vetted ^= {ref}


async def played(path: Path, course: Sequence[Step], *, stop: bool) -> Course:
    async with Store(path, FixedClock()) as store:
        found = Course(store, stop=stop)
        await found.begin()
        for step in course:
            await found.go(step)
            await found.vet(step)
        return found


def messages(path: Path) -> list[Any]:
    with closing(connect(path, write=False)) as reader:
        return list(reader.execute(MESSAGES).fetchall())


@given(course=steps, stop=st.booleans())
@settings(max_examples=40)
def test_whatever_waves_follow_nobody_hears_the_same_twice(
    empty_database: Path, course: Sequence[Step], stop: bool
) -> None:
    """Neither a guard nor a number, queued or gone; who is not vetted at the time is in no wave."""
    with TemporaryDirectory() as folder:
        path = Path(shutil.copy2(empty_database, Path(folder) / "umsalert.db"))
        found = asyncio.run(played(path, course, stop=stop))
        rows = messages(path)
    for who in ("contact", "address"):
        counted = Counter(
            (row[who], row["template"], row["variables"]) for row in rows if row["counts"]
        )
        assert max(counted.values(), default=0) <= 1
    assert all(row["contact"] in found.vetted_when[row["id"]] for row in rows)
