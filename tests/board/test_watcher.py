"""A board shows what stands in the record, and is asked for no more than what has changed."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from tests.board.conftest import SITES, Scene, sent
from tests.workbench import NOON, OPERATOR, FixedClock, fill_register
from umsalert.board import Mark, Numbers, Watcher
from umsalert.board.watcher import REACH_EVERY_S
from umsalert.model import (
    Answer,
    ChannelKind,
    DeliveryState,
    OutcomeKind,
    Photo,
    Receipt,
    ReplyKind,
    ReplySource,
    Tie,
)
from umsalert.ports import StoredWebhook
from umsalert.store.spatialite import connect
from umsalert.store.store import Store

SMS = ChannelKind.SMS


class Asked:
    """Passes questions on to a port, and counts them by name."""

    def __init__(self, port: object) -> None:
        self._port = port
        self.names: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.names.append(name)
        return getattr(self._port, name)

    def since(self) -> list[str]:
        names, self.names = self.names, []
        return names


async def deliver(scene: Scene, place: int) -> None:
    """Let a receipt say that the message of a site is delivered."""
    reference = scene.outgoing[place].reference
    receipt = Receipt("vonage", "", reference, DeliveryState.DELIVERED, "", scene.clock.now())
    inbox = scene.store.inbox
    await inbox.store(StoredWebhook("vonage", "status", reference, b"{}"), reference)
    (pending,) = await inbox.pending(10)
    await inbox.apply(pending.id, [receipt])


def marks(look: Any) -> dict[str, Mark]:
    return {each.site.ref: each.mark for each in look.view.sites}


async def test_a_site_is_marked_with_its_best_answer(scene: Scene) -> None:
    """Its best answer, or how far a message has come; nearest first, all counted."""
    await deliver(scene, 3)
    await scene.answer(0, ReplyKind.SIGHTING, "at the bus stop")
    await scene.answer(1, ReplyKind.CANNOT)
    look = await scene.look()
    assert marks(look) == {
        "S0": Mark.SIGHTING,
        "S1": Mark.CANNOT,
        "S2": Mark.ACCEPTED,
        "S3": Mark.DELIVERED,
    }
    assert {mark: n for mark, n in look.view.marks.items() if n} == dict.fromkeys(
        (Mark.SIGHTING, Mark.CANNOT, Mark.ACCEPTED, Mark.DELIVERED), 1
    )
    (line,) = look.view.channels
    assert (line.channel, line.messages, line.waiting) == (SMS, SITES, 0)
    assert line.numbers == Numbers(sent=4, accepted=4, delivered=1, answered=2)


async def test_a_site_that_nobody_reached_is_marked_so(store: Store, clock: FixedClock) -> None:
    """Every message to it was refused."""
    await fill_register(store, 1)
    alert, _outgoing = await sent(store, outcome=OutcomeKind.PERMANENT)
    look = await Watcher(alert, store.alerts, store.board, store.answers).look(clock)
    assert marks(look) == {"S0": Mark.UNREACHED}
    assert look.view.channels[0].numbers == Numbers(failed=1)


async def test_a_sighting_says_where_it_is_and_rings_once(scene: Scene) -> None:
    """A new one is new at one look; those before the first look ring nowhere."""
    await scene.answer(0, ReplyKind.SIGHTING, "before")
    first = await scene.look()
    assert [reply.text for reply in first.replies] == ["before"]
    assert first.sightings == ()
    await scene.answer(2, ReplyKind.SIGHTING, "after")
    second = await scene.look()
    assert [reply.text for reply in second.sightings] == ["after"]
    assert (await scene.look()).sightings == ()
    newest, oldest = second.view.sightings
    assert (newest.reply.text, oldest.reply.text) == ("after", "before")
    assert newest.distance_m == pytest.approx(222, abs=1)
    assert newest.bearing_deg == pytest.approx(0, abs=0.2)
    assert newest.at - scene.alert.incident_at == newest.reply.received_at - scene.alert.incident_at


async def test_what_is_taken_back_counts_no_more(scene: Scene) -> None:
    """The site has the mark that it had before, and the sighting stands last, marked."""
    await scene.look()
    await scene.answer(0, ReplyKind.SIGHTING, "wrong man")
    await scene.answer(1, ReplyKind.SIGHTING, "right man")
    assert marks(await scene.look())["S0"] is Mark.SIGHTING
    assert await scene.store.answers.undo(scene.outgoing[0].token)
    look = await scene.look()
    assert marks(look)["S0"] is Mark.ACCEPTED
    assert look.marked == ("S0",)
    assert [(each.reply.text, each.taken_back) for each in look.view.sightings] == [
        ("right man", False),
        ("wrong man", True),
    ]
    (changed,) = look.replies
    assert (changed.text, look.sightings) == ("wrong man", ())


async def test_a_photo_that_comes_later_is_seen(scene: Scene) -> None:
    """The answer is told again, with its photo; nothing rings."""
    await scene.look()
    reply_id = await scene.answer(0, ReplyKind.SIGHTING)
    await scene.look()
    await scene.store.answers.add_photo(reply_id, Photo("image/jpeg", 1, 1, b"x"))
    look = await scene.look()
    assert [(reply.id, reply.photos) for reply in look.replies] == [(reply_id, 1)]
    assert look.sightings == ()


async def test_an_answer_that_is_tied_later_is_new(scene: Scene) -> None:
    """It is older than others that were seen before it, and rings all the same."""
    stray = Answer(
        ReplyKind.SIGHTING, ReplySource.SMS, "seen", NOON, Tie(sender="+33639980099"), text="seen"
    )
    await scene.store.answers.record(stray)
    await scene.answer(1, ReplyKind.ACKNOWLEDGED)
    await scene.look()
    (row,) = await scene.store.answers.unmatched()
    await scene.store.answers.tie(row.id, scene.alert.id, "S0", OPERATOR)
    look = await scene.look()
    assert [reply.id for reply in look.sightings] == [row.id]
    assert marks(look)["S0"] is Mark.SIGHTING


async def test_nothing_is_read_while_nothing_changes(scene: Scene) -> None:
    """One number is asked for; after a change the counts; answers only where there are new ones."""
    board, answers = Asked(scene.store.board), Asked(scene.store.answers)
    scene.watcher = Watcher(scene.alert, scene.store.alerts, board, answers)
    await scene.look()
    board.since(), answers.since()
    look = await scene.look(100)
    assert (board.since(), answers.since()) == (["version"], [])
    assert (look.counts_changed, look.replies, look.marked) == (False, (), ())
    await scene.store.outbox.open_sender(scene.alert.id, OPERATOR)
    await scene.look(100)
    assert (board.since(), answers.since()) == (["version", "incident"], [])
    await scene.answer(0, ReplyKind.ACKNOWLEDGED)
    assert (await scene.look(100)).counts_changed
    assert (board.since(), answers.since()) == (["version", "incident"], ["of_alert"])


async def test_every_delivery_is_read_now_and_then(scene: Scene) -> None:
    """How far each site is, is read at once, and again after five seconds; none is forgotten."""
    await scene.look()
    await deliver(scene, 0)
    assert marks(await scene.look(1))["S0"] is Mark.ACCEPTED
    assert marks(await scene.look(REACH_EVERY_S))["S0"] is Mark.DELIVERED


async def test_what_came_in_the_last_minute_is_counted(scene: Scene) -> None:
    """From the first look on; what is older than a minute counts no more."""
    assert (await scene.look()).view.channels[0].last_min == Numbers()
    await deliver(scene, 0)
    await deliver(scene, 1)
    assert (await scene.look(5)).view.channels[0].last_min == Numbers(delivered=2)
    await scene.answer(0, ReplyKind.ACKNOWLEDGED)
    later = [(await scene.look(25)).view.channels[0].last_min for _time in range(4)]
    assert [numbers.delivered for numbers in later] == [2, 2, 0, 0]
    assert [numbers.answered for numbers in later] == [1, 1, 1, 0]


async def test_an_alert_is_over_when_nothing_of_its_incident_is_open(
    scene: Scene, database: Any
) -> None:
    """Expired or stopped, with nothing in the queue, of every alert that follows it."""
    assert not (await scene.look()).view.over
    assert (await scene.look(3600)).view.over
    scene.clock.move(-3600)
    await scene.store.outbox.cancel(scene.alert.id, OPERATOR, "slip")
    look = await scene.look()
    assert look.view.over
    assert look.view.alert.cancelled is not None
    await _follow(scene, database)
    assert not (await scene.look()).view.over


async def test_answers_to_the_whole_incident_are_shown(scene: Scene, database: Any) -> None:
    """An alert that follows has its answers on the same board, while the numbers stay its own."""
    await scene.look()
    outgoing = await _follow(scene, database)
    tie = Tie(token=outgoing[1].token)
    seen = Answer(ReplyKind.SIGHTING, ReplySource.LINK, "there", scene.clock.now(), tie, "there")
    await scene.store.answers.record(seen)
    look = await scene.look()
    assert len(look.view.incident) == 2
    assert marks(look)["S1"] is Mark.SIGHTING
    assert [reply.text for reply in look.sightings] == ["there"]
    assert look.view.channels[0].numbers.answered == 0


async def test_the_fact_of_a_wave_is_that_of_the_incident(scene: Scene, database: Any) -> None:
    """A closing message, which is sent long after the fact, is watched as part of the incident."""
    await _follow(scene, database)
    with contextlib.closing(connect(database, write=True)) as writer:
        writer.execute("UPDATE alert SET incident_at = created_at WHERE id <> ?", (scene.alert.id,))
    store = scene.store
    last = await store.alerts.alert("last")
    assert last.incident_at != scene.alert.incident_at
    look = await Watcher(last, store.alerts, store.board, store.answers).look(scene.clock)
    assert look.view.fact_at == scene.alert.incident_at


async def _follow(scene: Scene, database: Any) -> list[Any]:
    """Send an alert and write it into the incident, as the one that follows."""
    alert, outgoing = await sent(scene.store, "20260317-next")
    with contextlib.closing(connect(database, write=True)) as writer:
        writer.execute("UPDATE alert SET incident_id = ? WHERE id = ?", (scene.alert.id, alert.id))
    return outgoing
