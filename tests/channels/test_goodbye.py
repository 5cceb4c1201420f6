"""A command may end while a relay still thinks about its goodbye."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import warnings
from collections.abc import Iterator

import pytest
import trustme

from umsalert.channels import smtp
from umsalert.cli.busy import loop_factory
from umsalert.settings import SmtpSettings


@pytest.fixture
def relay() -> Iterator[tuple[SmtpSettings, ssl.SSLContext]]:
    """Yield a relay that answers QUIT, and the end of TLS never; and whom it trusts."""
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(server)
    authority.configure_trust(client)
    over = threading.Event()

    def talk(listening: socket.socket) -> None:
        raw, _address = listening.accept()
        with server.wrap_socket(raw, server_side=True) as line:
            line.sendall(b"220 here\r\n")
            for command in line.makefile("rb"):
                line.sendall(b"221 bye\r\n" if command.startswith(b"QUIT") else b"250 here\r\n")
                if command.startswith(b"QUIT"):
                    over.wait(5)
                    return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=talk, args=(listening,))
        thread.start()
        port = listening.getsockname()[1]
        yield SmtpSettings(host="localhost", port=port, security="tls"), client
        over.set()
        thread.join()


def test_no_connection_outlives_the_loop(relay: tuple[SmtpSettings, ssl.SSLContext]) -> None:
    """The faster loop cannot close while one is open on which the relay answers: a bug for us."""
    settings, context = relay

    async def work() -> None:
        await smtp.quit_politely(await smtp.connect(settings, context, "station.example"))

    with warnings.catch_warnings(record=True) as left:
        warnings.simplefilter("always")
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(work())
    assert not [str(it.message) for it in left if issubclass(it.category, ResourceWarning)]
