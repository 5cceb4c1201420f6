"""Whatever happens to an alert, and in whatever order: two processes, one real file, one model.

Senders claim and settle, crash, or are stopped and speak late; receipts and answers come in any
order; clocks are set. After every step the file is compared with what a reader would believe.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.store.believed import Believed, BelievedPace
from tests.store.stage import PACE, Stage, World
from tests.workbench import (
    NOON,
    OPERATOR,
    FixedClock,
    answer_to,
    fill_register,
    new_alert,
    record,
)
from umsalert.leases import LEASE_S
from umsalert.model import (
    OPEN_STATES,
    READ_BY_SITE,
    TRANSITIONS,
    ChannelKind,
    DeliveryState,
    OutcomeKind,
    Receipt,
    ReplyKind,
)
from umsalert.store.spatialite import Connection, connect
from umsalert.store.store import Store

SMS, VOICE = ChannelKind.SMS, ChannelKind.VOICE
CHANNELS = (SMS, VOICE)
TTL_S = 3600.0
LASTING = frozenset(DeliveryState) - OPEN_STATES - {DeliveryState.UNKNOWN}
MAY_HAVE_LEFT = {"sending", "unknown", "accepted", "delivered"}
NEVER_LEFT = ("failed", "expired", "cancelled", "not_needed")
SAID = (DeliveryState.ACCEPTED, DeliveryState.UNDELIVERED, DeliveryState.DELIVERED)
ENDINGS = ("cancel", "be late", "expire")
WHICH = st.integers(0, 30)
ENDS = st.tuples(st.sampled_from(OutcomeKind), st.sampled_from([None, 0.0, 5.0]))
"""What a hand-over came to, and in how many seconds it is tried again."""


class Course(Stage):
    """One alert to two sites of two guards by two channels."""

    serial = itertools.count()

    @initialize(stop=st.booleans(), last=st.sampled_from([*ENDINGS, None]))
    def plan(self, stop: bool, last: str | None) -> None:
        """Record the alert; `stop`: the first answer stops its site. `last`: how it ends."""
        self._last = last
        number = next(self.serial)
        self._provider = f"carrier-{number}"
        new = new_alert(f"20260317-{number}", CHANNELS, at=NOON)
        new = replace(new, stop_when_acknowledged=stop, expires_at=NOON + timedelta(seconds=TTL_S))
        self._alert = self._run(record(self._world.stores[0], new))
        self._paces = {
            kind: BelievedPace(PACE.rate_per_s, PACE.burst, PACE.burst, NOON) for kind in CHANNELS
        }
        self._messages = {
            row["id"]: Believed(row["ref"], row["site"], row["channel"], NOON)
            for row in self._rows("message")
        }
        assert len(self._messages) == 8
        self._exchange(self._sender(0), [], (SMS, 2))

    # What senders do

    @rule(which=WHICH, kind=st.sampled_from(CHANNELS), limit=st.integers(1, 4))
    def claim(self, which: int, kind: ChannelKind, limit: int) -> None:
        """Ask for what is due, even with a lease that has ended."""
        self._exchange(self._sender(which), [], (kind, limit))

    @precondition(lambda self: any(sender.held for sender in self._senders))
    @rule(
        which=WHICH,
        ends=st.lists(ENDS, min_size=1, max_size=3),
        wanted=st.none() | st.tuples(st.sampled_from(CHANNELS), st.integers(1, 4)),
    )
    def exchange(
        self,
        which: int,
        ends: list[tuple[OutcomeKind, float | None]],
        wanted: tuple[ChannelKind, int] | None,
    ) -> None:
        """Settle what has come to an end, of a sender given up for dead too; claim the next."""
        busy = [sender for sender in self._senders if sender.held]
        sender = busy[which % len(busy)]
        settled = [self._settled(sender, *end) for end in ends[: len(sender.held)]]
        self._exchange(sender, settled, wanted)

    @rule(which=WHICH, ends=st.lists(ENDS, min_size=4, max_size=4), kind=st.sampled_from(CHANNELS))
    def work(
        self, which: int, ends: list[tuple[OutcomeKind, float | None]], kind: ChannelKind
    ) -> None:
        """Send for a while: everything held comes to an end, and as much again is claimed."""
        self.pass_time(1.0)
        sender = self._sender(which)
        settled = [self._settled(sender, *end) for end in ends[: len(sender.held)]]
        self._exchange(sender, settled, (kind, 4))

    @precondition(lambda self: len(self._senders) > 1)
    @rule(which=WHICH, how=st.sampled_from(["begins", "renews", "ends", "crashes"]))
    def sign_of_life(self, which: int, how: str) -> None:
        """Begin beside others; renew a lease, even one that is over; end it; or just crash."""
        sender = self._sender(which)
        outbox = sender.store.outbox
        if how == "begins" and len(self._senders) < 3:
            self._opened(sender.store, self._run(outbox.open_sender(self._alert.id, OPERATOR)))
        elif how == "renews":
            self._run(outbox.renew(sender.id))
            self._leases[sender.id] = self._clock.now() + timedelta(seconds=LEASE_S)
        elif how == "ends":
            self._run(outbox.close_sender(sender.id))
            self._leases[sender.id] = None
        if how in {"ends", "crashes"}:
            self._senders.remove(sender)  # what it held is never settled

    @rule(recover=st.booleans())
    def watch(self, recover: bool) -> None:
        """See who sends; or give up who was seen and has not renewed: the dead and the stopped."""
        outbox = self._world.stores[1].outbox
        if recover:
            self._run(outbox.recover(self._alert.id, self._seen))
            self._lose(self._seen)
        else:
            self._seen = list(self._run(outbox.senders(self._alert.id)))

    @rule(process=st.integers(0, 1), hasty=st.booleans(), resend=st.booleans())
    def resume(self, process: int, hasty: bool, resend: bool) -> None:
        """Take over from those who were seen now, or earlier, unless another one sends."""
        if hasty:
            self.watch(recover=False)
        store = self._world.stores[process]
        sender_id = self._run(
            store.outbox.take_over(self._alert.id, self._seen, OPERATOR, resend_unknown=resend)
        )
        self._lose(self._seen)
        assert (sender_id is None) == any(self._leases.values())
        if sender_id is None:
            return
        if resend:
            for message in self._messages.values():
                if self._no_more(message) is None:
                    message.requeued(self._clock.now())
        self._opened(store, sender_id)

    # What the world does

    @precondition(lambda self: self._tries)
    @rule(which=WHICH, said=st.sampled_from(SAID), times=st.integers(1, 2))
    def receipt(self, which: int, said: DeliveryState, times: int) -> None:
        """Hear from the provider of any hand-over, before our own outcome too; perhaps twice."""
        delivery, n = self._pick(which)
        item = Receipt(self._provider, "u", self._reference(delivery, n), said, "", NOON)
        self._hear(item, times)
        self._messages[delivery].heard(n, said)

    @precondition(lambda self: self._tries)
    @rule(which=WHICH, kind=st.sampled_from(ReplyKind), times=st.integers(1, 2))
    def answer(self, which: int, kind: ReplyKind, times: int) -> None:
        """Hear from a guard, whichever attempt reached him."""
        delivery, n = self._pick(which)
        self._hear(answer_to(self._reference(delivery, n), kind, NOON), times)
        if self._alert.stop_when_acknowledged and kind in READ_BY_SITE:
            self._stopped.add(self._messages[delivery].site)
            self._end_queued()

    @rule(seconds=st.sampled_from([0.5, 5.0]))
    def pass_time(self, seconds: float) -> None:
        """Wait; a sender that does not renew its lease loses it."""
        self._clock.move(seconds)
        self._true_s += seconds

    @precondition(lambda self: self._tries > 1)
    @rule(seconds=st.sampled_from([-3600.0, -60.0, -0.5, 0.5, 60.0]))
    def set_clock(self, seconds: float) -> None:
        """Set the clock of the machine, forward or back."""
        self._clock.jump(seconds)
        if seconds > 0:
            for pace in self._paces.values():
                pace.leaps.append(self._true_s)

    @precondition(lambda self: self._tries > 5)
    @rule(how=st.sampled_from(ENDINGS))
    def end(self, how: str) -> None:
        """Stop the alert for every process; let its time pass; end what is too late, if it is."""
        outbox = self._world.stores[1].outbox
        if how == "cancel":
            self._run(outbox.cancel(self._alert.id, OPERATOR, ""))
            self._end_expired()
            self._cancelled = True
            self._end_queued()
        elif how == "be late":
            self.pass_time(TTL_S)
        else:
            self._run(outbox.expire(self._alert.id))
            self._end_expired()

    # What holds after each step

    @invariant()
    def states_are_believed(self) -> None:
        """Every message and every attempt is where a reader of its history expects it."""
        found = {row["id"]: row["state"] for row in self._rows("delivery")}
        assert found == {key: message.state for key, message in self._messages.items()}
        tries = {key: [one.state for one in m.tries] for key, m in self._messages.items()}
        attempts: dict[int, list[str]] = {key: [] for key in tries}
        for row in self._rows("attempt"):
            attempts[row["delivery_id"]].append(row["state"])
        assert attempts == tries

    @invariant()
    def moves_are_allowed(self) -> None:
        """A state follows the last one by the transition table; delivered is final.

        One exchange may settle a message and claim it again: two moves.
        """
        for row in self._rows("delivery"):
            before, after = self._before.get(row["id"]), DeliveryState(row["state"])
            if before is not None:
                once = TRANSITIONS[before] | {before}
                assert after in once.union(*(TRANSITIONS[state] for state in once))
                assert before is not DeliveryState.DELIVERED or after is before
            self._before[row["id"]] = after

    @invariant()
    def attempts_have_no_gaps(self) -> None:
        """The attempts of a message are numbered 1, 2, 3, ... and counted on it."""
        numbers: dict[int, list[int]] = {row["id"]: [] for row in self._rows("delivery")}
        for row in self._rows("attempt"):
            numbers[row["delivery_id"]].append(row["n"])
        for row in self._rows("delivery"):
            assert numbers[row["id"]] == list(range(1, row["attempts"] + 1))

    @invariant()
    def one_sender_holds_a_message(self) -> None:
        """No message is on the wire twice, and none that is on the wire stands in the queue."""
        wire = Counter(
            row["delivery_id"] for row in self._rows("attempt") if row["state"] == "sending"
        )
        assert set(wire.values()) <= {1}
        assert not [r for r in self._rows("delivery") if r["state"] == "queued" and r["id"] in wire]

    @invariant()
    def what_may_have_left_is_never_denied(self) -> None:
        """Nothing is called failed, expired, cancelled or not needed that may have arrived."""
        denied = {row["id"] for row in self._rows("delivery") if row["state"] in NEVER_LEFT}
        left = {
            row["delivery_id"]
            for row in self._rows("attempt")
            if row["state"] in {"unknown", "accepted", "delivered"}
        }
        assert not denied & left

    @invariant()
    def unknown_is_only_what_may_have_left(self) -> None:
        """Nobody is told to look after, or to send again, what certainly did not arrive."""
        unknown = {row["id"] for row in self._rows("delivery") if row["state"] == "unknown"}
        left = {
            row["delivery_id"] for row in self._rows("attempt") if row["state"] in MAY_HAVE_LEFT
        }
        assert unknown <= left

    @invariant()
    def who_may_have_it_is_listed(self) -> None:
        """A correction finds exactly the people whom a message may have reached."""
        expected = [
            (m.ref, m.channel, m.state)
            for m in self._messages.values()
            if any(one.may_have_left for one in m.tries)
        ]
        holders = self._told("holders", self._world.stores[1].record.holders)
        assert sorted((h.contact_ref, h.channel, h.state) for h in holders) == sorted(expected)

    @invariant()
    def counts_agree(self) -> None:
        """What a screen counts is what the rows are, to the last one."""
        counts = self._told("counts", self._world.stores[0].outbox.counts)
        rows = Counter((row["channel"], row["state"]) for row in self._rows("delivery"))
        assert {
            (kind, state): n for kind, states in counts.items() for state, n in states.items()
        } == rows

    def teardown(self) -> None:
        """Whoever goes on ends it: each message was handed over, or is listed for what it is."""
        if not hasattr(self, "_messages"):
            return
        self._senders.clear()
        self.resume(process=0, hasty=True, resend=False)
        (sender,) = self._senders
        if self._last is not None:
            self.end(self._last)
        for kind in CHANNELS * 8:
            self.pass_time(LEASE_S)
            taken = [self._settled(sender, OutcomeKind.ACCEPTED, None) for _ in [*sender.held]]
            self._exchange(sender, taken, (kind, 4))
            if not any(m.state in OPEN_STATES for m in self._messages.values()):
                break
        self.states_are_believed()
        self.what_may_have_left_is_never_denied()
        left = {row["state"] for row in self._rows("delivery")} - LASTING
        assert left <= {DeliveryState.UNKNOWN}


def _close(runner: asyncio.Runner, store: Store) -> None:
    runner.run(store.__aexit__(None, None, None))


@pytest.fixture
def _no_wait_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the wait out of each commit: what survives a power cut is not asked here."""

    def connect_without_sync(path: Path, *, write: bool) -> Connection:
        connection = connect(path, write=write)
        connection.execute("PRAGMA synchronous = OFF")
        return connection

    monkeypatch.setattr("umsalert.store.database.connect", connect_without_sync)


@pytest.mark.usefixtures("_no_wait_for_the_disk")
def test_no_course_of_events_breaks_the_record(database: Path, clock: FixedClock) -> None:
    """Claims, outcomes, receipts, answers, crashes, clocks: every invariant holds after each."""
    with contextlib.ExitStack() as stack:
        runner = stack.enter_context(asyncio.Runner())
        stores = [Store(database, clock) for _process in range(2)]
        for store in stores:
            runner.run(store.__aenter__())
            stack.callback(_close, runner, store)
        runner.run(fill_register(stores[0], 2, guards=2))
        reader = stack.enter_context(contextlib.closing(connect(database, write=False)))
        world = World(runner, stores, clock, reader)

        class Here(Course):
            def __init__(self) -> None:
                super().__init__(world)

        examples = hypothesis.settings().max_examples * 3 // 2
        settings = hypothesis.settings(max_examples=examples, stateful_step_count=60)
        run_state_machine_as_test(Here, settings=settings)
