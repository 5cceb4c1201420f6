"""What is held on one person is handed out whole, and erased without a trace; the record stands."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from tests.workbench import (
    NOON,
    OPERATOR,
    FixedClock,
    commit,
    fill_register,
    new_alert,
    record,
    take,
    tell,
)
from umsalert import chain
from umsalert.approvals import Override, new_override
from umsalert.errors import RefusedByRule, UsageError
from umsalert.model import (
    Alert,
    Answer,
    ChannelKind,
    ContactStatus,
    DeliveryState,
    NewContact,
    NewSite,
    Outcome,
    OutcomeKind,
    Photo,
    Receipt,
    ReplyKind,
    ReplySource,
    Tie,
)
from umsalert.ports import Pace, Settled, StoredWebhook, Wanted
from umsalert.store.instants import from_text
from umsalert.store.spatialite import connect
from umsalert.store.store import Store

NAME, PHONE, EMAIL = "Claude Cyprès", "+33639980077", "claude.cypres@gardiennage.example"
CARD = "CAR-006-2030-01-31-00000000077"
REF = "TILLEULS-c1"
AMPLE = Pace(rate_per_s=1000, burst=1000)
PICTURE = Photo("image/jpeg", 3, 2, b"\xff\xd8 a man at the bus stop")
TRACES = (
    *("Claude", "Cyprès", r"Cypr\u00e8s", "639980077", "06 39 98 00 77", "claude.cypres", CARD),
    *("bus stop", "Il court", "maladie", "chef de poste"),
)


@pytest.fixture
async def alert(store: Store, clock: FixedClock) -> Alert:
    """Return an alert that is over, in which the person has been busy."""
    await fill_register(store, 2)
    site = NewSite(
        "TILLEULS", "Galerie", 43.7, 7.27, "FR", "Europe/Paris", leader=f"{NAME}, chef de poste"
    )
    await store.register.add_sites([site], OPERATOR, approve=True)
    person = NewContact(
        *("TILLEULS", NAME, REF, "chef de poste", PHONE, "mobile", EMAIL, CARD),
        named_by="Dominique Romarin",
        hours="Mo-Fr 08:00-18:00",
    )
    other = NewContact("TILLEULS", "Andrea Myrte", email="am@example.org", named_by=NAME)
    await store.register.add_contacts([person, other], OPERATOR, certify=True)
    for status, why in ((ContactStatus.REVOKED, f"{NAME}: maladie"), (ContactStatus.CERTIFIED, "")):
        await store.register.set_contact_status([REF], status, OPERATOR, reason=why)
    made = await record(store, new_alert())
    await _send(store, clock, made)
    await _answer(store, clock, made)
    clock.move(7200)
    return made


async def _send(store: Store, clock: FixedClock, alert: Alert) -> None:
    sender = await store.outbox.open_sender(alert.id, OPERATOR)
    for kind in ChannelKind:
        claim = await take(store, sender, kind, AMPLE, 100)
        now = clock.now()
        settled = [
            Settled(item, _taken(item.address), "vonage", now, now, None) for item in claim.outgoing
        ]
        await commit(store, settled)
    await store.outbox.close_sender(sender)


def _taken(address: str) -> Outcome:
    """Return what a provider may say, against our rule that it names nobody."""
    return Outcome(OutcomeKind.ACCEPTED, detail=f"250 <{address}> queued", provider_id="p-1")


async def _hear(store: Store, key: str, reference: str, body: bytes, item: Receipt | Answer) -> int:
    await store.inbox.store(StoredWebhook("vonage", "webhook", reference, body), key)
    (pending,) = await store.inbox.pending(10)
    await store.inbox.apply(pending.id, [item])
    return pending.id


async def _answer(store: Store, clock: FixedClock, alert: Alert) -> None:
    rows = [r for r in await store.record.deliveries(alert.id) if r.contact_ref == REF]
    sms = next(row for row in rows if row.channel is ChannelKind.SMS)
    reference = f"{alert.ref}-{sms.delivery_id}-1"
    receipt = Receipt("vonage", "p-1", reference, DeliveryState.DELIVERED, "", clock.now())
    body = json.dumps({"to": PHONE[1:], "status": "delivered"}).encode()
    await _hear(store, "k1", reference, body, receipt)
    words = "Il court vers la gare"
    answer = Answer(
        ReplyKind.SIGHTING, ReplySource.SMS, words, clock.now(), Tie(sender=PHONE), text=words
    )
    body = json.dumps({"from": "06 39 98 00 77", "text": words, "who": NAME}).encode()
    await _hear(store, "k2", "", body, answer)
    (sighting,) = await store.answers.of_alert(alert.id)
    await store.answers.add_photo(sighting.id, PICTURE)
    # by e-mail from an address that names no alert: nobody's word
    stray = Answer(
        ReplyKind.ACKNOWLEDGED, ReplySource.EMAIL, f"Vu, {NAME}", clock.now(), Tie(sender=EMAIL)
    )
    await _hear(store, "k3", "", f"From: {NAME} <{EMAIL.upper()}>".encode(), stray)
    told = Answer(
        ReplyKind.SIGHTING, ReplySource.OPERATOR, "", clock.now(), Tie(), text=f"{NAME} l'a vu"
    )
    await store.answers.add(told, alert.id, "S0-c1", OPERATOR)


def _dump(path: Path) -> str:
    """Return every row of every table that SQLite knows without extensions."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        texts = []
        for (name,) in names:
            with contextlib.suppress(sqlite3.OperationalError):  # SpatiaLite's virtual tables
                rows = connection.execute(f'SELECT * FROM "{name}"').fetchall()
                texts += [
                    value.decode("latin-1") if isinstance(value, bytes) else str(value)
                    for row in rows
                    for value in row
                ]
    return "\n".join(texts)


def _bytes(path: Path) -> bytes:
    files = [path, path.with_name(f"{path.name}-wal")]
    return b"".join(file.read_bytes() for file in files if file.exists())


def _chain_holds(path: Path) -> bool:
    with contextlib.closing(connect(path, write=False)) as connection:
        head = chain.GENESIS
        for row in connection.execute("SELECT * FROM audit ORDER BY n"):
            fields = tuple(row[name] for name in ("operator", "action", "noun", "ref", "detail"))
            head = chain.link(head, from_text(row["at"]), fields)
            if (head.n, head.sha256) != (row["n"], row["sha256"]):
                return False
    return head.n > 0


async def test_the_right_of_access_is_everything(store: Store, alert: Alert) -> None:
    """The dossier holds the row, the vetting, every message, every word, receipt and photo."""
    dossier = await store.people.held_on(REF, OPERATOR)
    found = dossier.document
    contact = found["contact"]
    assert (contact["name"], contact["phone"], contact["email"]) == (NAME, PHONE, EMAIL)
    assert (contact["card"], contact["site_ref"], "id" in contact) == (CARD, "TILLEULS", False)
    moves = [(change["from_status"], change["to_status"]) for change in found["status_changes"]]
    assert moves == [(None, "certified"), ("certified", "revoked"), ("revoked", "certified")]
    assert found["status_changes"][1]["reason"] == f"{NAME}: maladie"
    assert {row["channel"]: row["address"] for row in found["deliveries"]} == {
        "sms": PHONE,
        "voice": PHONE,
        "email": EMAIL,
    }
    for row in found["deliveries"]:
        assert (row["alert_ref"], row["text"]) == (alert.ref, "Test")
        assert [attempt["n"] for attempt in row["attempts"]] == [1]
    sighting, stray = found["answers"]
    assert sighting["text"] == sighting["raw"] == "Il court vers la gare"
    assert stray["sender"] == EMAIL
    (photo,) = sighting["photos"]
    assert photo["sha256"] == hashlib.sha256(PICTURE.content).hexdigest()
    assert [(item.name, item.content) for item in dossier.photos] == [
        (photo["name"], PICTURE.content)
    ]
    assert len(found["received"]) == 3
    assert {entry["action"] for entry in found["audit"]} == {"contact.add", "contact.status"}
    json.dumps(found)


async def test_it_holds_nothing_of_anybody_else(store: Store, alert: Alert) -> None:
    """Another person's dossier names neither the first one's address nor their words."""
    dossier = await store.people.held_on("S1-c1", OPERATOR)
    text = json.dumps(dossier.document, ensure_ascii=False)
    assert [trace for trace in TRACES if trace in text] == []


async def test_handing_out_is_logged(store: Store, alert: Alert) -> None:
    """The next dossier shows that one was handed out before, and by whom."""
    await store.people.held_on(REF, OPERATOR)
    entries = (await store.people.held_on(REF, OPERATOR)).document["audit"]
    last = entries[-1]
    assert (last["action"], last["operator"]) == ("contact.export", str(OPERATOR))


async def test_nothing_of_an_erased_person_is_left(
    store: Store, database: Path, alert: Alert
) -> None:
    """Neither a table nor a byte of the file holds name, number, mailbox, card or words."""
    before = _dump(database)
    assert [trace for trace in TRACES if trace not in before] == []
    erasure = await store.people.erase(REF, OPERATOR, "request 2026-17")
    assert erasure.tidied
    assert erasure.mentioned == []
    after = _dump(database)
    assert [trace for trace in TRACES if trace.casefold() in after.casefold()] == []
    raw = _bytes(database).lower()
    assert [trace for trace in TRACES if trace.lower().encode() in raw] == []
    assert "request 2026-17" in after


async def test_the_log_names_whom_else_an_erasure_has_touched(store: Store, alert: Alert) -> None:
    """The site that the person led and who was named by them, by ref, each as an edit."""
    await store.people.erase(REF, OPERATOR, "request")
    entries = await store.audit.page(Wanted(), 3)
    told = [(entry.action, entry.ref, json.loads(entry.detail)) for entry in entries]
    assert told[:2] == [
        ("contact.edit", "TILLEULS-c2", {"fields": ["named_by"], "erased": REF}),
        ("site.edit", "TILLEULS", {"fields": ["leader"], "erased": REF}),
    ]
    assert told[2][0] == "contact.erase"
    assert (told[2][2]["leader"], told[2][2]["named_by"]) == (1, 1)


async def test_the_record_stands(store: Store, database: Path, alert: Alert) -> None:
    """The report counts the same, names the ref only, and the audit chain still verifies."""
    before = await tell(store, alert)
    await store.people.erase(REF, OPERATOR, "request")
    after = await tell(store, alert)
    assert before.report.channels == after.report.channels
    assert [s.acknowledged for s in after.sites] == [s.acknowledged for s in before.sites]
    assert [r.kind for r in after.replies] == [r.kind for r in before.replies]
    theirs = [row for row in after.deliveries if row.contact_ref == REF]
    assert {(row.contact_name, row.address) for row in theirs} == {(REF, "")}
    assert _chain_holds(database)


async def test_others_keep_what_is_theirs(store: Store, alert: Alert) -> None:
    """Another's answer stays, with the ref in place of the name; their addresses stay."""
    await store.people.erase(REF, OPERATOR, "request")
    replies = await store.answers.of_alert(alert.id)
    assert f"{REF} l'a vu" in {row.text for row in replies}
    other = (await store.people.held_on("S0-c1", OPERATOR)).document
    assert {row["address"] for row in other["deliveries"]} == {
        "+33639980000",
        "agent-0@example.org",
    }
    dossier = (await store.people.held_on("TILLEULS-c2", OPERATOR)).document
    assert (dossier["contact"]["name"], dossier["contact"]["named_by"]) == ("Andrea Myrte", None)


async def test_a_name_of_many_is_nobodys(store: Store, database: Path) -> None:
    """Where others are called the same ("PC sécurité"), their words and rows stay as they are."""
    await fill_register(store, 2)
    twins = [
        NewContact(f"S{i}", "PC sécurité", f"PC{i}", email=f"pc{i}@example.org", named_by="X")
        for i in range(2)
    ]
    third = NewContact("S0", "Alix", "ALIX", email="alix@example.org", named_by="PC sécurité")
    await store.register.add_contacts([*twins, third], OPERATOR, certify=True)
    await store.people.erase("PC0", OPERATOR, "closed")
    kept = {contact.ref: contact for contact in await store.register.contacts()}
    assert (kept["PC1"].name, kept["ALIX"].named_by) == ("PC sécurité", "PC sécurité")
    assert kept["PC0"].name == "PC0"


async def test_a_shared_number_is_nobodys(store: Store, clock: FixedClock) -> None:
    """What came from a number of several contacts is only in the dossier of who sent it."""
    site = NewSite("A", "Halle", 43.7, 7.27, "FR", "Europe/Paris")
    await store.register.add_sites([site], OPERATOR, approve=True)
    people = [NewContact("A", name, name, None, PHONE, "mobile") for name in ("Alix", "Lou")]
    await store.register.add_contacts(people, OPERATOR, certify=True)
    made = await record(store)
    await _send(store, clock, made)
    row = (await store.record.deliveries(made.id))[0]
    sent, other = row.contact_ref, "Lou" if row.contact_ref == "Alix" else "Alix"
    tie = Tie(reference=f"{made.ref}-{row.delivery_id}-1")
    words = Answer(ReplyKind.SIGHTING, ReplySource.VOICE, "1", clock.now(), tie)
    await _hear(store, "k", "", b'{"from": "33639980077"}', words)
    clock.move(7200)
    for ref, n in ((sent, 1), (other, 0)):
        found = (await store.people.held_on(ref, OPERATOR)).document
        assert (len(found["answers"]), len(found["received"])) == (n, n)
    await store.people.erase(other, OPERATOR, "request")
    assert len((await store.people.held_on(sent, OPERATOR)).document["received"]) == 1
    (left,) = [contact for contact in await store.register.contacts() if contact.ref == sent]
    assert left.phone == PHONE
    # now it is nobody else's, and goes with the last
    await store.people.erase(sent, OPERATOR, "request")
    assert "639980077" not in _dump(store.path)


async def test_what_guards_were_told_is_not_rewritten(store: Store, clock: FixedClock) -> None:
    """An alert whose words name the person is told to whoever erases, and stays as it was."""
    await fill_register(store, 1)
    new = new_alert()
    person = (await store.register.contacts())[0]
    words = f"Rappelez {person.name}"
    text = new.texts[0]
    object.__setattr__(text, "body", words)
    made = await record(store, new)
    clock.move(7200)
    await store.outbox.expire(made.id)
    erasure = await store.people.erase(person.ref, OPERATOR, "request")
    assert erasure.mentioned == [made.ref]
    assert words in {text.body for text in await store.record.texts(made.id)}


async def test_a_request_that_names_the_person_is_told(store: Store) -> None:
    """What waited for a second person stays as it was asked for: whoever erases is told."""
    await fill_register(store, 1)
    person = (await store.register.contacts())[0]
    override = Override(("S0",), None, f"{person.name} asks for it")
    until = NOON + timedelta(minutes=30)
    asked = await store.approvals.submit(new_override(override, OPERATOR, NOON, until))
    erasure = await store.people.erase(person.ref, OPERATOR, "request")
    assert erasure.mentioned == [asked.ref]


async def test_not_while_an_alert_is_open(store: Store, clock: FixedClock) -> None:
    """Nobody is erased while their alert may still leave or be answered; then they can be."""
    await fill_register(store, 1)
    made = await record(store)
    for _step in ("queued", "out of time, but never ended"):
        with pytest.raises(RefusedByRule) as refused:
            await store.people.erase("S0-c1", OPERATOR, "request")
        assert refused.value.code == "alert_open"
        assert made.ref in refused.value.message
        clock.move(7200)
    await store.outbox.expire(made.id)
    assert (await store.people.erase("S0-c1", OPERATOR, "request")).rows["contact"] == 1


async def test_a_reason_that_names_the_person_is_refused(store: Store) -> None:
    """The reason stays in the record: it may not hold what is to be erased."""
    await fill_register(store, 1)
    for reason in ("Agent 0 asked", "call to 06 39 98 00 00", "mail of AGENT-0@example.org"):
        with pytest.raises(UsageError, match="reason names the person"):
            await store.people.erase("S0-c1", OPERATOR, reason)
    (contact,) = await store.register.contacts()
    assert contact.status is ContactStatus.CERTIFIED


async def test_an_erased_contact_stays_erased(store: Store) -> None:
    """A second erasure changes nothing; nothing can be written into the row, by any code."""
    await fill_register(store, 1)
    await store.people.erase("S0-c1", OPERATOR, "request")
    assert (await store.people.erase("S0-c1", OPERATOR, "again")).rows == {}
    with pytest.raises(RefusedByRule):
        await store.register.set_contact_status(["S0-c1"], ContactStatus.CERTIFIED, OPERATOR)
    with contextlib.closing(connect(store.path, write=True)) as connection:
        with pytest.raises(Exception, match="contact_erased"):
            connection.execute("UPDATE contact SET name = 'Claude' WHERE ref = 'S0-c1'")
        for change in ("reason = 'other'", "reason = '[erased]', operator = 'x'"):
            with pytest.raises(Exception, match="append_only"):
                connection.execute(f"UPDATE status_change SET {change}")


async def test_while_others_send_the_file_is_left_in_peace(
    store: Store, clock: FixedClock, alert: Alert
) -> None:
    """While any alert is being sent the file is not rewritten, and the answer says so."""
    second = await record(store, new_alert("20260317-next", at=clock.now()))
    sender = await store.outbox.open_sender(second.id, OPERATOR)
    await store.outbox.cancel(second.id, OPERATOR, "")
    await store.register.add_contacts(
        [NewContact("S0", "Alix", "ALIX", email="alix@example.org")], OPERATOR, certify=False
    )
    assert not (await store.people.erase("ALIX", OPERATOR, "request")).tidied
    await store.outbox.close_sender(sender)
    again = await store.people.erase("ALIX", OPERATOR, "request")
    assert (again.rows, again.tidied) == ({}, True)
