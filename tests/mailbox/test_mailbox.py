"""From a mailbox on a server to an answer in the record, whatever happens in between."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import time
from datetime import UTC, datetime
from typing import Any

import imap_tools
import pytest
import trustme
from pymap.backend.dict.mailbox import MailboxData
from pymap.config import BackendCapability

from tests.mailbox.office import HANGS_S, Office, RestingClock
from tests.mailbox.samples import answer, sample
from umsalert.channels import registry
from umsalert.channels.mailbox import account
from umsalert.channels.mailbox.account import ImapMailbox
from umsalert.errors import ConfigurationError, TemporaryError, UmsalertError
from umsalert.model import ChannelKind, CheckStatus, DeliveryState, ReplyKind, ReplySource
from umsalert.ports import Mail
from umsalert.replies import Collector, MailboxState
from umsalert.settings import ImapSettings, Secret, Settings
from umsalert.simulator import mailbox as simulated
from umsalert.simulator.keys import Keys
from umsalert.simulator.mailbox import MailboxConfig, MailboxServer


async def test_an_answer_is_kept_and_marked(office: Office) -> None:
    """It is the guard's whose address it came to, and stays on the server as seen."""
    first, second = office.outgoing
    await office.collect(answer(second, "OK, bien reçu"))
    (reply,) = await office.replies()
    assert (reply.kind, reply.source) == (ReplyKind.ACKNOWLEDGED, ReplySource.EMAIL)
    assert (reply.site_ref, reply.channel, reply.text) == ("S1", ChannelKind.EMAIL, "OK, bien reçu")
    assert await office.flags() == [("\\Seen",)]
    assert await office.problems() == [""]
    assert first.token != second.token


async def test_two_answers_of_one_guard(office: Office) -> None:
    """Both are kept, in their order."""
    first = office.outgoing[0]
    await office.collect(
        answer(first), answer(first, "Il court vers la gare", message_id="answer-2")
    )
    replies = await office.replies()
    assert [reply.kind for reply in replies] == [ReplyKind.ACKNOWLEDGED, ReplyKind.SIGHTING]


async def test_a_mail_that_was_stored_and_not_marked_is_one_answer(office: Office) -> None:
    """A process that dies between the two leaves it unseen: the next one stores nothing twice."""
    mail = answer(office.outgoing[0])
    mailbox = ImapMailbox(office.settings.imap)
    await office.put(mail)
    (name,) = await mailbox.arrived()
    await mailbox.close()  # dies before it is marked
    async with office.collecting():
        await office.look()
    await office.apply()
    await office.collect(mail)  # and once more, as a relay that sends its copy again
    assert name
    assert len(await office.replies()) == 1
    assert await office.flags() == [("\\Seen",), ("\\Seen",)]
    assert await office.problems() == [""]


async def test_what_a_person_has_opened_is_read_all_the_same(office: Office) -> None:
    """An officer who looks into the mailbox takes no answer away."""
    await office.put(answer(office.outgoing[0]))
    await office.ask(lambda box: [mail.flags for mail in box.fetch(mark_seen=True)])
    assert await office.flags() == [("\\Seen",)]
    await office.collect()
    assert len(await office.replies()) == 1


async def test_the_server_tells_what_comes(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail that comes while we wait is taken long before it would be time to look."""
    idle = asyncio.Event()
    update = MailboxData.update_selected

    async def updated(self: MailboxData, *args: Any, wait_on: Any = None) -> Any:
        if wait_on is not None:
            idle.set()
        return await update(self, *args, wait_on=wait_on)

    monkeypatch.setattr(MailboxData, "update_selected", updated)
    async with office.collecting(), asyncio.timeout(HANGS_S):
        await idle.wait()
        await office.put(answer(office.outgoing[0]))
        await office.stored(1)
    await office.apply()
    assert len(await office.replies()) == 1


async def test_a_server_that_cannot_tell_is_asked_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without IDLE the mailbox is looked into each `poll_s`."""
    cannot = BackendCapability(idle=False, object_id=True, multi_append=True)
    monkeypatch.setattr(simulated._Config, "backend_capability", cannot)
    async with office.collecting(poll_s=0.05):
        await office.look()
        await office.put(answer(office.outgoing[0]))
        await office.stored(1)
    await office.apply()
    assert len(await office.replies()) == 1


async def test_a_server_that_goes_and_comes_back(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    """The outage is told once; what came meanwhile is read after it."""
    caplog.set_level(logging.INFO)
    async with office.collecting() as collector:
        await office.look()
        states = [collector.state]
        await office.imap.__aexit__()
        rests = await office.fails(3)
        assert rests == sorted(set(rests))
        states.append(collector.state)
        await office.put(answer(office.outgoing[0]))
        await office.imap.__aenter__()
        await office.look()
        states.append(collector.state)
    assert states == [MailboxState.OK, MailboxState.FAILING, MailboxState.OK]
    failures = [r for r in caplog.records if r.getMessage() == "mailbox not read"]
    codes = [getattr(record, "code", "") for record in failures]
    assert codes[-1] == "connection_refused"
    assert len(codes) == len(set(codes)) <= 2


async def refusal(imap: ImapSettings) -> UmsalertError:
    """Return why a mailbox is not read."""
    mailbox = ImapMailbox(imap)
    try:
        with pytest.raises(UmsalertError) as caught:
            await mailbox.arrived()
    finally:
        await mailbox.close()
    return caught.value


async def test_a_wrong_password_is_told_without_it(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has a code, the collector goes on trying, and the password stands nowhere."""
    wrong = Secret("not the password")
    office.settings = office.settings._replace(
        imap=office.settings.imap._replace(password=wrong, username="né")
    )
    async with office.collecting():
        await office.fails(2)
    (record,) = [r for r in caplog.records if r.getMessage() == "mailbox not read"]
    assert vars(record)["code"] == "login_refused"
    assert "not the password" not in caplog.text
    error = await refusal(office.settings.imap._replace(username="reponse"))
    assert (type(error), error.code) == (ConfigurationError, "login_refused")
    assert "imap.password_file" in error.hint
    assert "not the password" not in str(error)


async def test_a_wrong_certificate_is_refused(settings: Settings, keys: Keys) -> None:
    """No password is said to a server of another authority, nor to one of another name."""
    other = trustme.CA()
    for leaf, trusted in (
        (other.issue_cert("localhost"), keys.ca_file),
        (other.issue_cert("other.example"), None),
    ):
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        leaf.configure_cert(tls)
        ca_file = trusted or settings.home / "other.pem"
        other.cert_pem.write_to_path(str(settings.home / "other.pem"))
        async with MailboxServer(MailboxConfig(0, "reponse", "x"), tls) as server:
            error = await refusal(settings.imap._replace(port=server.port, ca_file=ca_file))
        assert (type(error), error.code) == (ConfigurationError, "tls_certificate")


async def test_starttls(settings: Settings, keys: Keys) -> None:
    """The login waits for the encryption; a server without it gets none."""
    config = MailboxConfig(0, "reponse", "secret", implicit_tls=False)
    async with MailboxServer(config, keys.server_tls()) as server:
        imap = settings.imap._replace(
            port=server.port, security="starttls", password=Secret("secret")
        )
        mailbox = ImapMailbox(imap)
        assert await mailbox.arrived() == []
        await mailbox.close()
        error = await refusal(imap._replace(security="tls"))
        assert error.code == "tls_handshake"
        bare = trustme.CA()
        bare.cert_pem.write_to_path(str(settings.home / "bare.pem"))
        error = await refusal(imap._replace(ca_file=settings.home / "bare.pem"))
        assert error.code == "tls_certificate"


async def test_no_such_folder(settings: Settings) -> None:
    """A folder that is not there is a setting to correct; its name may be French."""
    error = await refusal(settings.imap._replace(folder='Réponses "vues"'))
    assert (type(error), error.code) == (ConfigurationError, "folder_refused")
    assert "imap.folder" in error.hint


async def test_nobody_listens(settings: Settings) -> None:
    """A server that is down may be up later."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    error = await refusal(settings.imap._replace(port=port))
    assert (type(error), error.code) == (TemporaryError, "connection_refused")


async def test_a_silent_server_holds_nobody(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that never greets is given up; one that is left meanwhile lets us go."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        imap = settings.imap._replace(port=silent.getsockname()[1])
        mailbox = ImapMailbox(imap)
        asking = asyncio.create_task(mailbox.arrived())
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait([asking])
        monkeypatch.setattr(account, "GOODBYE_S", 0.05)
        async with asyncio.timeout(HANGS_S / 3):
            await mailbox.close()
        monkeypatch.setattr(account, "TIMEOUT_S", 0.1)
        assert (await refusal(imap)).code == "connect_timeout"


async def test_an_absence_is_no_answer(office: Office) -> None:
    """It is kept with its code, and said to be seen."""
    first = office.outgoing[0]
    await office.collect(sample("absence-exchange", first.token, first.reference))
    assert await office.problems() == ["auto_reply"]
    assert not await office.replies()
    assert not await office.store.answers.unmatched()
    assert await office.flags() == [("\\Seen",)]


async def test_a_bounce_is_a_receipt(office: Office) -> None:
    """The delivery was accepted and did not arrive: its state and its code say so."""
    first, second = office.outgoing
    await office.collect(
        sample("bounce-postfix", first.token, first.reference),
        sample("bounce-without-verp", second.token, second.reference),
        sample("bounce-delayed", second.token, second.reference),
    )
    counts = await office.store.outbox.counts(office.alert.id)
    assert dict(counts[ChannelKind.EMAIL]) == {DeliveryState.UNDELIVERED: 2}
    codes = await office.store._database.read(
        lambda c: [row["code"] for row in c.execute("SELECT code FROM delivery ORDER BY id")]
    )
    assert codes == ["bounced_5.1.1", "bounced_5.2.2"]
    assert await office.problems() == ["", "", ""]
    assert not await office.replies()


async def test_a_bounce_of_nobody_is_kept(office: Office) -> None:
    """It is unmatched, and no answer."""
    await office.collect(sample("bounce-postfix"))
    assert await office.problems() == ["unmatched"]
    assert not await office.store.answers.unmatched()


async def test_a_token_in_small_letters(office: Office) -> None:
    """The message that is answered tells whose it is."""
    first = office.outgoing[0]
    message_id = first.reference.rpartition("-")[0]
    await office.collect(
        answer(
            first,
            to=f"reponse+{first.token.lower()}@police.example",
            headers=f"In-Reply-To: <{message_id}@police.example>",
        )
    )
    (reply,) = await office.replies()
    assert reply.contact_ref


async def test_a_guessed_message_id_is_nobodys(office: Office) -> None:
    """Whoever got one alert can count to the next Message-ID: only its recipient answers to it."""
    first, second = office.outgoing
    for sender, kept in ((second, 0), (first, 1)):
        message_id = first.reference.rpartition("-")[0]
        await office.collect(
            answer(
                sender,
                "Il court vers la gare",
                to="reponse@police.example",
                headers=f"In-Reply-To: <{message_id}@police.example>",
                message_id=f"of-{sender.delivery_id}",
            )
        )
        assert len(await office.replies()) == kept
    (waiting,) = await office.store.answers.unmatched()
    assert waiting.sender == second.address


async def test_a_sender_alone_is_nobody(office: Office) -> None:
    """Anybody can write any sender: it counts only beside the alert that is named."""
    first = office.outgoing[0]
    to = "alerte@police.example"
    await office.collect(answer(first, "Il court vers la gare", to=to))
    (unmatched,) = await office.store.answers.unmatched()
    assert (unmatched.sender, unmatched.text) == (first.address, "Il court vers la gare")
    assert await office.problems() == ["unmatched"]
    named = answer(
        first, f"Il court vers le port ({office.alert.ref})", to=to, message_id="answer-2"
    )
    await office.collect(named)
    (reply,) = await office.replies()
    assert reply.site_ref == "S0"


async def test_a_huge_mail_is_cut(office: Office) -> None:
    """Its first words are read, the rest is never fetched."""
    first = office.outgoing[0]
    await office.collect(
        answer(first, "Il court vers la gare\r\n\r\n" + "x" * 70 + "\r\n" * 500_000)
    )
    (reply,) = await office.replies()
    assert reply.text.startswith("Il court vers la gare")
    (size,) = await office.store._database.read(
        lambda c: [row["size"] for row in c.execute("SELECT length(body) AS size FROM inbox")]
    )
    assert size < 257 * 1024


async def test_a_broken_mail_holds_nothing_up(office: Office) -> None:
    """What is no e-mail at all is kept, and the answer behind it is applied."""
    junk = b"\x00\xff\xfe" * 100
    hostile = answer(office.outgoing[1], "OK", headers="X:\x00\x1b[2J\nSubject: \x1b]0;x\x07")
    await office.collect(junk, b"", hostile, answer(office.outgoing[0]))
    assert [reply.site_ref for reply in await office.replies()] == ["S1", "S0"]


async def test_a_mail_that_its_server_cannot_give_stands_in_nobodys_way(office: Office) -> None:
    """Some servers hang up over a mail that is broken on their disk: the others are read first."""

    class Broken(ImapMailbox):
        async def mail(self, name: str) -> Mail | None:
            if name == "101":
                raise TemporaryError("connection_lost", "")
            return await super().mail(name)

    await office.put(answer(office.outgoing[0]), answer(office.outgoing[1]))
    mailbox = Broken(office.settings.imap)
    names = await mailbox.arrived()
    assert names[0] == "101"
    collector = Collector(office.store.inbox, mailbox, RestingClock(office.rests), 1)
    task = asyncio.create_task(collector.run(lambda: None))
    await office.fails(2)
    task.cancel()
    await asyncio.wait([task])
    await office.apply()
    assert [reply.site_ref for reply in await office.replies()] == ["S1"]
    assert collector.state is MailboxState.FAILING


async def test_an_hour_that_comes_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail of the night when clocks go back has arrived when it did, not an hour before."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Europe/Paris")
        time.tzset()
        arrived = account._arrived_at(b'(INTERNALDATE "25-Oct-2026 02:30:00 +0100")')
    time.tzset()
    assert arrived == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


async def test_the_doctor_looks_in(settings: Settings, office: Office) -> None:
    """It logs in and opens the folder; nothing is marked."""
    await office.put(answer(office.outgoing[0]))
    (finding,) = await registry.examine("imap", settings)
    assert (finding.name, finding.status) == ("imap", CheckStatus.OK)
    assert await office.flags() == [()]
    assert await registry.examine("imap", settings._replace(imap=ImapSettings())) == ()


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"password": Secret("no")}, "imap.password_file"),
        ({"folder": "Nowhere"}, "imap.folder"),
        ({"ca_file": None}, "imap.ca_file"),
        ({"port": 1}, "imap.port"),
    ],
)
async def test_the_doctor_says_what_to_mend(
    settings: Settings, wrong: dict[str, Any], named: str
) -> None:
    """Each failure comes with the setting to look at."""
    broken = settings._replace(imap=settings.imap._replace(**wrong))
    (finding,) = await registry.examine("imap", broken)
    assert finding.status is CheckStatus.FAILED
    assert named in finding.fix


async def test_nothing_is_deleted(office: Office) -> None:
    """Not even what somebody else has marked to be, and may still take back."""
    await office.put(answer(office.outgoing[0]), answer(office.outgoing[1], message_id="2"))

    def mark(box: imap_tools.MailBox) -> list[tuple[str, ...]]:
        box.client.uid("STORE", box.uids()[0], "+FLAGS", r"(\Deleted)")
        return []

    await office.ask(mark)
    await office.collect()
    assert len(await office.replies()) == 2
    assert [set(flags) for flags in await office.flags()] == [
        {"\\Deleted", "\\Seen"},
        {"\\Seen"},
    ]
