"""Starting, refusing to start, and stopping."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import ssl
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from tests.support import accept, claim, make_alert
from tests.web.conftest import running
from tests.web.vonage import receipt, signature
from umsalert.errors import ConfigurationError, DatabaseError, TemporaryError, UmsalertError
from umsalert.model import ChannelKind
from umsalert.settings import Secret, ServeSettings, Settings, VonageSettings
from umsalert.store.store import Store
from umsalert.web import server

HEAD = """\
POST /webhooks/vonage/message-status HTTP/1.1\r
Host: localhost\r
Authorization: {authorization}\r
Content-Length: {length}\r
Expect: 100-continue\r
\r
"""


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Return the authority that clients trust."""
    return trustme.CA()


async def refusal(settings: Settings) -> UmsalertError:
    """Return the error that keeps the server from starting."""

    def ready(_url: str) -> None:
        raise AssertionError("the server has started")

    with pytest.raises(UmsalertError) as raised:
        await server.serve(settings, ready, asyncio.Event())
    assert raised.value.hint
    return raised.value


def certificate(
    settings: Settings, authority: trustme.CA, not_after: datetime | None = None
) -> Settings:
    """Return settings with a certificate for localhost."""
    leaf = authority.issue_cert("localhost", not_after=not_after)
    cert_file, key_file = settings.home / "cert.pem", settings.home / "key.pem"
    cert_file.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    key_file.write_bytes(leaf.private_key_pem.bytes())
    return settings._replace(serve=settings.serve._replace(cert_file=cert_file, key_file=key_file))


async def test_tls(settings: Settings, authority: trustme.CA) -> None:
    """With a certificate the server speaks TLS, and its address says so."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    at_localhost = settings._replace(serve=ServeSettings("localhost", 0))
    async with (
        running(certificate(at_localhost, authority)) as serving,
        serving.client.get(f"{serving.url}/health", ssl=context) as response,
    ):
        assert serving.url.startswith("https://localhost:")
        assert response.status == 200


async def test_ipv6(settings: Settings) -> None:
    """An IPv6 address is listened on and written as URLs have it."""
    async with (
        running(settings._replace(serve=ServeSettings("::1", 0))) as serving,
        serving.client.get(f"{serving.url}/health") as response,
    ):
        assert serving.url.startswith("http://[::1]:")
        assert response.status == 200


async def test_signals_belong_to_the_caller(settings: Settings) -> None:
    """A program that serves beside its own work keeps its own signal handlers."""
    before = signal.getsignal(signal.SIGTERM)
    async with running(settings) as serving, serving.client.get(f"{serving.url}/health"):
        assert signal.getsignal(signal.SIGTERM) is before


async def test_expired_certificate(settings: Settings, authority: trustme.CA) -> None:
    """An expired certificate is refused with its dates."""
    end = datetime.now(UTC) - timedelta(days=1)
    error = await refusal(certificate(settings, authority, end))
    assert (type(error), error.code) == (ConfigurationError, "certificate_expired")
    assert f"{end:%Y-%m-%d}" in error.message


async def test_missing_key_file(settings: Settings, authority: trustme.CA) -> None:
    """A file that cannot be read is named."""
    settings = certificate(settings, authority)
    (settings.home / "key.pem").unlink()
    error = await refusal(settings)
    assert (type(error), error.code) == (ConfigurationError, "certificate_unreadable")
    assert "key.pem" in error.message


async def test_other_key(settings: Settings, authority: trustme.CA) -> None:
    """A key that does not belong to the certificate is refused."""
    settings = certificate(settings, authority)
    authority.issue_cert("localhost").private_key_pem.write_to_path(settings.home / "key.pem")
    error = await refusal(settings)
    assert (type(error), error.code) == (ConfigurationError, "certificate_invalid")


async def test_encrypted_key(settings: Settings, authority: trustme.CA) -> None:
    """An encrypted key is refused instead of asking for its password at the terminal."""
    settings = certificate(settings, authority)
    key_file = settings.home / "key.pem"
    key = load_pem_private_key(key_file.read_bytes(), None)
    encryption = BestAvailableEncryption(b"password")
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    error = await refusal(settings)
    assert (type(error), error.code) == (ConfigurationError, "certificate_invalid")


async def test_key_without_certificate(settings: Settings) -> None:
    """A key alone is refused: the server would speak in the clear."""
    serve = settings.serve._replace(key_file=settings.home / "key.pem")
    error = await refusal(settings._replace(serve=serve))
    assert (type(error), error.code) == (ConfigurationError, "certificate_missing")


async def test_no_secret(settings: Settings) -> None:
    """Without the signature secret nothing could be verified, so nothing is served."""
    vonage = settings.vonage._replace(signature_secret=Secret(""))
    error = await refusal(settings._replace(vonage=vonage))
    assert isinstance(error, ConfigurationError)
    assert "vonage.signature_secret" in error.message


async def test_the_page_needs_no_provider(settings: Settings) -> None:
    """Guards who get e-mail only answer by their link: no webhook is needed for that."""
    page_only = settings._replace(vonage=VonageSettings())
    page_only = page_only._replace(serve=settings.serve._replace(public_url="https://a.example"))
    async with running(page_only) as serving:
        assert (await serving.say("message-status", {})).status == 404
        async with serving.client.get(f"{serving.url}/r/{'A' * 22}") as response:
            assert response.status == 404
            assert "Lien inconnu" in await response.text()


async def test_no_database(settings: Settings, tmp_path: Path) -> None:
    """A database that is missing or none of ours is refused before listening."""
    other = tmp_path / "other.db"
    error = await refusal(settings._replace(database=other))
    assert (type(error), error.code) == (DatabaseError, "database_missing")
    other.write_bytes(b"no database" * 100)
    assert isinstance(await refusal(settings._replace(database=other)), DatabaseError)


async def test_port_in_use(settings: Settings) -> None:
    """A port that is taken is named, and the same command may work later."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        error = await refusal(settings._replace(serve=ServeSettings(port=port)))
    assert (type(error), error.code) == (TemporaryError, "port_in_use")
    assert str(port) in error.message


@pytest.mark.parametrize(("host", "port"), [("192.0.2.1", 0), ("127.0.0.1", 70_000)])
async def test_no_such_address(settings: Settings, host: str, port: int) -> None:
    """An address that this machine does not have is a setting to correct."""
    error = await refusal(settings._replace(serve=ServeSettings(host, port)))
    assert (type(error), error.code) == (ConfigurationError, "address_unusable")
    assert host in error.message
    assert "[Errno" not in error.message


def test_needs_proxy(tmp_path: Path) -> None:
    """Only an address that other machines can reach in the clear needs a TLS proxy."""
    public = ServeSettings("0.0.0.0")  # noqa: S104 - the case in question
    assert server.needs_proxy(public)
    assert not server.needs_proxy(public._replace(cert_file=tmp_path / "cert.pem"))
    assert not server.needs_proxy(ServeSettings("::1"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
async def test_stop_finishes_what_is_in_flight(
    settings: Settings, store: Store, number: signal.Signals
) -> None:
    """A stop takes no new connection, answers the request in flight, and applies what it said."""
    alert = await make_alert(store, ChannelKind.SMS)
    outgoing = await claim(store, alert, ChannelKind.SMS)
    await accept(store, outgoing)
    body = json.dumps(receipt(outgoing[0].reference, "delivered")).encode()
    async with program(settings) as (child, stderr):
        first = (await stderr.readline()).decode()
        assert first.startswith("Listening on http://127.0.0.1:"), await stderr.read()
        port = int(first.rpartition(":")[2])

        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HEAD.format(authorization=signature(body), length=len(body)).encode())
        assert b" 100 " in await reader.readuntil(b"\r\n\r\n")
        child.send_signal(number)
        await refused(port)
        writer.write(body)
        assert (await reader.readline()).split()[1] == b"200"
        writer.close()

        rest = (await stderr.read()).decode()
        assert (await child.wait(), rest.partition(";")[0]) == (0, "Stopped"), rest
    states = [row.state for row in await store.record.deliveries(alert.id)]
    assert states == ["delivered", "accepted"]


@contextlib.asynccontextmanager
async def program(settings: Settings) -> AsyncIterator[tuple[Process, asyncio.StreamReader]]:
    """Run `umsalert serve` on a free port; it does not outlive its test."""
    environment = {
        "UMSALERT_DATABASE": str(settings.database),
        "UMSALERT_VONAGE_APPLICATION_ID": settings.vonage.application_id,
        "UMSALERT_VONAGE_SIGNATURE_SECRET": settings.vonage.signature_secret,
        "UMSALERT_VONAGE_WEBHOOK_URL": settings.vonage.webhook_url,
    }
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "umsalert", "serve", "--port", "0"),
        stderr=PIPE,
        env=os.environ | environment,
    )
    assert child.stderr
    try:
        yield child, child.stderr
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


async def refused(port: int) -> None:
    """Connect again and again until nobody listens."""
    async with asyncio.timeout(10):
        while True:
            try:
                _reader, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                return
            except ConnectionResetError:  # the port was closed before it was accepted
                continue
            writer.close()
            await asyncio.wait([asyncio.create_task(writer.wait_closed())])
