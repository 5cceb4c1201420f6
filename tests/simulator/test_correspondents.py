"""Guards who answer e-mails, and servers that send mail back."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import aiosmtplib
import imap_tools
import pytest

from tests.simulator.actors import Customer, Start
from umsalert import tokens
from umsalert.channels.mailbox.reading import MailReader, mail
from umsalert.errors import InvalidData, RefusedByRule
from umsalert.model import Receipt, ReplyKind, Said
from umsalert.ports import StoredWebhook
from umsalert.replies import understand
from umsalert.simulator.correspondents import Correspondents, Habit, Letter, written
from umsalert.simulator.keys import IMAP_USERNAME, SMTP_USERNAME
from umsalert.simulator.scenario import Scenario, parse

AT = datetime(2026, 3, 17, 18, 20, tzinfo=UTC)
REFERENCE = "20260317-k7f3-7-1"
TOKEN = tokens.new(7)
DOMAIN = "simulator.example"


def alert(recipient: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Police de Nice <alerte@police.example>"
    message["To"] = recipient
    message["Reply-To"] = f"reponse+{TOKEN}@police.example"
    message["Subject"] = "Alerte : personne recherchée"
    message["Message-ID"] = "<20260317-k7f3-7@police.example>"
    message.set_content("Ne quittez pas votre site.\nUn homme court vers la gare.\n")
    return message


def back(habit: Habit) -> object:
    """Return what umsalert reads in a mail that comes back."""
    message = message_from_bytes(alert("garde@site.example").as_bytes(), policy=policy.default)
    text = str(message.get_content())
    letter = Letter(f"bounce+{REFERENCE}@police.example", "garde@site.example", message, text)
    to, content = written(letter, habit, AT)
    assert to.encode() in content
    kept = mail(content, AT)
    (found,) = MailReader().read(StoredWebhook("imap", "mail", kept.reference, kept.content))
    return found


@pytest.mark.parametrize(
    ("habit", "kind"),
    [(Habit.ANSWERS_OK, ReplyKind.ACKNOWLEDGED), (Habit.ANSWERS_SEEN, ReplyKind.SIGHTING)],
)
def test_an_answer_is_read_as_it_was_meant(habit: Habit, kind: ReplyKind) -> None:
    """It is the recipient's by its token, and without what it quotes."""
    said = back(habit)
    assert isinstance(said, Said)
    assert (understand(said).kind, said.tie.token) == (kind, TOKEN)
    assert "quittez" not in said.text


def test_a_bounce_and_an_absence_are_read_as_such() -> None:
    """One is a receipt of the attempt, the other nobody's word."""
    receipt = back(Habit.BOUNCES)
    assert isinstance(receipt, Receipt)
    assert (receipt.reference, receipt.code) == (REFERENCE, "bounced_5.1.1")
    with pytest.raises(RefusedByRule):
        back(Habit.OUT_OF_OFFICE)


def test_habits_follow_the_seed_and_the_name() -> None:
    """The same in every run; by another seed another; a documented mailbox always its own."""
    everybody = [f"garde-{i}@site.example" for i in range(1000)]
    people = Correspondents(1, {}, DOMAIN)
    habits = [people.habit(mailbox)[0] for mailbox in everybody]
    assert habits == [Correspondents(1, {}, DOMAIN).habit(mailbox)[0] for mailbox in everybody]
    assert habits != [Correspondents(2, {}, DOMAIN).habit(mailbox)[0] for mailbox in everybody]
    counted = Counter(habits)
    assert 250 < counted[Habit.ANSWERS_OK] < 350
    assert 5 < counted[Habit.OUT_OF_OFFICE] < 40
    assert not counted.keys() & {Habit.BOUNCES, Habit.ANSWERS_SEEN}
    for habit in Habit:
        assert people.habit(f"{habit.upper()}@{DOMAIN}")[0] is habit
    named = Correspondents(1, {"a@site.example": "bounces", "b@site.example": "smtp-552"}, DOMAIN)
    assert named.habit("A@site.example")[0] is Habit.BOUNCES
    assert named.habit("b@site.example")[0] is Habit.SILENT


def test_a_scenario_sets_answers() -> None:
    """A word of a mailbox is a fault or a habit; another is told."""
    text = '[mailboxes]\n"a@site.example" = "answers-seen"\n'
    assert parse(text, "x").mailboxes == {"a@site.example": "answers-seen"}
    with pytest.raises(InvalidData) as caught:
        parse(text.replace("answers-seen", "answers"), "x")
    assert "out-of-office" in caught.value.message


async def send(customer: Customer, recipient: str) -> None:
    smtp = aiosmtplib.SMTP(
        hostname="localhost",
        port=customer.simulator.smtp_port,
        tls_context=ssl.create_default_context(cafile=customer.keys.ca_file),
        start_tls=True,
    )
    async with smtp:
        await smtp.login(SMTP_USERNAME, customer.keys.smtp_password())
        sender = f"bounce+{REFERENCE}@police.example"
        await smtp.sendmail(sender, [recipient], alert(recipient).as_bytes())


async def test_the_mailbox_holds_what_comes_back(start: Start) -> None:
    """Over TLS, for its own login; the record tells who wrote, where to and about what."""
    customer = await start(scenario=Scenario(mailboxes={"x@site.example": "answers-seen"}))
    for recipient in ("answers-ok@simulator.example", "x@site.example"):
        await send(customer, recipient)
    await send(customer, "silent@simulator.example")
    await customer.until(lambda record: len(record.replies) == 2)

    def look() -> list[str]:
        context = ssl.create_default_context(cafile=customer.keys.ca_file)
        port = customer.simulator.imap_port
        box = imap_tools.MailBox("localhost", port, ssl_context=context)
        with box.login(IMAP_USERNAME, customer.keys.imap_password()):
            return [mail.from_ for mail in box.fetch()]

    assert set(await asyncio.to_thread(look)) == {"answers-ok@simulator.example", "x@site.example"}
    for reply in customer.simulator.record.replies:
        assert reply.reference == f"bounce+{REFERENCE}@police.example"
        assert reply.to == f"reponse+{TOKEN}@police.example"


async def test_stopping_lets_a_reader_go(customer: Customer) -> None:
    """A client that waits for mail does not keep the simulator from ending."""

    def login() -> imap_tools.MailBox:
        context = ssl.create_default_context(cafile=customer.keys.ca_file)
        port = customer.simulator.imap_port
        box = imap_tools.MailBox("localhost", port, ssl_context=context)
        box.login(IMAP_USERNAME, customer.keys.imap_password())
        box.idle.start()  # type: ignore[no-untyped-call]
        return box

    box = await asyncio.to_thread(login)
    async with asyncio.timeout(30):
        await customer.simulator.stop()
    box.client.shutdown()
