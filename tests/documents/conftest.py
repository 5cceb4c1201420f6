"""A real record: three sites, two languages, hostile words, a follow-up, a correction, an end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.store.conftest import clock, database, empty_database, store
from tests.workbench import (
    CENTRE,
    OPERATOR,
    FixedClock,
    all_on_duty,
    answer_to,
    commit,
    fill_register,
    new_alert,
    record,
    take,
)
from umsalert.documents.material import Material, material_of
from umsalert.model import (
    TOKEN_PLACE,
    Alert,
    Audience,
    ChannelKind,
    Following,
    FollowKind,
    MessageText,
    Outcome,
    OutcomeKind,
    ReplyKind,
)
from umsalert.ports import AlertRows, Pace, Settled
from umsalert.store.store import Store

__all__ = ["clock", "database", "empty_database", "store"]

SMS, EMAIL = ChannelKind.SMS, ChannelKind.EMAIL
HOSTILE = '=HYPERLINK("http://x.example","\u202eclick")\x1b[2J'
REASON = "why nobody is told"
TEXTS = (
    MessageText(SMS, "fr", "Restez sur votre site. A < B & C", parts=1, encoding="GSM-7"),
    MessageText(SMS, "en", "Stay on your site.", parts=1, encoding="GSM-7"),
    MessageText(EMAIL, "fr", f"Ne pas intervenir. https://x.example/a/{TOKEN_PLACE} fin", "Objet"),
    MessageText(EMAIL, "en", "Do not intervene.", "Subject"),
)


@dataclass
class Desk:
    """An office that writes documents of what it has sent."""

    store: Store
    clock: FixedClock
    folder: Path

    async def first(self, ref: str = "20260317-first", *, exercise: bool = False) -> Alert:
        """Alert everybody; the SMS of two of three sites are accepted, one answers a formula."""
        new = replace(new_alert(ref, channels=(SMS, EMAIL)), texts=TEXTS, exercise=exercise)
        alert = await record(self.store, replace(new, reason=REASON))
        references = await self.accept(alert, SMS, 2)
        self.clock.move(10)
        seen = answer_to(references[0], ReplyKind.SIGHTING, self.clock.now())
        await self.store.answers.record(replace(seen, text=HOSTILE))
        return alert

    async def accept(self, alert: Alert, kind: ChannelKind, n: int) -> list[str]:
        """Have messages taken, a second after their claim; return their references."""
        sender = await self.store.outbox.open_sender(alert.id, OPERATOR)
        claim = await take(self.store, sender, kind, Pace(1000, 1000), n)
        self.clock.move(1)
        taken, now = Outcome(OutcomeKind.ACCEPTED), self.clock.now()
        items = [Settled(item, taken, "vonage", claim.at, now, None) for item in claim.outgoing]
        await commit(self.store, items)
        return [item.reference for item in claim.outgoing]

    async def follow(self, alert: Alert, kind: FollowKind) -> Alert:
        """Send what follows an alert."""
        self.clock.move(60)
        new = replace(
            new_alert(
                f"{alert.ref}-{kind}".replace("_", "-"), channels=(SMS,), at=self.clock.now()
            ),
            area=replace(CENTRE, radius_m=900),
            texts=TEXTS[:2],
            variables={"outcome": f"After {alert.ref}."},
            incident_at=alert.incident_at,
            follows=Following(alert.id, kind, Audience.ALL),
        )
        return await self.store.alerts.create(new, all_on_duty)

    async def written(self, alert: Alert, name: str, write: object) -> Path:
        """Write a document of an alert by `write(file, material)` or `write(path, material)`."""
        path = self.folder / name
        found = await self.store.alerts.alert(alert.ref)
        head = await self.store.audit.head()

        def work(rows: AlertRows) -> None:
            material: Material = material_of(rows, found, head)
            if path.suffix == ".xlsx":
                write(path, material)  # type: ignore[operator]
            else:
                with path.open("w", encoding="utf-8", newline="") as file:
                    write(file, material)  # type: ignore[operator]

        await self.store.record.read(found.id, work)
        return path


@pytest.fixture
async def desk(store: Store, clock: FixedClock, tmp_path: Path) -> Desk:
    """Return an office with three sites."""
    await fill_register(store, 3)
    return Desk(store, clock, tmp_path)
