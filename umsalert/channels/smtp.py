"""E-mail through the station's relay, over kept connections.

The library's `data()` cannot say whether a lost connection took the message along; here DATA is
two steps, so that a loss before the content left is a refusal and only one after it is unknown.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import cast

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPServerDisconnected,
    SMTPStatus,
)

from umsalert.channels.letter import Letter, Stationery
from umsalert.channels.network import Withdrawn, client_context, no_connection
from umsalert.channels.patience import Patience
from umsalert.i18n import _
from umsalert.model import ChannelKind, Outcome, OutcomeKind, Outgoing
from umsalert.ports import Clock
from umsalert.settings import RateSettings, Settings, SmtpSettings

KEEP_S = 30.0
"""Relays close idle connections after minutes, firewalls forget them silently; a fresh one is
cheaper than waiting for an answer that cannot come."""

QUIT_S = 2.0
"""How long `close` waits for farewells."""

_AUTHENTICATION_CODES = {530, 534, 535, 538}

_MAILBOX_CODE = re.compile(r"4\.[12]\.|4\.7\.1$|450$")
"""RFC 3463: x.1 is about the address, x.2 about the mailbox, 4.7.1 is how greylisting says later;
RFC 5321, 4.2.3: a bare 450 is about the mailbox. Anything else may be about the relay."""


async def open_channel(settings: Settings, clock: Clock) -> SmtpChannel:
    """Open the e-mail channel; connections come with the letters. Raises ConfigurationError."""
    context = await client_context(settings.smtp.ca_file)
    return SmtpChannel(settings.smtp, settings.email.smtp, context, clock)


class _Stage(Enum):
    """How far a hand-over came: what a failure means depends on it alone."""

    CONNECTING = auto()
    ENVELOPE = auto()
    CONTENT = auto()


@dataclass(slots=True)
class _Progress:
    stage: _Stage = _Stage.CONNECTING


class _NotOffered(SMTPException):
    """The relay lacks what the settings demand; `message` is the extension."""


async def connect(settings: SmtpSettings, context: ssl.SSLContext, own_domain: str) -> SMTP:
    """Return a connection that is encrypted and logged in as the settings demand.

    Whatever it raises, `failure` makes an outcome of it.
    """
    client = SMTP(
        hostname=settings.host,
        port=settings.port,
        use_tls=settings.security == "tls",
        start_tls=False,  # asked for below, where its absence has a name
        tls_context=context,
        local_hostname=own_domain,  # the default asks the DNS for our own name
        timeout=None,  # one time-out spans the whole hand-over
    )
    await client.connect()
    with _closed_on_error(client):
        await client.ehlo()
        if settings.security == "starttls":
            if not client.supports_extension("starttls"):
                raise _NotOffered("starttls")
            await client.starttls()
            await client.ehlo()
        if settings.username:
            if not client.supported_auth_methods:
                raise _NotOffered("auth")
            await client.login(settings.username, settings.password)
    return client


def failure(error: SMTPException | OSError) -> Outcome:
    """Return why `connect` could not."""
    return _outcome(error, _Stage.CONNECTING)


class SmtpChannel:
    """`ports.Channel` for one relay."""

    kind = ChannelKind.EMAIL
    provider = "smtp"

    def __init__(
        self, settings: SmtpSettings, rate: RateSettings, context: ssl.SSLContext, clock: Clock
    ) -> None:
        self._settings = settings
        self._patience = Patience(rate.timeout_s)
        self._context = context
        self._clock = clock
        self._stationery = Stationery(settings)
        self._slots = asyncio.Semaphore(rate.in_flight)
        self._idle: list[_Kept] = []
        self._withdrawn = False

    async def send(self, outgoing: Outgoing) -> Outcome:
        """Hand over once. Never raises for what the network or the relay does."""
        letter = self._stationery.letter(outgoing, self._clock.now())
        if letter is None:
            return Outcome(
                OutcomeKind.PERMANENT, "address_invalid", _("This is not an e-mail address.")
            )
        progress = _Progress()
        async with self._slots:
            try:
                with self._patience.wait():
                    await self._hand_over(letter, progress)
            except Withdrawn as withdrawn:
                return withdrawn.outcome
            except (SMTPException, OSError) as error:  # a time-out and a TLS error are OSErrors
                return _outcome(error, progress.stage)
        return Outcome(OutcomeKind.ACCEPTED, provider_id=letter.message_id)

    def withdraw(self) -> None:
        """Let no letter leave that has not; connecting and the envelope take their time."""
        self._withdrawn = True

    async def close(self) -> None:
        """Say goodbye on every kept connection."""
        clients = [kept.client for kept in self._idle]
        self._idle.clear()
        await asyncio.gather(*(quit_politely(client) for client in clients))

    async def _hand_over(self, letter: Letter, progress: _Progress) -> None:
        self._check()
        client = await self._begin(letter.sender, progress)
        try:
            await client.rcpt(letter.recipient)
            self._check()
            await _data(client, letter.data, progress)
        except SMTPResponseException as error:
            if 400 <= error.code < 600 and error.code != SMTPStatus.domain_unavailable:
                self._keep(client, dirty=True)
            else:
                _drop(client)
            raise
        except BaseException:
            _drop(client)
            raise
        self._keep(client, dirty=False)

    def _check(self) -> None:
        if self._withdrawn:
            raise Withdrawn

    def _keep(self, client: SMTP, *, dirty: bool) -> None:
        self._idle.append(_Kept(client, asyncio.get_running_loop().time(), dirty))

    async def _begin(self, sender: str, progress: _Progress) -> SMTP:
        """Return a connection on which MAIL was accepted.

        MAIL is also the probe of a kept connection: nothing is taken before DATA, so one that
        the relay has closed meanwhile, or ends now, is replaced without harm.
        """
        oldest = asyncio.get_running_loop().time() - KEEP_S
        while self._idle:
            kept = self._idle.pop()
            if kept.since < oldest:
                _drop(kept.client)
                continue
            progress.stage = _Stage.ENVELOPE
            with suppress(SMTPException), _closed_on_error(kept.client):
                if kept.dirty:
                    await kept.client.rset()
                await kept.client.mail(sender)
                return kept.client
        progress.stage = _Stage.CONNECTING
        client = await connect(self._settings, self._context, self._stationery.domain)
        progress.stage = _Stage.ENVELOPE
        with _closed_on_error(client):
            await client.mail(sender)
        return client


@dataclass(frozen=True, slots=True)
class _Kept:
    """A connection between two letters; `dirty` means a refused one must be forgotten first."""

    client: SMTP
    since: float
    dirty: bool


@contextmanager
def _closed_on_error(client: SMTP) -> Iterator[None]:
    try:
        yield
    except BaseException:  # a cancelled command leaves an answer that the next would read
        _drop(client)
        raise


async def _data(client: SMTP, data: bytes, progress: _Progress) -> None:
    ready = await client.execute_command(b"DATA")
    if ready.code != SMTPStatus.start_input:
        raise SMTPDataError(ready.code, ready.message)
    if client.protocol is None:
        raise SMTPServerDisconnected("Connection lost")
    client.protocol.write(data)
    progress.stage = _Stage.CONTENT
    reply = await client.protocol.read_response()
    if reply.code != SMTPStatus.completed:
        raise SMTPDataError(reply.code, reply.message)


async def quit_politely(client: SMTP) -> None:
    """Say goodbye and close, whatever the relay does."""
    transport = client.transport
    with suppress(SMTPException, OSError):
        async with asyncio.timeout(QUIT_S):
            await client.quit()
    _drop(client, transport)


def _drop(client: SMTP, transport: asyncio.BaseTransport | None = None) -> None:
    """Close at once: a goodbye of TLS that the relay leaves unanswered would outlive the loop."""
    transport = transport or client.transport
    client.close()
    if transport is not None:
        cast("asyncio.WriteTransport", transport).abort()


def _outcome(error: Exception, stage: _Stage) -> Outcome:
    if isinstance(error, _NotOffered):
        return Outcome(
            OutcomeKind.MISCONFIGURED,
            f"{error.message}_not_offered",
            _("The relay does not offer {extension}, which the settings demand.").format(
                extension=error.message.upper()
            ),
        )
    if isinstance(error, SMTPResponseException) and 400 <= error.code < 600:
        return _refused(error, stage)
    if stage is _Stage.CONNECTING:
        return no_connection(error)
    code = "no_answer" if isinstance(error, TimeoutError) else "connection_lost"
    if stage is _Stage.ENVELOPE:
        return Outcome(
            OutcomeKind.TEMPORARY, code, _("The connection failed before the message left.")
        )
    return Outcome(
        OutcomeKind.UNKNOWN, code, _("The message may have been taken; no readable answer came.")
    )


def _refused(error: SMTPResponseException, stage: _Stage) -> Outcome:
    """Classify a 4xx or 5xx reply; its text stays here: it may quote the address."""
    enhanced = re.match(r"[45]\.[0-9]{1,3}\.[0-9]{1,3}\b", error.message)
    code = enhanced[0] if enhanced else str(error.code)
    if error.code in _AUTHENTICATION_CODES:
        kind = OutcomeKind.MISCONFIGURED
    elif error.code < 500:
        kind = OutcomeKind.TEMPORARY
    elif stage is _Stage.CONNECTING or isinstance(error, SMTPSenderRefused):
        kind = OutcomeKind.MISCONFIGURED  # it is us who are refused: every other letter would be
    else:
        kind = OutcomeKind.PERMANENT
    return Outcome(
        kind,
        code,
        _("SMTP reply {code}").format(code=error.code),
        one_recipient=isinstance(error, SMTPRecipientRefused) and bool(_MAILBOX_CODE.match(code)),
    )
