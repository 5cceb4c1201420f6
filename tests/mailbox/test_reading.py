"""What an e-mail says, whoever wrote it and with whatever program."""

from __future__ import annotations

import base64
import dataclasses
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.mailbox.samples import MAILS, REFERENCE, TOKEN, sample
from umsalert.channels.mailbox.reading import MAX_BYTES, MailReader, mail
from umsalert.channels.mailbox.words import _unsigned, own_words, text_of_html
from umsalert.errors import InvalidData, RefusedByRule
from umsalert.model import DeliveryState, Receipt, ReplyKind, ReplySource, Said
from umsalert.ports import StoredWebhook
from umsalert.replies import understand

AT = datetime(2026, 3, 17, 17, 30, tzinfo=UTC)
NEWEST = "20260317-test-7-0"


def read(content: bytes) -> tuple[object, ...]:
    """Read a mail as it is read once it was stored."""
    stored = mail(content, AT)
    return MailReader().read(StoredWebhook("imap", "mail", stored.reference, stored.content))


def said(content: bytes) -> Said:
    (found,) = read(content)
    assert isinstance(found, Said)
    return found


def plain(headers: str = "", body: str = "OK") -> bytes:
    return f"From: a@galerie.example\r\n{headers}\r\n{body}".encode()


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        (
            "outlook-fr",
            "L'homme décrit vient de passer devant l'entrée sud, il va vers la gare.\n\n"
            "Gaëlle Mimosa\nAgent de sécurité",
            ReplyKind.SIGHTING,
        ),
        ("outlook-html", "Bien reçu, merci.", ReplyKind.ACKNOWLEDGED),
        ("gmail-fr", "OK, bien reçu.", ReplyKind.ACKNOWLEDGED),
        ("gmail-en-below", "We cannot, nobody is on duty.", None),
        ("thunderbird-fr", "Site confiné, portes fermées.", ReplyKind.LOCKED_DOWN),
        ("iphone-fr", "Je le vois, il est devant la pharmacie…", ReplyKind.SIGHTING),
        ("webmail-fr", "Rien à signaler.", ReplyKind.ACKNOWLEDGED),
    ],
)
def test_the_words_of_a_person(name: str, text: str, kind: ReplyKind | None) -> None:
    """Of each mail program's answer what its writer wrote is left, and belongs to the token."""
    found = said(sample(name))
    assert found.text == text
    assert (found.source, found.tie.token) == (ReplySource.EMAIL, TOKEN)
    assert found.tie.sender == "agent-1@galerie.example"
    assert found.occurred_at == AT  # what the writer's clock says is the writer's
    if kind is not None:
        assert understand(found).kind is kind
    if "MESSAGE_ID" in (MAILS / f"{name}.eml").read_text("utf-8"):
        assert found.tie.reference == NEWEST


@pytest.mark.parametrize("name", ["absence-exchange", "absence-plain", "read-receipt"])
def test_a_program_is_nobody(name: str) -> None:
    """Absence notices and read receipts are set aside with their code."""
    with pytest.raises(RefusedByRule) as caught:
        read(sample(name))
    assert caught.value.code == "auto_reply"


@pytest.mark.parametrize(
    "headers",
    [
        "Auto-Submitted: auto-replied\r\n",
        "Precedence: bulk\r\n",
        "Precedence: List\r\n",
        "X-Autoreply: yes\r\n",
        "X-Autorespond:\r\n",
        "List-Id: <news.example>\r\n",
        "Return-Path: <>\r\nSubject: Automatic reply: Alert\r\n",
        "X-Auto-Response-Suppress: All\r\nSubject: Absence du bureau\r\n",
        "Return-Path: <>\r\nX-Auto-Response-Suppress: DR\r\n",
    ],
)
def test_signs_of_a_program(headers: str) -> None:
    """One strong sign, or two weak ones."""
    with pytest.raises(RefusedByRule):
        read(plain(headers))


@pytest.mark.parametrize(
    "headers",
    [
        "Auto-Submitted: no\r\n",
        "X-Auto-Response-Suppress: OOF\r\n",
        "Return-Path: <>\r\n",
        "Subject: Absence de barriere, un homme est entre\r\n",
        "Precedence: first-class\r\n",
    ],
)
def test_one_weak_sign_is_a_person(headers: str) -> None:
    """Some systems put such headers on all their mail: what guards say there counts."""
    assert said(plain(headers)).text == "OK"


@pytest.mark.parametrize(
    ("name", "reference", "code"),
    [
        ("bounce-postfix", REFERENCE, "bounced_5.1.1"),
        ("bounce-without-verp", NEWEST, "bounced_5.2.2"),
        ("bounce-qmail", REFERENCE, "bounced_5.1.1"),
    ],
)
def test_a_mail_that_came_back_is_a_receipt(name: str, reference: str, code: str) -> None:
    """Whose it is says the address that it came back to, else the message that it encloses."""
    (receipt,) = read(sample(name))
    assert receipt == Receipt("imap", "", reference, DeliveryState.UNDELIVERED, code, AT)


def test_a_mail_that_is_late_is_nothing() -> None:
    """A server that still tries has not given up."""
    assert read(sample("bounce-delayed")) == ()
    arrived = sample("bounce-delayed").replace(b"Action: delayed", b"Action: delivered")
    assert read(arrived) == ()


def test_a_bounce_of_nobody() -> None:
    """It stays a receipt, which no hand-over matches."""
    lost = sample("bounce-without-verp").replace(b"Message-ID: <2026", b"X-Was: <2026")
    (receipt,) = read(lost)
    assert isinstance(receipt, Receipt)
    assert receipt.reference == ""


def test_an_answer_to_the_envelope_is_an_answer() -> None:
    """A person whose program answers the envelope's sender is tied by it."""
    found = said(plain(f"To: bounce+{REFERENCE}@police.example\r\nReturn-Path: <a@b.example>\r\n"))
    assert (found.tie.reference, found.tie.token) == (REFERENCE, "")


def test_a_token_in_small_letters_and_what_it_answers() -> None:
    """Some programs write addresses in small letters: the message that is answered is named too."""
    found = said(sample("gmail-fr").replace(TOKEN.encode(), TOKEN.lower().encode()))
    assert (found.tie.token, found.tie.reference) == (TOKEN.lower(), NEWEST)


@pytest.mark.parametrize(
    "header", ["Delivered-To", "X-Original-To", "Envelope-To", "Cc", "Resent-To", "X-Forwarded-To"]
)
def test_the_token_stands_in_any_address_of_delivery(header: str) -> None:
    """Aliases rewrite To; where the mail was delivered is kept somewhere."""
    found = said(plain(f"To: alerte@police.example\r\n{header}: <reponse+{TOKEN}@p.example>\r\n"))
    assert found.tie.token == TOKEN


def test_an_alert_that_is_named() -> None:
    """The reference in the subject, or in what is quoted, is kept beside the sender."""
    assert said(plain("Subject: 20260317-k7f3\r\n")).tie.alert_ref == "20260317-k7f3"
    quoted = plain(body="OK\r\n\r\n> ref 20260317-k7f3\r\n")
    assert said(quoted).tie.alert_ref == "20260317-k7f3"
    assert said(plain()).tie.alert_ref == ""


def test_where_nothing_is_written_the_subject_speaks() -> None:
    """Unless it is that of our own message."""
    assert said(plain("Subject: OK =?utf-8?q?re=C3=A7u?=\r\n", body="\r\n")).text == "OK reçu"
    for answered in ("Re: Alerte", "RE : Alerte", "Rép: Alerte", "re[2]: Alerte"):
        assert said(plain(f"Subject: {answered}\r\n", body="")).text == ""


def test_characters_that_nobody_sees_are_left_out() -> None:
    """No control character, no line in a subject, nothing that turns a line around."""
    found = said(
        plain(
            "Subject: =?utf-8?q?a=00=1b[31mb=0D=0ABcc:_x@y=E2=80=AE?=\r\n",
            body="Vu\x00 \x1b[2Jici\r\n\u202egare\x07\r\n",
        )
    )
    assert found.text == "Vu [2Jici\ngare"
    assert found.raw.splitlines()[0] == "a[31mb Bcc: x@y"
    assert all(c.isprintable() or c == "\n" for c in found.raw)


def test_any_charset_is_read() -> None:
    """One that is wrong, unknown or missing costs a letter at most."""
    for charset, body in (
        ("iso-8859-15", "reçu".encode("latin-1")),
        ("utf-8", "reçu".encode("cp1252")),
        ("x-none", "reçu".encode()),
        ("us-ascii", "reçu".encode()),
        ("undefined", "reçu".encode()),
    ):
        head = f"From: a@b.example\r\nContent-Type: text/plain; charset={charset}\r\n\r\n"
        assert said(head.encode() + body).text == "reçu", charset


def test_only_the_beginning_of_a_huge_mail_is_kept() -> None:
    """Its headers and its first words are in it."""
    picture = base64.encodebytes(b"\xff" * 3_000_000)
    parts = (
        f"To: reponse+{TOKEN}@police.example\r\nFrom: a@b.example\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\n'
        "Vu ici\r\n--x\r\nContent-Type: image/jpeg\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    huge = parts.encode() + picture + b"\r\n--x--\r\n"
    assert len(mail(huge, AT).content) < MAX_BYTES + 100
    assert (said(huge).text, said(huge).tie.token) == ("Vu ici", TOKEN)


def test_a_key_is_the_message_not_the_copy() -> None:
    """Relays add lines to each copy; another message under the same Message-ID is another."""
    first = sample("gmail-fr")
    assert mail(b"Received: from b\r\n" + first, AT).key == mail(first, AT).key
    later = first.replace(b"18:22:11", b"18:23:11")
    assert mail(later, AT).key != mail(first, AT).key
    assert mail(plain(body="a"), AT).key != mail(plain(body="b"), AT).key
    assert mail(first, AT).reference == NEWEST
    assert mail(sample("bounce-postfix"), AT).reference == REFERENCE


def test_a_forged_arrival_is_the_senders() -> None:
    """When a mail arrived says the server, first."""
    assert said(plain("X-Umsalert-Arrived: 1999-01-01T00:00:00+00:00\r\n")).occurred_at == AT


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("OK\n\n-----Message d'origine-----\nDe : Police\nvu", "OK"),
        ("OK\n\n---------- Forwarded message ---------\nFrom: x", "OK"),
        ("OK\n\nDe : Police <a@b.example>\nEnvoyé : mardi\nObjet : x\n\nvu", "OK"),
        (
            "Message reçu de : Paul\nIl est vu à la gare",
            "Message reçu de : Paul\nIl est vu à la gare",
        ),
        ("Le client a écrit : voleur", "Le client a écrit : voleur"),
        ("> question\nOK\n> autre\nnon", "OK\nnon"),
        ("OK\nEnvoyé depuis mon mobile Orange\nvu", "OK"),
        ("OK\nObtenir Outlook pour iOS\nvu", "OK"),
        ("OK\n-- \nvu", "OK"),
        ("-- \nvu", ""),
        ("Bonjour,\n\nBien reçu.\n\nCordialement,\n\nPaul\nAgent vu par tous", "Bien reçu."),
        ("Bonjour, bien reçu", "Bonjour, bien reçu"),
        ("Cordialement", ""),
        (
            "Bien cordialement,\n" + "il court\n" * 9,
            "Bien cordialement,\n" + "il court\n" * 8 + "il court",
        ),
        ("Vu, cordialement le gardien", "Vu, cordialement le gardien"),
        ("On le voit : il court\n", "On le voit : il court"),
    ],
)
def test_what_is_quoted_is_left_out(text: str, words: str) -> None:
    """A sentence that looks like the head of a quotation only from far is kept."""
    assert own_words(text) == words


def test_a_page_becomes_text() -> None:
    """Paragraphs are lines; styles, scripts and quotations are nothing."""
    page = (
        "<!DOCTYPE html><head><title>t</title></head><body><p>Vu&nbsp;&agrave; <b>Nice</b></p>"
        "<script>x()</script><div>deux<br>trois</div><blockquote><p>cit<blockquote>a</blockquote>"
        "b</blockquote>fin<![weird[ x"
    )
    text = "\n".join(line.strip() for line in text_of_html(page).split("\n") if line.strip())
    assert text.replace("\xa0", " ") == "Vu à Nice\ndeux\ntrois\nfin" or text.startswith("Vu")
    assert "cit" not in text
    assert "x()" not in text


NASTY = st.sampled_from(
    [path.read_bytes().replace(b"\n", b"\r\n") for path in sorted(MAILS.glob("*.eml"))]
)


@given(st.one_of(st.binary(max_size=2000), NASTY), st.data())
def test_whatever_comes_is_read_or_refused(content: bytes, data: st.DataObject) -> None:
    """No bytes make the reader raise anything but the two errors that set a mail aside."""
    at = data.draw(st.integers(0, len(content)))
    cut = data.draw(st.integers(0, 40))
    content = content[:at] + data.draw(st.binary(max_size=40)) + content[at + cut :]
    try:
        found = read(content)
    except (InvalidData, RefusedByRule):
        return
    for one in found:
        if isinstance(one, Said):
            for value in (one.text, one.raw, *dataclasses.astuple(one.tie)):
                assert value.encode() is not None  # SQLite takes no half of a character
            assert understand(one).kind in set(ReplyKind)


@pytest.mark.parametrize(
    "body",
    [
        "<" * 200_000,
        "<!" * 100_000,
        "<![CDATA[" * 20_000,
        "<a " * 60_000,
        "Le x\n" * 50_000,
        "On a wrote " * 20_000,
        "De : x\n" * 30_000,
        "<b@c.example>: 5." * 15_000,
        "-" * 100_000,
        "bonjour " * 20_000,
        "bonjour" + " " * 50_000 + "x",
    ],
)
@pytest.mark.parametrize("kind", ["plain", "html"])
def test_no_mail_keeps_the_reader(body: str, kind: str) -> None:
    """What is written to be slow to read is cut before it is."""
    head = f"From: MAILER-DAEMON@b.example\r\nContent-Type: text/{kind}\r\n\r\n"
    read(head.encode() + body.encode())
    with_sender = head.replace("MAILER-DAEMON", "a")
    read(with_sender.encode() + body.encode())


@pytest.mark.parametrize(
    "level",
    [
        "Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n",
        "Content-Type: message/rfc822\r\n\r\n",
    ],
    ids=["parts", "messages"],
)
def test_a_mail_of_thousands_of_levels_can_be_kept(level: str) -> None:
    """The library gives up on its parts, not on its headers: it stands in no other mail's way."""
    nested = "From: x@y.example\r\n" + "".join(level.format(n=n) for n in range(3000))
    stored = mail(nested.encode(), AT)
    assert stored.content.endswith(nested.encode()[:MAX_BYTES])
    with pytest.raises(InvalidData):
        read(nested.encode())


def test_a_mail_of_ten_thousand_lines_is_read_in_a_step_each() -> None:
    """Nothing is asked again for each line of what is below it: guards wait meanwhile."""
    calls = 0

    class Line(str):
        __slots__ = ()

        def strip(self, chars: str | None = None) -> str:
            nonlocal calls
            calls += 1
            return super().strip(chars)

    assert len(_unsigned([Line("a")] * 1000)) == 1000
    assert calls < 5000
