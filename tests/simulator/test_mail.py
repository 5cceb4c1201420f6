"""The mail relay: TLS and a login, then everything is taken."""

from __future__ import annotations

import asyncio
import ssl
from email.message import EmailMessage
from typing import Any

import aiosmtplib
import pytest

from tests.simulator.actors import Customer, Start
from umsalert.simulator.keys import SMTP_USERNAME


def message() -> EmailMessage:
    message = EmailMessage()
    message["From"] = "alerte@police.example"
    message["To"] = "garde@site.example"
    message["Subject"] = "EXERCICE : personne recherchée"
    message["Message-ID"] = "<20260105-1807-a-1@police.example>"
    message.set_content("Restez sur votre site.\n")
    message.add_alternative("<p>Restez sur votre site.</p>\n", subtype="html")
    return message


def client(customer: Customer, **options: Any) -> aiosmtplib.SMTP:
    return aiosmtplib.SMTP(
        hostname="localhost",
        port=customer.simulator.smtp_port,
        tls_context=ssl.create_default_context(cafile=customer.keys.ca_file),
        **options,
    )


@pytest.mark.parametrize("implicit_tls", [False, True])
async def test_a_mail_is_recorded(start: Start, implicit_tls: bool) -> None:
    """Envelope, headers and both bodies stand in the record, by STARTTLS or implicit TLS."""
    customer = await start(smtp_implicit_tls=implicit_tls)
    async with client(customer, use_tls=implicit_tls, start_tls=not implicit_tls) as smtp:
        await smtp.login(SMTP_USERNAME, customer.keys.smtp_password())
        await smtp.sendmail("bounce+1@police.example", ["garde@site.example"], message().as_bytes())
    (mail,) = customer.simulator.record.emails
    assert mail.mail_from == "bounce+1@police.example"
    assert mail.rcpt_to == ["garde@site.example"]
    assert mail.headers["Subject"] == "EXERCICE : personne recherchée"
    assert mail.headers["Message-ID"] == "<20260105-1807-a-1@police.example>"
    assert mail.text == "Restez sur votre site.\n"
    assert mail.html == "<p>Restez sur votre site.</p>\n"


@pytest.mark.parametrize(("user", "password"), [(SMTP_USERNAME, "wrong"), ("other", None)])
@pytest.mark.parametrize("implicit_tls", [False, True])
async def test_a_wrong_login_is_refused(
    start: Start, implicit_tls: bool, user: str, password: str | None
) -> None:
    """Neither the name nor the password alone opens the relay."""
    customer = await start(smtp_implicit_tls=implicit_tls)
    async with client(customer, use_tls=implicit_tls, start_tls=not implicit_tls) as smtp:
        with pytest.raises(aiosmtplib.SMTPAuthenticationError) as caught:
            await smtp.login(user, password or customer.keys.smtp_password())
        assert caught.value.code == 535
        with pytest.raises(aiosmtplib.SMTPSenderRefused) as refused:
            await smtp.sendmail("a@police.example", ["b@site.example"], message().as_bytes())
        assert refused.value.code == 530
    assert not customer.simulator.record.emails


async def test_nothing_is_taken_in_clear(customer: Customer) -> None:
    """Without STARTTLS there is no login and no mail."""
    async with client(customer, start_tls=False) as smtp:
        await smtp.ehlo()
        assert smtp.supports_extension("starttls")
        assert not smtp.supports_extension("auth")
        with pytest.raises(aiosmtplib.SMTPSenderRefused) as refused:
            await smtp.sendmail("a@police.example", ["b@site.example"], message().as_bytes())
        assert refused.value.code == 530


async def test_a_client_that_dies_in_its_handshake_is_no_news(
    customer: Customer, caplog: pytest.LogCaptureFixture
) -> None:
    """A program that was killed while it connected leaves no traceback on an officer's screen."""
    reader, writer = await asyncio.open_connection("localhost", customer.simulator.smtp_port)
    for line in (b"EHLO localhost\r\n", b"STARTTLS\r\n"):
        writer.write(line)
        await reader.readuntil(b"\n")
    await reader.readuntil(b"220 Ready to start TLS\r\n")
    writer.write(b"\x16\x03\x01")  # a handshake begins
    await writer.drain()
    writer.transport.abort()
    async with client(customer, start_tls=True) as smtp:  # the next one is served as ever
        await smtp.noop()
    assert caplog.messages == []


async def test_stopping_hangs_up(customer: Customer) -> None:
    """A client that stays connected does not keep the simulator from ending."""
    smtp = client(customer, start_tls=True)
    await smtp.connect()
    await customer.simulator.stop()
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await smtp.noop()
