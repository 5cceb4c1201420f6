"""What an e-mail looks like when it arrives."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.channels.carriers import SmtpCarrier
from tests.channels.workshop import NOW, RELAY, TEXTS, Workshop
from umsalert.channels.letter import Letter, Stationery
from umsalert.errors import ConfigurationError
from umsalert.model import ChannelKind, MessageText, OutcomeKind, Outgoing

EMAIL = ChannelKind.EMAIL


async def received(workshop: Workshop, outgoing: Outgoing) -> tuple[EmailMessage, SmtpCarrier]:
    """Send a letter through a real relay and read it there."""
    relay = await workshop.start(SmtpCarrier())
    channel = await workshop.open(EMAIL, relay)
    assert (await channel.send(outgoing)).kind is OutcomeKind.ACCEPTED
    message = message_from_bytes(relay.taken[0], policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message, relay


async def test_a_letter_arrives_as_it_was_written(workshop: Workshop) -> None:
    """Both forms arrive whole, plain text first, a lonely dot and accents included."""
    message, _relay = await received(workshop, workshop.outgoing(EMAIL))
    plain, html = message.iter_parts()
    assert isinstance(plain, EmailMessage)
    assert isinstance(html, EmailMessage)
    assert (plain.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert plain.get_content().splitlines() == TEXTS[EMAIL].body.splitlines()
    assert html.get_content().splitlines() == TEXTS[EMAIL].html.splitlines()


async def test_the_headers_say_who_what_and_how_to_answer(workshop: Workshop) -> None:
    """Every header that matters to a relay, a mailbox or an answer, and no List-Unsubscribe."""
    message, relay = await received(workshop, workshop.outgoing(EMAIL))
    assert {name: str(value) for name, value in message.items()} == {
        "To": "garde@galerie.example",
        "Message-ID": "<20261123-1815-7@example.org>",
        "Date": "Mon, 23 Nov 2026 18:15:00 +0000",
        "Reply-To": "reponse+Xy7_token-Zq@example.org",
        "From": "Police de Nice <alerte@example.org>",
        "Subject": "Alerte",
        "Content-Language": "fr",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
        "Importance": "high",
        "MIME-Version": "1.0",
        "Content-Type": message["Content-Type"],
    }
    assert relay.envelopes[0].mail_from == "bounce+20261123-1815-7-1@example.org"
    assert relay.envelopes[0].rcpt_tos == ["garde@galerie.example"]


async def test_a_plain_letter_is_one_part(workshop: Workshop) -> None:
    """Without HTML there is nothing to choose between."""
    outgoing = workshop.outgoing(EMAIL)
    outgoing = replace(outgoing, text=replace(outgoing.text, html=""))
    message, _relay = await received(workshop, outgoing)
    assert message.get_content_type() == "text/plain"


def letter(outgoing: Outgoing) -> Letter:
    """Return the letter of a hand-over to a good address."""
    written = Stationery(RELAY).letter(outgoing, NOW)
    assert written is not None
    return written


async def test_an_attempt_changes_the_envelope_and_not_the_letter(workshop: Workshop) -> None:
    """A second attempt has the same Message-ID, and a bounce says which attempt it is about."""
    first = letter(workshop.outgoing(EMAIL))
    second = letter(replace(workshop.outgoing(EMAIL), reference="20261123-1815-7-2"))
    assert first.message_id == second.message_id
    assert first.sender != second.sender


async def test_own_mailboxes_may_be_elsewhere(workshop: Workshop) -> None:
    """Answers and bounces can go to another domain."""
    settings = RELAY._replace(reply_to="r@in.example.org", bounce="b@in.example.org")
    written = Stationery(settings).letter(workshop.outgoing(EMAIL), NOW)
    assert written is not None
    assert written.sender == "b+20261123-1815-7-1@in.example.org"
    assert b"\r\nReply-To: r+Xy7_token-Zq@in.example.org\r\n" in written.data


@pytest.mark.parametrize(
    "address",
    [
        "",
        "garde",
        "garde@",
        "@galerie.example",
        "garde@galerie.example\r\nBcc: tous@galerie.example",
        "garde@galerie.example\n",
        "garde@galerie.example, tous@galerie.example",
        "<garde@galerie.example>",
        "garde d@galerie.example",
        "élève@galerie.example",
        "garde@galerie..example",
        "x" * 250 + "@galerie.example",
    ],
)
async def test_what_is_no_address_is_not_sent(workshop: Workshop, address: str) -> None:
    """Nothing but one plain address enters a header or an envelope; no connection is made."""
    relay = await workshop.start(SmtpCarrier())
    channel = await workshop.open(EMAIL, relay)
    outcome = await channel.send(replace(workshop.outgoing(EMAIL), address=address))
    assert (outcome.kind, outcome.code) == (OutcomeKind.PERMANENT, "address_invalid")
    assert relay.connections == 0


@given(subject=st.text(max_size=60), body=st.text(alphabet=st.characters(codec="utf-8")))
def test_no_text_breaks_out_of_its_place(subject: str, body: str) -> None:
    """Whatever an officer types, the headers are ours and the letter ends where we end it."""
    subject = subject.encode("utf-8", "ignore").decode()
    text = MessageText(EMAIL, "fr", body, subject)
    outgoing = Outgoing(7, 1, 0, "A-7-1", EMAIL, "garde@galerie.example", "t", text, NOW)
    data = letter(outgoing).data
    assert data.isascii()
    assert data.endswith(b"\r\n.\r\n")
    assert data.count(b"\r\n.\r\n") == 1
    assert data.count(b"\n") == data.count(b"\r\n") == data.count(b"\r")
    parsed = message_from_bytes(data, policy=policy.default)
    names = [name.lower() for name in parsed]
    assert len(names) == len(set(names))
    assert not {"bcc", "cc"} & set(names)


@pytest.mark.parametrize(
    "settings",
    [
        RELAY._replace(sender="nobody"),
        RELAY._replace(sender="a@example.org, b@example.org"),
        RELAY._replace(reply_to="nobody"),
        RELAY._replace(bounce="bounce@example.org>"),
    ],
    ids=["sender", "two-senders", "reply_to", "bounce"],
)
async def test_an_own_address_that_is_none_stops_the_opening(
    workshop: Workshop, settings: object
) -> None:
    """Our own addresses are checked before the first letter."""
    workshop.smtp = settings  # type: ignore[assignment]  # a parameter of pytest
    with pytest.raises(ConfigurationError) as caught:
        await workshop.open(EMAIL, SmtpCarrier())
    assert caught.value.code == "address_invalid"
