"""Guards who answer e-mails, mailboxes that answer by themselves, servers that send mail back."""

from __future__ import annotations

import math
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage, Message
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.mime.text import MIMEText
from email.policy import SMTP
from email.utils import format_datetime
from enum import StrEnum

from umsalert.simulator.record import Record, Reply
from umsalert.simulator.timeline import Timeline

ANSWERS_SHARE = 0.30
"""Of those who have a mailbox; most of the others are called, or read their SMS."""
AWAY_SHARE = 0.02
MEDIAN_S, SPREAD = 90.0, 0.8
BOUNCES_AFTER_S = 2.0

Deliver = Callable[[bytes, datetime], Awaitable[None]]
"""Puts a mail into the mailbox of answers."""


class Habit(StrEnum):
    """What comes back from a mailbox that took a letter."""

    ANSWERS_OK = "answers-ok"
    ANSWERS_SEEN = "answers-seen"
    OUT_OF_OFFICE = "out-of-office"
    BOUNCES = "bounces"
    """Taken first, and then sent back: no such mailbox."""
    SILENT = "silent"


_WORDS = {
    Habit.ANSWERS_OK: "OK, bien reçu.",
    Habit.ANSWERS_SEEN: "Vu à l'instant devant l'arrêt de bus, il part vers la gare.",
    Habit.OUT_OF_OFFICE: "Je suis absent de mon poste et vous répondrai à mon retour.",
}


@dataclass(frozen=True, slots=True)
class Letter:
    """What a correspondent needs to know of a letter."""

    mail_from: str
    recipient: str
    message: EmailMessage
    text: str

    def header(self, name: str) -> str:
        """Return a header, empty where there is none."""
        return str(self.message.get(name, ""))


class Correspondents:
    """Everybody who has a mailbox. It does the same in every run with the same seed."""

    def __init__(self, seed: int, habits: Mapping[str, str], domain: str) -> None:
        """Decide by `seed`, except for mailboxes in `habits`, and those of `domain` named for one.

        `habits` may hold faults too, which are no habit.
        """
        self._seed = seed
        self._habits = habits
        self._domain = domain

    def habit(self, mailbox: str) -> tuple[Habit, float]:
        """Return what a mailbox does, and after how many simulated seconds."""
        mailbox = mailbox.lower()
        chance = random.Random(f"{self._seed}/mailbox/{mailbox}")
        after_s = min(chance.lognormvariate(math.log(MEDIAN_S), SPREAD), 1_800.0)
        (by_chance,) = chance.choices(
            [Habit.ANSWERS_OK, Habit.OUT_OF_OFFICE, Habit.SILENT],
            [ANSWERS_SHARE, AWAY_SHARE, 1 - ANSWERS_SHARE - AWAY_SHARE],
        )
        local, _at, domain = mailbox.partition("@")
        named = self._habits.get(mailbox, local if domain == self._domain else "")
        habit = Habit(named) if named in set(Habit) else by_chance
        if named and named not in set(Habit):
            habit = Habit.SILENT  # a fault is all that it does
        at_once = habit in (Habit.BOUNCES, Habit.OUT_OF_OFFICE)
        return habit, BOUNCES_AFTER_S if at_once else after_s


class Postmen:
    """Brings back what correspondents write."""

    def __init__(
        self, correspondents: Correspondents, timeline: Timeline, record: Record, deliver: Deliver
    ) -> None:
        self._correspondents = correspondents
        self._timeline = timeline
        self._record = record
        self._deliver = deliver

    def took(self, letter: Letter) -> None:
        """Let the correspondent have a letter; whatever they write comes later."""
        habit, after_s = self._correspondents.habit(letter.recipient)
        if habit is not Habit.SILENT and letter.mail_from:
            self._timeline.spawn(self._answer(letter, habit, after_s))

    async def _answer(self, letter: Letter, habit: Habit, after_s: float) -> None:
        await self._timeline.sleep(after_s)
        now = self._timeline.now()
        to, mail = written(letter, habit, now)
        await self._deliver(mail, now)
        self._record.add(
            Reply(at=now, sender=letter.recipient, to=to, habit=habit, reference=letter.mail_from)
        )


def written(letter: Letter, habit: Habit, now: datetime) -> tuple[str, bytes]:
    """Return where a mail goes, and the mail as it lies in the mailbox."""
    if habit is Habit.BOUNCES:
        return letter.mail_from, _bounce(letter, now)
    automatic = habit is Habit.OUT_OF_OFFICE
    to = letter.mail_from if automatic else letter.header("Reply-To") or letter.header("From")
    mail = EmailMessage(SMTP)
    mail["Return-Path"] = "<>" if automatic else f"<{letter.recipient}>"
    mail["Delivered-To"] = to
    mail["From"] = letter.recipient
    mail["To"] = to
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = _message_id(letter, habit)
    prefix = "Réponse automatique" if automatic else "Re"
    mail["Subject"] = f"{prefix} : {letter.header('Subject')}"
    if original := letter.header("Message-ID"):
        mail["In-Reply-To"] = mail["References"] = original
    if automatic:
        mail["Auto-Submitted"] = "auto-replied"
        mail.set_content(_WORDS[habit] + "\n")
    else:
        quoted = "\n".join(f"> {line}" for line in letter.text.splitlines())
        wrote = f"Le {now:%d/%m/%Y à %H:%M}, {letter.header('From')} a écrit :"
        mail.set_content(f"{_WORDS[habit]}\n\n{wrote}\n{quoted}\n\n-- \nPoste de garde\n")
    return to, mail.as_bytes()


def _bounce(letter: Letter, now: datetime) -> bytes:
    report = MIMEMultipart("report", policy=SMTP)
    report.set_param("report-type", "delivery-status")
    report["Return-Path"] = "<>"
    report["Delivered-To"] = report["To"] = letter.mail_from
    report["From"] = "MAILER-DAEMON@simulator.example"
    report["Date"] = format_datetime(now)
    report["Message-ID"] = _message_id(letter, Habit.BOUNCES)
    report["Subject"] = "Undelivered Mail Returned to Sender"
    report["Auto-Submitted"] = "auto-replied"
    report.attach(MIMEText(f"<{letter.recipient}>: no such mailbox (5.1.1)\n"))
    status = MIMENonMultipart("message", "delivery-status", policy=SMTP)
    server, recipient = Message(SMTP), Message(SMTP)
    server["Reporting-MTA"] = "dns; simulator.example"
    recipient["Final-Recipient"] = f"rfc822; {letter.recipient}"
    recipient["Action"] = "failed"
    recipient["Status"] = "5.1.1"
    status.set_payload([server, recipient])
    report.attach(status)
    report.attach(MIMEMessage(letter.message))
    return report.as_bytes()


def _message_id(letter: Letter, habit: Habit) -> str:
    """Name the answer to a letter: a letter that comes twice is answered twice."""
    return f"<{habit}.{letter.mail_from.partition('@')[0]}@simulator.example>"
