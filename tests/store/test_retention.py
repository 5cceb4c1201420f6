"""What is old is emptied by the settings, nothing of what is under way; the chain goes on."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.workbench import NOON, OPERATOR, FixedClock, fill_register, new_alert, record, tell
from umsalert import chain
from umsalert.model import (
    Alert,
    Answer,
    AuditHead,
    Photo,
    ReplyKind,
    ReplySource,
    Tie,
)
from umsalert.ports import StoredWebhook
from umsalert.settings import RetentionSettings
from umsalert.store.instants import from_text
from umsalert.store.retention import months_before
from umsalert.store.spatialite import connect
from umsalert.store.store import Store

KEEP = RetentionSettings()
NEVER = RetentionSettings(0, 0, 0, 0)


def _rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(connect(path, write=False)) as connection:
        return [tuple(row) for row in connection.execute(query)]


async def _alert(store: Store, clock: FixedClock, ref: str) -> Alert:
    """Record an alert with an answer and a photo, and let it end."""
    made = await record(store, new_alert(ref, at=clock.now()))
    answer = Answer(
        ReplyKind.SIGHTING, ReplySource.OPERATOR, "raw", clock.now(), Tie(), text=f"seen in {ref}"
    )
    reply_id = await store.answers.add(answer, made.id, "S0-c1", OPERATOR)
    await store.answers.add_photo(reply_id, Photo("image/jpeg", 1, 1, ref.encode()))
    await store.inbox.store(StoredWebhook("vonage", "sms", "", ref.encode()), ref)
    for pending in await store.inbox.pending(10):
        await store.inbox.apply(pending.id, [])
    clock.move(7200)
    await store.outbox.expire(made.id)
    return made


def _bytes(path: Path) -> str:
    return path.read_bytes().decode("latin-1")


def _months(clock: FixedClock, n: int) -> None:
    clock.move(n * 31 * 86_400)


@pytest.mark.parametrize(
    ("moment", "months", "expected"),
    [
        ("2026-03-31", 1, "2026-02-28"),
        ("2024-03-31", 1, "2024-02-29"),
        ("2026-01-15", 12, "2025-01-15"),
        ("2026-01-15", 1, "2025-12-15"),
        ("2026-12-01", 24, "2024-12-01"),
    ],
)
def test_months(moment: str, months: int, expected: str) -> None:
    """A month back is the same day of the month before, or its last day."""
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert months_before(at, months).date().isoformat() == expected


async def test_each_thing_after_its_time(store: Store, database: Path, clock: FixedClock) -> None:
    """Words go after three months, addresses and texts after twelve; what is new stays."""
    await fill_register(store, 1)
    old = await _alert(store, clock, "OLD")
    _months(clock, 4)
    young = await _alert(store, clock, "YOUNG")
    done = await store.retention.purge(KEEP, OPERATOR)
    assert done.rows == {"photos": 1, "answers": 1, "received": 1}
    assert done.checkpoint is None
    assert _rows(database, "SELECT content FROM photo") == [(b"YOUNG",)]
    assert [r.text for r in await store.answers.of_alert(old.id)] == [""]
    assert [r.text for r in await store.answers.of_alert(young.id)] == ["seen in YOUNG"]
    assert {row.address == "" for row in await store.record.deliveries(old.id)} == {False}
    _months(clock, 9)
    done = await store.retention.purge(KEEP, OPERATOR)
    assert (done.rows["addresses"], done.rows["texts"], done.rows["audit"] > 0) == (3, 3, True)
    assert {row.address for row in await store.record.deliveries(old.id)} == {""}
    assert {row.address == "" for row in await store.record.deliveries(young.id)} == {False}
    assert {text.body for text in await store.record.texts(old.id)} == {""}


async def test_what_happened_stays(store: Store, clock: FixedClock) -> None:
    """The report of an alert that was purged counts as before; it is listed and can be read."""
    await fill_register(store, 2)
    made = await _alert(store, clock, "OLD")
    await store.outbox.close(made.id, OPERATOR, "found")
    before = await tell(store, made)
    _months(clock, 14)
    await store.retention.purge(KEEP, OPERATOR)
    after = await tell(store, await store.alerts.alert("OLD"))
    assert after.report.channels == before.report.channels
    assert [site.acknowledged for site in after.sites] == [s.acknowledged for s in before.sites]
    assert len(await store.alerts.alerts(limit=5)) == 1
    assert after.report.alert.closed is not None
    assert after.report.alert.closed.outcome == ""


async def test_nothing_of_what_is_under_way(store: Store, clock: FixedClock) -> None:
    """An alert with something queued, or with a living sender, is left alone however old it is."""
    await fill_register(store, 1)
    made = await record(store)
    _months(clock, 24)
    keep = RetentionSettings(audit_months=0)
    assert (await store.retention.purge(keep, OPERATOR)).rows == {}
    await store.outbox.expire(made.id)
    sender = await store.outbox.open_sender(made.id, OPERATOR)
    assert (await store.retention.purge(keep, OPERATOR)).rows == {}
    await store.outbox.close_sender(sender)
    assert (await store.retention.purge(keep, OPERATOR)).rows["addresses"] == 3


async def test_a_dry_run_tells_the_same_and_does_nothing(
    store: Store, database: Path, clock: FixedClock
) -> None:
    """A dry run counts what the purge then removes, and leaves every table as it was."""
    await fill_register(store, 1)
    await _alert(store, clock, "OLD")
    _months(clock, 14)
    before = [_rows(database, f"SELECT * FROM {t}") for t in ("reply", "delivery", "audit")]
    dry = await store.retention.purge(KEEP, OPERATOR, dry_run=True)
    after = [_rows(database, f"SELECT * FROM {t}") for t in ("reply", "delivery", "audit")]
    assert after == before
    done = await store.retention.purge(KEEP, OPERATOR)
    assert (done.rows, done.checkpoint) == (dry.rows, dry.checkpoint)
    assert done.tidied


async def test_a_second_purge_finds_nothing(
    store: Store, database: Path, clock: FixedClock
) -> None:
    """Where nothing is old, nothing is done and nothing logged."""
    await fill_register(store, 1)
    await _alert(store, clock, "OLD")
    _months(clock, 14)
    await store.retention.purge(KEEP, OPERATOR)
    entries = _rows(database, "SELECT * FROM audit")
    assert (await store.retention.purge(KEEP, OPERATOR)).rows == {}
    assert _rows(database, "SELECT * FROM audit") == entries


async def test_nought_is_for_ever(store: Store, clock: FixedClock) -> None:
    """A setting of 0 keeps what it is about."""
    await fill_register(store, 1)
    await _alert(store, clock, "OLD")
    _months(clock, 590)
    assert (await store.retention.purge(NEVER, OPERATOR)).rows == {}


async def test_the_chain_goes_on_from_a_checkpoint(
    store: Store, database: Path, clock: FixedClock
) -> None:
    """What is left of the audit log follows the checkpoint, link by link, twice over."""
    await fill_register(store, 3)
    for _year in range(2):
        _months(clock, 14)
        await fill_more(store, clock)
        last = _rows(database, "SELECT n, sha256 FROM audit WHERE at < '9' ORDER BY n")
        done = await store.retention.purge(KEEP, OPERATOR)
        assert done.checkpoint is not None
        assert (done.checkpoint.n, done.checkpoint.sha256) in last
        assert _chain(database) == last[-1][0] + 1
    assert done.checkpoint is not None
    ((detail,),) = _rows(database, "SELECT detail FROM audit ORDER BY n DESC LIMIT 1")
    assert f'"checkpoint":{done.checkpoint.n}' in detail
    assert done.checkpoint.sha256 in detail


async def fill_more(store: Store, clock: FixedClock) -> None:
    from umsalert.model import NewSite

    site = NewSite(f"N{clock.now():%Y%m%d}", "New", 43.7, 7.27, "FR", "Europe/Paris")
    await store.register.add_sites([site], OPERATOR, approve=True)


def _chain(database: Path) -> int:
    """Follow the log from its last checkpoint; return the number of its last entry."""
    query = "SELECT n, sha256 FROM audit_checkpoint ORDER BY n DESC LIMIT 1"
    head = AuditHead(*_rows(database, query)[0])
    names = "n, at, operator, action, noun, ref, detail, previous_sha256, sha256"
    for n, at, *fields, previous, own in _rows(database, f"SELECT {names} FROM audit ORDER BY n"):
        assert previous == head.sha256
        a, b, c, d, e = fields
        head = chain.link(head, from_text(at), (a, b, c, d, e))
        assert (head.n, head.sha256) == (n, own)
    return head.n


async def test_unmatched_answers_go_too(store: Store, database: Path, clock: FixedClock) -> None:
    """What nobody could tie to an alert is emptied by the day it came; its sender is forgotten."""
    stray = Answer(
        ReplyKind.ACKNOWLEDGED, ReplySource.SMS, "hello", NOON, Tie(sender="+33639980099")
    )
    await store.answers.record(stray)
    _months(clock, 4)
    await store.retention.purge(KEEP, OPERATOR)
    assert _rows(database, "SELECT sender, raw, kind FROM reply") == [("", "", "acknowledged")]
    assert "639980099" not in _bytes(database)
