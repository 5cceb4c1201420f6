"""The e-mail channel keeps the contract, and what only a relay can do."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable

import pytest
from aiosmtpd.smtp import SMTP

from tests.channels.carriers import Behaviour, Carrier, SmtpCarrier, hang_up
from tests.channels.contract import ChannelContract
from tests.channels.workshop import Workshop
from umsalert.channels.smtp import KEEP_S
from umsalert.model import ChannelKind, Outcome, OutcomeKind
from umsalert.ports import Channel

EMAIL = ChannelKind.EMAIL


class TestEmail(ChannelContract):
    """A relay with STARTTLS and a login."""

    kind = EMAIL

    def carrier(self) -> SmtpCarrier:
        """Return a relay."""
        return SmtpCarrier()


class TestEmailOverTls(ChannelContract):
    """A relay with TLS from the first byte."""

    kind = EMAIL

    def carrier(self) -> SmtpCarrier:
        """Return a relay."""
        relay = SmtpCarrier()
        relay.implicit_tls = True
        return relay

    @pytest.fixture
    def workshop(self, workshop: Workshop) -> Workshop:
        """Return a workshop that knows it."""
        workshop.smtp = workshop.smtp._replace(security="tls")
        return workshop


async def opened(workshop: Workshop, relay: SmtpCarrier) -> Channel:
    """Start a relay and open the channel towards it."""
    await workshop.start(relay)
    return await workshop.open(EMAIL, relay)


async def sent(workshop: Workshop, relay: SmtpCarrier) -> Outcome:
    """Send one letter to a relay."""
    channel = await opened(workshop, relay)
    return await channel.send(workshop.outgoing(EMAIL))


def saying(reply: str) -> Callable[[SMTP], Awaitable[str]]:
    """Return a hook that gives one reply."""

    async def hook(_session: SMTP) -> str:
        return reply

    return hook


async def hanging_up(session: SMTP) -> str:
    """Close the connection in place of an answer."""
    hang_up(session)
    return "250 never seen"


async def test_a_letter_withdrawn_in_its_envelope_stays(workshop: Workshop) -> None:
    """Cancelled while the relay still thinks about the recipient, the letter does not follow."""
    relay = SmtpCarrier()
    channel = await opened(workshop, relay)

    async def slow(_session: SMTP) -> str:
        channel.withdraw()
        return "250 OK"

    relay.on_rcpt = slow
    assert (await channel.send(workshop.outgoing(EMAIL))).kind is OutcomeKind.WITHDRAWN
    assert relay.taken == []


async def test_without_starttls_nothing_is_said(workshop: Workshop) -> None:
    """A relay that does not offer the demanded encryption sees no login and no letter."""
    relay = SmtpCarrier()
    relay.starttls = False
    outcome = await sent(workshop, relay)
    assert (outcome.kind, outcome.code) == (OutcomeKind.MISCONFIGURED, "starttls_not_offered")
    assert (relay.connections, relay.logins, relay.mails) == (1, 0, [])


async def test_without_auth_the_login_is_named(workshop: Workshop) -> None:
    """A relay that takes no login where the settings have one is for a person to mend."""
    relay = SmtpCarrier()
    relay.offers_auth = False
    outcome = await sent(workshop, relay)
    assert (outcome.kind, outcome.code) == (OutcomeKind.MISCONFIGURED, "auth_not_offered")


@pytest.mark.parametrize(
    ("stage", "reply", "kind", "code"),
    [
        ("on_mail", "530 5.7.0 login first", OutcomeKind.MISCONFIGURED, "5.7.0"),
        ("on_mail", "550 5.7.1 sender not allowed", OutcomeKind.MISCONFIGURED, "5.7.1"),
        ("on_mail", "451 4.3.0 later", OutcomeKind.TEMPORARY, "4.3.0"),
        ("on_rcpt", "452 too many", OutcomeKind.TEMPORARY, "452"),
        ("on_rcpt", "553 5.1.3 bad address", OutcomeKind.PERMANENT, "5.1.3"),
        ("on_rcpt", "550 no 5.1.1 here", OutcomeKind.PERMANENT, "550"),
        ("on_data", "421 4.3.2 shutting down", OutcomeKind.TEMPORARY, "4.3.2"),
        ("on_data", "452 4.2.2 mailbox full", OutcomeKind.TEMPORARY, "4.2.2"),
        ("on_data", "554 5.6.0 refused", OutcomeKind.PERMANENT, "5.6.0"),
        ("on_data", "xyz what", OutcomeKind.UNKNOWN, "connection_lost"),
        ("on_data", "354 go on", OutcomeKind.UNKNOWN, "connection_lost"),
    ],
)
async def test_a_reply_means_what_its_stage_makes_of_it(
    workshop: Workshop, stage: str, reply: str, kind: OutcomeKind, code: str
) -> None:
    """The enhanced code names the refusal; a refused sender is us, and would be each time."""
    relay = SmtpCarrier()
    setattr(relay, stage, saying(reply))
    outcome = await sent(workshop, relay)
    assert (outcome.kind, outcome.code) == (kind, code)


@pytest.mark.parametrize(
    ("stage", "reply", "one"),
    [
        ("on_rcpt", "450 4.2.1 mailbox busy", True),
        ("on_rcpt", "450 later", True),
        ("on_rcpt", "451 4.7.1 greylisted", True),
        ("on_rcpt", "451 4.3.0 later", False),
        ("on_rcpt", "452 4.3.1 no space", False),
        ("on_rcpt", "451 4.7.10 slow down", False),
        ("on_mail", "450 4.2.1 later", False),
        ("on_data", "450 4.2.1 later", False),
    ],
)
async def test_a_busy_mailbox_is_told_from_a_busy_relay(
    workshop: Workshop, stage: str, reply: str, one: bool
) -> None:
    """Only a reply to the recipient that names the mailbox leaves the other letters alone."""
    relay = SmtpCarrier()
    setattr(relay, stage, saying(reply))
    outcome = await sent(workshop, relay)
    assert (outcome.kind, outcome.one_recipient) == (OutcomeKind.TEMPORARY, one)


@pytest.mark.parametrize("stage", ["on_mail", "on_rcpt"])
async def test_a_connection_lost_before_the_content_took_nothing(
    workshop: Workshop, stage: str
) -> None:
    """Before the letter leaves there is nothing to be in doubt about: try again."""
    relay = SmtpCarrier()
    setattr(relay, stage, hanging_up)
    outcome = await sent(workshop, relay)
    assert (outcome.kind, outcome.code) == (OutcomeKind.TEMPORARY, "connection_lost")
    assert relay.taken == []


async def test_a_connection_lost_at_the_data_command_took_nothing(workshop: Workshop) -> None:
    """DATA alone hands nothing over: the content leaves after the relay's go-ahead."""
    relay = SmtpCarrier()
    relay.drops_at_data = True
    outcome = await sent(workshop, relay)
    assert (outcome.kind, outcome.code) == (OutcomeKind.TEMPORARY, "connection_lost")
    assert relay.taken == []


async def test_a_letter_refused_does_not_spoil_the_next(workshop: Workshop) -> None:
    """After a refusal the connection is kept, and its half-made envelope forgotten."""
    relay = SmtpCarrier()
    channel = await opened(workshop, relay)
    relay.behaviour = Behaviour.REFUSE_FOR_GOOD
    await channel.send(workshop.outgoing(EMAIL))
    relay.behaviour = Behaviour.ACCEPT
    outcome = await channel.send(workshop.outgoing(EMAIL))
    assert outcome.kind is OutcomeKind.ACCEPTED
    assert relay.connections == 1
    assert relay.envelopes[0].rcpt_tos == ["garde@galerie.example"]


async def test_a_kept_connection_that_the_relay_ends_is_replaced(workshop: Workshop) -> None:
    """A relay that counts letters per connection says 421 at MAIL: a new one is opened."""
    relay = SmtpCarrier()
    channel = await opened(workshop, relay)
    await channel.send(workshop.outgoing(EMAIL))

    async def too_many(session: SMTP) -> str:
        relay.on_mail = None
        return "421 4.7.0 too many letters"

    relay.on_mail = too_many
    outcome = await channel.send(workshop.outgoing(EMAIL))
    assert outcome.kind is OutcomeKind.ACCEPTED
    assert (len(relay.taken), relay.connections) == (2, 2)


async def test_a_kept_connection_that_was_closed_is_replaced(workshop: Workshop) -> None:
    """Whether or not we have noticed, a letter goes out by a new connection, once."""
    relay = SmtpCarrier()
    channel = await opened(workshop, relay)
    await channel.send(workshop.outgoing(EMAIL))
    hang_up(relay.sessions[0])
    outcome = await channel.send(workshop.outgoing(EMAIL))
    assert outcome.kind is OutcomeKind.ACCEPTED
    assert (len(relay.taken), relay.connections) == (2, 2)


async def test_a_connection_idle_for_long_is_not_trusted(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A firewall may have forgotten it without telling either side."""
    relay = SmtpCarrier()
    channel = await opened(workshop, relay)
    await channel.send(workshop.outgoing(EMAIL))
    monkeypatch.setattr("umsalert.channels.smtp.KEEP_S", -KEEP_S)
    await channel.send(workshop.outgoing(EMAIL))
    assert (len(relay.taken), relay.connections) == (2, 2)


async def test_closing_says_goodbye(workshop: Workshop) -> None:
    """Kept connections end with QUIT, not with a reset in the relay's log."""
    relay = SmtpCarrier()
    await sent(workshop, relay)
    await workshop.channels[0].close()
    assert relay.quits == 1


class Greeter(Carrier):
    """A relay that greets with a refusal, or with something else."""

    def __init__(self, greeting: bytes) -> None:
        super().__init__()
        self.greeting = greeting

    async def listen(self, _context: ssl.SSLContext) -> asyncio.Server:
        """Listen in clear."""
        return await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def _serve(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self.greeting)
        writer.close()


@pytest.mark.parametrize(
    ("greeting", "kind", "code"),
    [
        (b"421 4.3.2 too busy\r\n", OutcomeKind.TEMPORARY, "4.3.2"),
        (b"554 5.7.1 no service for you\r\n", OutcomeKind.MISCONFIGURED, "5.7.1"),
        (b"", OutcomeKind.UNREACHABLE, "connection_failed"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", OutcomeKind.UNREACHABLE, "connection_failed"),
    ],
)
async def test_a_relay_that_does_not_greet_has_taken_nothing(
    workshop: Workshop, greeting: bytes, kind: OutcomeKind, code: str
) -> None:
    """Too busy is later, no service is for a person to mend, anything else is no connection."""
    relay = await workshop.start(Greeter(greeting))
    channel = await workshop.open(EMAIL, relay)
    outcome = await channel.send(workshop.outgoing(EMAIL))
    assert (outcome.kind, outcome.code) == (kind, code)
