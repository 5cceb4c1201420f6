"""A site whose guard has answered gets nothing more, where the template says so."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.workbench import (
    NOON,
    OPERATOR,
    FixedClock,
    answer_to,
    commit,
    fill_register,
    new_alert,
    record,
    reference_of,
    take,
    take_over,
)
from umsalert.errors import RefusedByRule
from umsalert.model import (
    READ_BY_SITE,
    Alert,
    Answer,
    ChannelKind,
    ContactStatus,
    DeliveryState,
    Following,
    FollowKind,
    Outcome,
    OutcomeKind,
    Outgoing,
    Receipt,
    ReplyKind,
)
from umsalert.ports import DeliveryRow, Pace, Settled, StoredWebhook
from umsalert.store.spatialite import connect, explained
from umsalert.store.store import Store

AMPLE = Pace(1000, 1000)
SMS, VOICE = ChannelKind.SMS, ChannelKind.VOICE
ACKNOWLEDGED = ReplyKind.ACKNOWLEDGED
ACCEPTED = Outcome(OutcomeKind.ACCEPTED)
BUSY = Outcome(OutcomeKind.TEMPORARY, "429")
SILENT = Outcome(OutcomeKind.UNKNOWN, "timeout")
QUEUED, SENDING = DeliveryState.QUEUED, DeliveryState.SENDING
NOT_NEEDED, UNKNOWN = DeliveryState.NOT_NEEDED, DeliveryState.UNKNOWN
CODE = "site_acknowledged"
keys = itertools.count()


@pytest.fixture
async def store(store: Store) -> Store:
    """Return a store with two sites of two guards each."""
    await fill_register(store, 2, guards=2)
    return store


async def raised(
    store: Store, ref: str = "20260317-stop", *, stop: bool = True, exercise: bool = False
) -> Alert:
    """Record an alert by SMS and voice whose template says `stop`: four messages for each site."""
    new = new_alert(ref, (SMS, VOICE))
    return await record(store, replace(new, stop_when_acknowledged=stop, exercise=exercise))


async def sender(store: Store, alert: Alert) -> int:
    return await store.outbox.open_sender(alert.id, OPERATOR)


async def called(store: Store, alert: Alert, n: int = 1) -> Sequence[Outgoing]:
    """Claim the first `n` calls: those of the first guard of each site come first."""
    return (await take(store, await sender(store, alert), VOICE, AMPLE, n)).outgoing


async def settle(
    store: Store, outgoing: Outgoing, outcome: Outcome, *, again: bool = False
) -> None:
    retry_at = NOON if again else None
    await commit(store, [Settled(outgoing, outcome, "vonage", NOON, NOON, retry_at)])


async def apply(store: Store, item: Answer | Receipt) -> None:
    webhook = StoredWebhook("vonage", "voice-input", reference_of(item), b"{}")
    await store.inbox.store(webhook, str(next(keys)))
    (pending,) = await store.inbox.pending(1)
    assert await store.inbox.apply(pending.id, [item]) == 1


async def answer(store: Store, outgoing: Outgoing, kind: ReplyKind = ACKNOWLEDGED) -> None:
    await apply(store, answer_to(outgoing.reference, kind, NOON))


async def rows(store: Store, alert: Alert, site: str = "S0") -> list[DeliveryRow]:
    return [row for row in await store.record.deliveries(alert.id) if row.site_ref == site]


async def states(store: Store, alert: Alert, site: str = "S0") -> dict[tuple[str, str], str]:
    return {(row.contact_ref, row.channel): row.state for row in await rows(store, alert, site)}


def stopped_at(store: Store) -> list[str]:
    """Return since when sites get nothing more."""
    with contextlib.closing(connect(store.path, write=False)) as connection:
        rows = connection.execute("SELECT stopped_at FROM alert_site WHERE stopped_at IS NOT NULL")
        return [row[0] for row in rows]


@pytest.mark.parametrize("kind", sorted(READ_BY_SITE))
async def test_the_first_answer_stops_the_rest_of_its_site(
    store: Store, clock: FixedClock, kind: ReplyKind
) -> None:
    """Other channels and other guards of the site get nothing; the next site gets everything."""
    alert = await raised(store)
    assert alert.stop_when_acknowledged
    (call,) = await called(store, alert)
    await settle(store, call, ACCEPTED)
    clock.move(30)
    await answer(store, call, kind)
    assert await states(store, alert) == {
        ("S0-c1", VOICE): DeliveryState.ACCEPTED,
        ("S0-c1", SMS): NOT_NEEDED,
        ("S0-c2", VOICE): NOT_NEEDED,
        ("S0-c2", SMS): NOT_NEEDED,
    }
    stopped = [row for row in await rows(store, alert) if row.state == NOT_NEEDED]
    assert {(row.code, row.ended_at, row.attempts) for row in stopped} == {(CODE, clock.now(), 0)}
    assert set((await states(store, alert, "S1")).values()) == {QUEUED}
    claimed = [
        item.delivery_id
        for channel in (SMS, VOICE)
        for item in (await take(store, await sender(store, alert), channel, AMPLE, 10)).outgoing
    ]
    assert sorted(claimed) == sorted(r.delivery_id for r in await rows(store, alert, "S1"))


async def test_without_the_rule_an_answer_stops_nothing(store: Store) -> None:
    """A lockdown reaches everybody, whoever has answered."""
    alert = await raised(store, stop=False)
    (call,) = await called(store, alert)
    await answer(store, call)
    assert sorted((await states(store, alert)).values()) == [*[QUEUED] * 3, SENDING]
    assert not (await store.alerts.alert(alert.ref)).stop_when_acknowledged


@pytest.mark.parametrize(
    ("outcome", "again", "state", "code"),
    [
        (ACCEPTED, False, DeliveryState.ACCEPTED, ""),
        (BUSY, True, NOT_NEEDED, CODE),
        (BUSY, False, DeliveryState.FAILED, "429"),
        (Outcome(OutcomeKind.UNREACHABLE, "refused"), True, NOT_NEEDED, CODE),
        (Outcome(OutcomeKind.WITHDRAWN, "withdrawn"), True, NOT_NEEDED, CODE),
        (Outcome(OutcomeKind.PERMANENT, "bad_number"), False, DeliveryState.FAILED, "bad_number"),
        (SILENT, False, UNKNOWN, "timeout"),
        (SILENT, True, UNKNOWN, "timeout"),
    ],
)
async def test_what_is_on_the_wire_ends_as_it_ends(
    store: Store, outcome: Outcome, again: bool, state: DeliveryState, code: str
) -> None:
    """Claimed before the answer it may leave; refused after it, it is not tried again."""
    alert = await raised(store)
    call, _next_site, second = await called(store, alert, 3)
    await answer(store, call)
    assert (await states(store, alert))["S0-c2", VOICE] == SENDING
    await settle(store, second, outcome, again=again)
    (row,) = [r for r in await rows(store, alert) if r.delivery_id == second.delivery_id]
    assert (row.state, row.code) == (state, code)
    assert (row.ended_at is None) == (state in {DeliveryState.ACCEPTED, UNKNOWN})
    left = await take(store, await sender(store, alert), VOICE, AMPLE, 10)
    assert {item.delivery_id for item in left.outgoing} <= {
        row.delivery_id for row in await rows(store, alert, "S1")
    }


async def test_what_may_have_left_before_stays_unknown(store: Store) -> None:
    """Unanswered once and waiting for its second try, it may have arrived: a receipt may say so."""
    alert = await raised(store)
    call, _next_site, second = await called(store, alert, 3)
    await settle(store, second, SILENT, again=True)
    await answer(store, call)
    assert (await states(store, alert))["S0-c2", VOICE] == UNKNOWN
    said = Receipt("vonage", "u", second.reference, DeliveryState.DELIVERED, "", NOON)
    await apply(store, said)
    assert (await states(store, alert))["S0-c2", VOICE] == DeliveryState.DELIVERED


async def test_a_refusal_speaks_for_its_own_attempt_only(store: Store) -> None:
    """Perhaps sent once, on the wire again during the answer, then refused: it may have arrived."""
    alert = await raised(store)
    call, _next_site, second = await called(store, alert, 3)
    await settle(store, second, SILENT, again=True)
    (again,) = [i for i in await called(store, alert, 2) if i.delivery_id == second.delivery_id]
    await answer(store, call)
    await settle(store, again, BUSY, again=True)
    (row,) = [r for r in await rows(store, alert) if r.delivery_id == second.delivery_id]
    assert (row.state, row.copies_at_most) == (UNKNOWN, 1)


async def test_a_receipt_corrects_what_was_not_needed(store: Store) -> None:
    """Refused, then not needed, it has arrived all the same: the record says so."""
    alert = await raised(store)
    call, _next_site, second = await called(store, alert, 3)
    await answer(store, call)
    await settle(store, second, BUSY, again=True)
    said = Receipt("vonage", "u", second.reference, DeliveryState.DELIVERED, "", NOON)
    await apply(store, said)
    assert (await states(store, alert))["S0-c2", VOICE] == DeliveryState.DELIVERED


async def test_unknown_of_a_site_that_has_answered_is_not_sent_again(store: Store) -> None:
    """Asked to resend what may not have left, it leaves out who has read the alert."""
    alert = await raised(store)
    call, other, second = await called(store, alert, 3)
    for outgoing in (other, second):
        await settle(store, outgoing, SILENT)
    await answer(store, call)
    await take_over(store, alert.id, resend_unknown=True)
    assert (await states(store, alert))["S0-c2", VOICE] == UNKNOWN
    assert (await states(store, alert, "S1"))["S1-c1", VOICE] == QUEUED


async def test_an_answer_to_an_earlier_call_counts(store: Store) -> None:
    """The first call was taken for lost; answered while the second one rings, the site has read."""
    alert = await raised(store)
    (call,) = await called(store, alert)
    await settle(store, call, SILENT, again=True)
    (again,) = await called(store, alert)
    assert (again.delivery_id, again.attempt_n) == (call.delivery_id, 2)
    await answer(store, call)
    found = await states(store, alert)
    assert found.pop(("S0-c1", VOICE)) == SENDING
    assert set(found.values()) == {NOT_NEEDED}


async def test_a_second_answer_changes_nothing(store: Store, clock: FixedClock) -> None:
    """Two guards of a site answer: both are kept, the site was stopped by the first."""
    alert = await raised(store)
    first, _next_site, second = await called(store, alert, 3)
    await answer(store, first)
    before, since = await rows(store, alert), stopped_at(store)
    clock.move(60)
    await answer(store, second, ReplyKind.SIGHTING)
    assert await rows(store, alert) == before
    assert stopped_at(store) == since == ["2026-03-17T12:00:00.000Z"]
    replies = await store.answers.of_alert(alert.id)
    assert [reply.contact_ref for reply in replies] == ["S0-c1", "S0-c2"]


async def test_an_answer_to_an_exercise_stops_the_exercise_only(store: Store) -> None:
    """The same site in a live alert gets all of it."""
    live = await raised(store)
    exercise = await raised(store, "20260317-exer", exercise=True)
    (call,) = await called(store, exercise)
    await answer(store, call)
    assert sorted((await states(store, exercise)).values()) == [*[NOT_NEEDED] * 3, SENDING]
    assert set((await states(store, live)).values()) == {QUEUED}


async def test_who_is_no_longer_vetted_stops_nobody(store: Store) -> None:
    """Revoked after the call, a contact cannot keep the alert from the rest of the site."""
    alert = await raised(store)
    call, _next_site, second = await called(store, alert, 3)
    await store.register.set_contact_status(["S0-c1"], ContactStatus.REVOKED, OPERATOR)
    await answer(store, call)
    assert (await states(store, alert))["S0-c2", SMS] == QUEUED
    await answer(store, second)
    assert (await states(store, alert))["S0-c2", SMS] == NOT_NEEDED


async def test_another_process_claims_nothing_of_the_site(store: Store, clock: FixedClock) -> None:
    """The web server stores the answer; the process that sends finds the site's queue empty."""
    alert = await raised(store)
    (call,) = await called(store, alert)
    sending = await sender(store, alert)
    async with Store(store.path, clock) as server:
        await answer(server, call)
    claim = await take(store, sending, SMS, AMPLE, 10)
    assert {item.address for item in claim.outgoing} == {"+33639980002", "+33639980003"}


async def test_the_file_itself_lets_nothing_more_leave(store: Store) -> None:
    """Whichever code would queue a message of the site again, it is refused."""
    alert = await raised(store)
    call, _next_site, second = await called(store, alert, 3)
    await settle(store, second, SILENT)
    await answer(store, call)
    queue = "UPDATE delivery SET state = 'queued' WHERE id = ?"
    with (
        contextlib.closing(connect(store.path, write=True)) as connection,
        pytest.raises(RefusedByRule) as refused,
        explained(store.path),
    ):
        connection.execute(queue, (second.delivery_id,))
    assert refused.value.code == CODE


async def test_who_got_nothing_is_not_corrected_and_may_be_later(store: Store) -> None:
    """A correction goes to who has the alert; held back itself, it counts as not sent."""
    alert = await raised(store)
    first, _next_site, second = await called(store, alert, 3)
    await settle(store, second, ACCEPTED)
    await answer(store, first)
    (wire, has_it) = [
        item for item in await store.record.holders(alert.id) if item.site_ref == "S0"
    ]
    assert (wire.contact_ref, has_it.contact_ref) == ("S0-c1", "S0-c2")
    follows = Following(alert.id, FollowKind.CORRECTION)
    new = replace(new_alert("20260317-corr", (VOICE,)), follows=follows)
    correction = await record(store, replace(new, stop_when_acknowledged=True))
    (told,) = await called(store, correction)
    await answer(store, told)
    corrected = {item.contact_ref: item.corrected for item in await store.record.holders(alert.id)}
    assert corrected == {"S0-c1": True, "S0-c2": False, "S1-c1": True}
