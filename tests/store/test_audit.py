"""What an altered file looks like to `audit verify`, and what stands in the audit log."""

from __future__ import annotations

import contextlib
import json
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.workbench import CENTRE, NOON, OPERATOR, FixedClock, fill_register, new_alert, record
from umsalert.chain import GENESIS, link
from umsalert.errors import DatabaseError, RefusedByRule
from umsalert.model import (
    Answer,
    AuditHead,
    Break,
    ChannelKind,
    Deed,
    Fault,
    Operator,
    Power,
    ReplyKind,
    ReplySource,
    Role,
    Tie,
    Verdict,
)
from umsalert.ports import Wanted
from umsalert.store import audit
from umsalert.store.instants import from_text
from umsalert.store.spatialite import Connection, sqlite  # two copies of SQLite lose locks
from umsalert.store.store import Store

Row = tuple[Any, ...]
COLUMNS = "n, at, operator, action, noun, ref, detail, previous_sha256, sha256"
ENTRIES = 6


class Intruder:
    """Somebody who may write the file, and knows how it is made."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        for name in ("audit_kept", "audit_undeletable", "audit_checkpoint_kept"):
            connection.execute(f"DROP TRIGGER IF EXISTS {name}")

    def run(self, sql: str, *values: object) -> None:
        self._connection.execute(sql, values)
        self._connection.commit()

    @property
    def rows(self) -> list[Row]:
        found = self._connection.execute(f"SELECT {COLUMNS} FROM audit ORDER BY n")
        return [tuple(row) for row in found]

    def write(self, rows: Sequence[Row]) -> None:
        """Put these rows in the place of all."""
        self._connection.execute("DELETE FROM audit")
        marks = ", ".join("?" * 9)
        self._connection.executemany(f"INSERT INTO audit ({COLUMNS}) VALUES ({marks})", rows)
        self._connection.commit()

    def rewrite(self, n: int, *change: tuple[int, object]) -> None:
        """Change columns of entry `n`, and hash the chain anew from there on."""
        written = self.rows[: n - 1]
        head = AuditHead(written[-1][0], written[-1][8]) if written else GENESIS
        for row in self.rows[n - 1 :]:
            values = list(row)
            for column, value in change if row[0] == n else ():
                values[column] = value
            own = link(head, from_text(values[1]), tuple(values[2:7]))
            written.append((own.n, *values[1:7], head.sha256, own.sha256))
            head = own
        self.write(written)


@pytest.fixture
async def log(store: Store) -> Store:
    """Return a store whose log has some entries, by two operators."""
    for i in range(ENTRIES):
        by = Operator("marie" if i % 2 else "paul", "Nice")
        await store.audit.append(by, [Deed("site.add", "site", f"S{i}", {"to": "requested"})])
    return store


@pytest.fixture
def intruder(log: Store) -> Iterator[Intruder]:
    with contextlib.closing(sqlite().connect(log.path)) as connection:
        yield Intruder(connection)


async def verdict(store: Store, kept: AuditHead | None = None) -> Verdict:
    return await store.audit.verify(kept)


async def test_a_log_that_grew_is_whole(log: Store) -> None:
    """Every entry follows the one before, and the head is the newest."""
    found = await verdict(log, await log.audit.head())
    assert (found.fault, found.entries, found.head) == (None, ENTRIES, await log.audit.head())


async def test_what_the_clock_tells_beyond_milliseconds_is_not_hashed(
    store: Store, clock: FixedClock
) -> None:
    """An entry is hashed as it is read again, whatever the clock's fraction."""
    for microsecond in (0, 1, 499, 500, 501, 999, 999_500, 999_999):
        clock.at = NOON.replace(microsecond=microsecond)
        await store.audit.append(OPERATOR, [Deed("site.add", "site", "S", {})])
    assert (await verdict(store)).fault is None


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "2026-03-17T12:00:00.001Z"),
        ("at", "2026-03-17T13:00:00.000+01:00"),
        ("at", "yesterday"),
        ("operator", "marie@Nice "),
        ("action", "site.status"),
        ("noun", "contact"),
        ("ref", "S9"),
        ("ref", ""),
        ("detail", '{"to": "requested"}'),
        ("detail", "no JSON"),
        ("previous_sha256", "0" * 64),
        ("sha256", "f" * 64),
    ],
)
@pytest.mark.parametrize("n", [1, 3, ENTRIES])
async def test_an_altered_field_is_found(
    log: Store, intruder: Intruder, n: int, column: str, value: str
) -> None:
    """Whichever field of whichever entry: the verdict names that entry."""
    before = [row for row in intruder.rows if row[0] == n]
    intruder.run(f"UPDATE audit SET {column} = ? WHERE n = ?", value, n)
    same = before == [row for row in intruder.rows if row[0] == n]
    assert (await verdict(log)).fault == (None if same else Fault(n, Break.ALTERED))


async def test_what_is_no_text_is_found(log: Store, intruder: Intruder) -> None:
    """Bytes that are no UTF-8 are an altered entry like any other."""
    intruder.run("UPDATE audit SET ref = CAST(x'ff41' AS TEXT) WHERE n = 3")
    assert (await verdict(log)).fault == Fault(3, Break.ALTERED)
    assert (await log.audit.head()).n == ENTRIES


@pytest.mark.parametrize(("n", "fault"), [(1, 1), (3, 3), (ENTRIES, None)])
async def test_a_removed_entry_is_found(
    log: Store, intruder: Intruder, n: int, fault: int | None
) -> None:
    """The first and any in the middle; the last with a kept head only."""
    kept = await log.audit.head()
    intruder.run("DELETE FROM audit WHERE n = ?", n)
    assert (await verdict(log)).fault == (fault and Fault(fault, Break.REMOVED))
    assert (await verdict(log, kept)).fault == Fault(n, Break.REMOVED if fault else Break.CUT)


async def test_swapped_entries_are_found(log: Store, intruder: Intruder) -> None:
    """Entries that change places are named."""
    rows = intruder.rows
    rows[2], rows[4] = (3, *rows[4][1:]), (5, *rows[2][1:])
    intruder.write(rows)
    assert (await verdict(log)).fault == Fault(3, Break.REORDERED)


@pytest.mark.parametrize("hashed", [True, False])
async def test_an_inserted_entry_is_found(log: Store, intruder: Intruder, hashed: bool) -> None:
    """With the right hash of its own, too: the next one follows another."""
    rows = intruder.rows
    fields = ("marie", "site.add", "site", "X", "{}")
    own = link(AuditHead(2, rows[1][8]), NOON, fields)
    new = (3, "2026-03-17T12:00:00.000Z", *fields, rows[1][8], own.sha256 if hashed else "0" * 64)
    later = [(row[0] + 1, *row[1:]) for row in rows[2:]]
    intruder.write([*rows[:2], new, *later])
    assert (await verdict(log)).fault == Fault(3, Break.INSERTED)


async def test_a_rewritten_chain_is_found_with_a_kept_head_only(
    log: Store, intruder: Intruder
) -> None:
    """Who hashes everything anew leaves a whole chain, which is not the one of the head."""
    kept = await log.audit.head()
    intruder.rewrite(3, (5, "S9"))
    assert (await verdict(log)).fault is None
    assert (await verdict(log, kept)).fault == Fault(ENTRIES, Break.REWRITTEN)
    await log.audit.append(OPERATOR, [Deed("site.add", "site", "S7", {})])
    assert (await verdict(log, kept)).fault == Fault(ENTRIES, Break.REWRITTEN)


def purge(store: Store, until: int) -> None:
    """Do what a purge does, in one transaction."""
    from umsalert.store.spatialite import connect

    with contextlib.closing(connect(store.path, write=True)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        row = connection.execute("SELECT n, sha256, at FROM audit WHERE n = ?", (until,)).fetchone()
        connection.execute("INSERT INTO audit_checkpoint VALUES (?, ?, ?)", tuple(row))
        connection.execute("DELETE FROM audit WHERE n <= ?", (until,))
        detail = {"audit": until, "checkpoint": row["n"], "sha256": row["sha256"]}
        audit.append(connection, OPERATOR, NOON, [Deed("db.purge", "db", "", detail)])
        connection.execute("COMMIT")


async def test_after_a_purge_the_rest_is_whole(log: Store) -> None:
    """What is left follows the checkpoint; a head from before the purge can still be compared."""
    kept = await log.audit.head()
    purge(log, 4)
    found = await verdict(log, kept)
    assert (found.fault, found.first, found.entries) == (None, 5, 3)
    purge(log, 5)
    assert (await verdict(log, kept)).fault is None


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM audit_checkpoint",
        "UPDATE audit_checkpoint SET sha256 = replace(hex(zeroblob(32)), '0', 'a')",
        "UPDATE audit_checkpoint SET n = n + 1",
        "UPDATE audit_checkpoint SET n = n - 1",
    ],
)
async def test_an_altered_checkpoint_is_found(log: Store, sql: str) -> None:
    """The entry of the purge says what its checkpoint was."""
    purge(log, 4)
    with contextlib.closing(sqlite().connect(log.path)) as connection:
        Intruder(connection).run(sql)
    assert (await verdict(log)).fault == Fault(4, Break.CHECKPOINT)


async def test_a_made_up_checkpoint_is_found(log: Store, intruder: Intruder) -> None:
    """Who removes the beginning and leaves a checkpoint has no purge in the log for it."""
    n, sha256 = 3, intruder.rows[2][8]
    intruder.run("INSERT INTO audit_checkpoint VALUES (?, ?, '')", n, sha256)
    intruder.run("DELETE FROM audit WHERE n <= ?", n)
    assert (await verdict(log)).fault == Fault(3, Break.CHECKPOINT)


@pytest.mark.parametrize(
    "sql",
    ["UPDATE audit SET ref = 'S9'", "DELETE FROM audit", "UPDATE audit_checkpoint SET n = 9"],
)
async def test_the_file_itself_refuses_to_forget(log: Store, sql: str) -> None:
    """Without dropping the triggers first, nobody changes an entry or a checkpoint."""
    with contextlib.closing(sqlite().connect(log.path)) as connection:
        connection.execute("INSERT INTO audit_checkpoint VALUES (0, '', '')")
        with pytest.raises(sqlite().IntegrityError, match="append_only"):
            connection.execute(sql)


async def test_the_log_is_read_a_page_at_a_time(log: Store) -> None:
    """Newest first, each entry once, whatever fits."""
    pages = [await log.audit.page(Wanted(), 4)]
    pages.append(await log.audit.page(Wanted(), 4, before=pages[0][-1].n))
    assert [[entry.n for entry in page] for page in pages] == [[6, 5, 4, 3], [2, 1]]
    for wanted, refs in (
        (Wanted(operator="marie"), ["S5", "S3", "S1"]),
        (Wanted(operator="marie@Nice"), ["S5", "S3", "S1"]),
        (Wanted(operator="mar"), []),
        (Wanted(ref="S2"), ["S2"]),
        (Wanted(noun="contact"), []),
        (Wanted(action="site.add", since=NOON), [f"S{i}" for i in range(5, -1, -1)]),
        (Wanted(until=NOON), []),
    ):
        assert [entry.ref for entry in await log.audit.page(wanted, 100)] == refs


async def entries(store: Store, noun: str) -> list[tuple[str, str, str, dict[str, Any]]]:
    """Return what was done to nouns of a kind, oldest first: by whom, what, to which, detail."""
    found = await store.audit.page(Wanted(noun=noun), 100)
    return [(e.operator, e.action, e.ref, json.loads(e.detail)) for e in reversed(found)]


async def test_what_is_done_to_an_alert_is_in_the_log(store: Store, clock: FixedClock) -> None:
    """Created, started, ended, cancelled: by whom, with counts and a hash, no text and no name."""
    await fill_register(store)
    alert = await record(store, new_alert(channels=[ChannelKind.SMS, ChannelKind.EMAIL]))
    sender = await store.outbox.open_sender(alert.id, OPERATOR)
    await store.outbox.close_sender(sender)
    await store.outbox.close_sender(sender)
    await store.outbox.cancel(alert.id, Operator("marie", ""), "a slip")
    await store.outbox.cancel(alert.id, Operator("paul", ""), "again")
    await store.outbox.close(alert.id, OPERATOR, "found")
    found = await entries(store, "alert")
    assert [(by, action, ref) for by, action, ref, _detail in found] == [
        (str(OPERATOR), "alert.create", alert.ref),
        (str(OPERATOR), "alert.start", alert.ref),
        (str(OPERATOR), "alert.end", alert.ref),
        ("marie", "alert.cancel", alert.ref),
        (str(OPERATOR), "alert.close", alert.ref),
    ]
    created, ended, cancelled, closed = (found[i][3] for i in (0, 2, 3, 4))
    assert created["messages"] == {"sms": 3, "email": 3}
    assert (created["sites"], created["exercise"]) == (3, False)
    assert len(created["texts_sha256"]) == 64
    assert ended["messages"] == {"queued": 6}
    assert (cancelled, closed) == ({"stopped": 6}, {"alerts": 1, "stopped": 0})
    text = json.dumps(found)
    assert not [word for word in ("slip", "found", "Agent", "+336", "Test") if word in text]
    assert (await verdict(store)).fault is None


async def test_two_texts_have_two_hashes(store: Store) -> None:
    """The hash in the log says whether the texts of the record are those that were sent."""
    await fill_register(store)
    new = new_alert(channels=[ChannelKind.SMS])
    other = replace(new, ref="other", texts=(replace(new.texts[0], body="Other"),))
    same = replace(new, ref="same")
    for item in (new, other, same):
        await record(store, item)
    hashes = [detail["texts_sha256"] for _b, _a, _r, detail in await entries(store, "alert")]
    assert hashes[0] == hashes[2] != hashes[1]


async def test_a_transaction_that_fails_leaves_no_entry(store: Store) -> None:
    """What was not done is not told."""
    await fill_register(store)
    before = await store.audit.head()
    with pytest.raises(DatabaseError):
        await record(store, new_alert(channels=[ChannelKind.SMS, ChannelKind.SMS]))
    assert await store.audit.head() == before
    assert CENTRE.radius_m


async def test_an_answer_that_an_operator_writes_down_is_in_the_log(store: Store) -> None:
    """With its number and its kind, under the alert: none of its words."""
    await fill_register(store)
    alert = await record(store)
    answer = Answer(
        ReplyKind.SIGHTING, ReplySource.OPERATOR, "by the fountain", NOON, Tie(), "by the fountain"
    )
    reply_id = await store.answers.add(answer, alert.id, "S1-c1", OPERATOR)
    stranger = replace(answer, source=ReplySource.SMS, tie=Tie(sender="+33639989999"))
    assert await store.answers.record(stranger) is None
    (untied,) = await store.answers.unmatched()
    await store.answers.tie(untied.id, alert.id, "S2", OPERATOR)
    assert await entries(store, "reply") == [
        (str(OPERATOR), f"reply.{verb}", alert.ref, {"reply": n, "of": of, "kind": "sighting"})
        for verb, n, of in (("add", reply_id, "S1-c1"), ("tie", untied.id, "S2"))
    ]


async def test_going_on_is_in_the_log(store: Store) -> None:
    """Who resumes stands there with what the dead sender has left."""
    await fill_register(store)
    alert = await record(store)
    await store.outbox.open_sender(alert.id, OPERATOR)
    dead = await store.outbox.senders(alert.id)
    by = Operator("marie", "")
    await store.outbox.take_over(alert.id, dead, by, resend_unknown=True)
    assert (await entries(store, "alert"))[-1] == (
        "marie",
        "alert.resume",
        alert.ref,
        {"sender": 2, "lost": 0, "resend_unknown": True},
    )


async def test_a_long_log_is_verified_in_little_memory(log: Store, intruder: Intruder) -> None:
    """Memory does not grow with the log: ten times the entries take no more of it."""

    def grow(entries_: int) -> None:
        head, rows = GENESIS, []
        for n in range(entries_):
            fields = ("marie", "site.add", "site", f"S{n}", "{}")
            own = link(head, NOON, fields)
            rows.append((own.n, "2026-03-17T12:00:00.000Z", *fields, head.sha256, own.sha256))
            head = own
        intruder.write(rows)

    peaks = []
    for size in (2_000, 20_000):
        grow(size)
        tracemalloc.start()
        assert (await verdict(log)).entries == size
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 300_000


async def test_roles_are_given_and_taken_away(store: Store) -> None:
    """The first is an administrator, the last one stays; every change is in the log."""
    chief, marie = Operator("chief", ""), Operator("marie", "")
    await store.operators.require(Power.ADMINISTER, marie)  # nobody has a role yet
    with pytest.raises(RefusedByRule, match="first account"):
        await store.operators.add("marie", [Role.OFFICER], chief)
    assert await store.operators.add("chief", [Role.ADMINISTRATOR, Role.CLERK], chief) == 2
    assert await store.operators.add("marie", [Role.OFFICER], chief) == 1
    assert await store.operators.add("marie", [Role.OFFICER], chief) == 0
    await store.operators.require(Power.ALERT, marie)
    with pytest.raises(RefusedByRule) as refused:
        await store.operators.require(Power.KEEP_REGISTER, marie)
    assert refused.value.code == "role_missing"
    with pytest.raises(RefusedByRule) as refused:
        await store.operators.remove("chief", [], chief)
    assert refused.value.code == "last_administrator"
    assert (await store.operators.roles())["chief"] == {Role.ADMINISTRATOR, Role.CLERK}
    assert await store.operators.remove("chief", [Role.CLERK], chief) == 1
    assert await store.operators.remove("marie", [], chief) == 1
    assert [item[1:] for item in await entries(store, "operator")] == [
        ("operator.add", "chief", {"roles": ["administrator", "clerk"]}),
        ("operator.add", "marie", {"roles": ["officer"]}),
        ("operator.refused", "marie", {"power": "keep_register"}),
        ("operator.remove", "chief", {"roles": ["clerk"]}),
        ("operator.remove", "marie", {"roles": ["officer"]}),
    ]
