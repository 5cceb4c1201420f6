"""An incident step by step on the real file: its waves, and what becomes of their messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from tests.workbench import (
    CENTRE,
    NOON,
    OPERATOR,
    all_on_duty,
    answer_to,
    commit,
    fill_register,
    new_alert,
    record,
    take,
)
from umsalert.model import (
    Alert,
    Area,
    Audience,
    ChannelKind,
    Circle,
    DeliveryState,
    Following,
    FollowKind,
    NewAlert,
    Outcome,
    OutcomeKind,
    Outgoing,
    Receipt,
    ReplyKind,
    Wave,
)
from umsalert.ports import Pace, Settled, StoredWebhook
from umsalert.store.store import Store

AMPLE = Pace(1000, 1000)
SMS, EMAIL = ChannelKind.SMS, ChannelKind.EMAIL
TAKEN = Outcome(OutcomeKind.ACCEPTED, provider_id="uuid-1")
WRONG = Outcome(OutcomeKind.PERMANENT, "bad_number")
SILENT = Outcome(OutcomeKind.UNKNOWN, "timeout")
STEP_DEG = 0.001
"""From site to site: 111 m."""


def to(n: int) -> Circle:
    """Return a circle that holds the sites S0 to Sn."""
    return replace(CENTRE, radius_m=(n + 0.5) * 111.2)


def next_wave(alert: Alert, kind: FollowKind, **changes: object) -> NewAlert:
    """Return an alert that follows `alert`, with its words unless they are changed."""
    changes = {"variables": alert.variables, "area": alert.area, **changes}
    people = changes.pop("to", None)
    assert people is None or isinstance(people, Audience)
    new = new_alert(f"{alert.ref}-{kind}", channels=alert.channels)
    return replace(new, follows=Following(alert.id, kind, people), **changes)  # type: ignore[arg-type]


async def selected(
    store: Store,
    alert: Alert,
    following: Following,
    values: Mapping[str, str] | None = None,
    area: Area | None = None,
) -> tuple[set[str], Mapping[str, int]]:
    """Return the sites that a wave would go to, and who is left out."""
    said = alert.variables if values is None else values
    wave = Wave(following, area or alert.area, alert.template, said)
    found = await store.alerts.wave(wave, alert.channels, all_on_duty)
    return {site.ref for site in found.sites}, found.left_out


async def audience(store: Store, alert: Alert, people: Audience) -> set[str]:
    """Return the sites that a follow-up with other words would go to."""
    following = Following(alert.id, FollowKind.FOLLOW_UP, people)
    return (await selected(store, alert, following, {"description": "else"}))[0]


async def settle(store: Store, outgoing: Outgoing, outcome: Outcome) -> None:
    await commit(store, [Settled(outgoing, outcome, "vonage", NOON, NOON, None)])


async def sent(
    store: Store, alert: Alert, outcomes: Sequence[Outcome], kind: ChannelKind = SMS
) -> Sequence[Outgoing]:
    """Hand over so many messages of an alert, in their order, with these outcomes."""
    sender = await store.outbox.open_sender(alert.id, OPERATOR)
    claim = await take(store, sender, kind, AMPLE, len(outcomes))
    for item, outcome in zip(claim.outgoing, outcomes, strict=True):
        await settle(store, item, outcome)
    return claim.outgoing


async def said(store: Store, outgoing: Outgoing, kind: ReplyKind, at: datetime = NOON) -> None:
    assert await store.answers.record(answer_to(outgoing.reference, kind, at)) is not None


async def receipt(store: Store, outgoing: Outgoing, state: DeliveryState, code: str = "") -> None:
    said = Receipt("vonage", "uuid-1", outgoing.reference, state, code, NOON)
    await store.inbox.store(StoredWebhook("vonage", "status", "", b"{}"), outgoing.reference)
    (pending,) = await store.inbox.pending(1)
    assert await store.inbox.apply(pending.id, [said]) == 1


async def reached(store: Store, alert: Alert) -> list[str]:
    """Return the contacts of an alert, in the order of sending."""
    rows = sorted(await store.record.deliveries(alert.id), key=lambda row: row.delivery_id)
    return [row.contact_ref for row in rows]


def closing(alert: Alert, outcome: str = "Arrested.", ref: str = "20260317-over") -> NewAlert:
    new = next_wave(alert, FollowKind.CLOSING, variables={"outcome": outcome})
    return replace(new, ref=ref, template="all-clear", created_at=NOON + timedelta(minutes=20))


async def states(store: Store, alert: Alert) -> dict[DeliveryState, int]:
    return dict((await store.outbox.counts(alert.id))[SMS])


async def first_alert(store: Store) -> Alert:
    """Record an SMS alert to the sites S0 to S6, of which nothing leaves."""
    await fill_register(store, 10, step_deg=STEP_DEG)
    new = new_alert(channels=(SMS,), area=to(6))
    return await record(store, replace(new, variables={"description": "red"}))
