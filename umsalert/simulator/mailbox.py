"""The mailbox that answers and bounces come to: an IMAP server on this machine, in memory."""

from __future__ import annotations

import asyncio
import logging
import ssl
from argparse import Namespace
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from proxyprotocol.sock import SocketInfoLocal
from pymap.backend.dict import Config, Login
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.user import Passwords, UserMetadata
from pysasl.hashing import BuiltinHash

# It writes what goes over the wire at DEBUG, and of a connection that is cut a traceback.
logging.getLogger("pymap").setLevel(logging.CRITICAL)

INBOX = "INBOX"


@dataclass(frozen=True, slots=True)
class MailboxConfig:
    """How the mailbox is reached. `implicit_tls` False: by STARTTLS, which cannot be left out."""

    port: int
    username: str
    password: str = field(repr=False)
    implicit_tls: bool = True


class _Config(Config):
    """Keeps the library from asking the machine for its name, which a resolver may not know."""

    @property
    def greeting(self) -> bytes:
        return b"umsalert simulator"


class MailboxServer:
    """An IMAP server with one mailbox on 127.0.0.1, in the running loop. For `async with`.

    What it holds outlives its end: it can be entered again.
    """

    def __init__(self, config: MailboxConfig, tls: ssl.SSLContext) -> None:
        """Let `config.username` in, over `tls` only."""
        self.port = config.port
        self._given = config
        self._tls = tls
        self._config = _Config(
            Namespace(passlib_cfg=None, proxy_protocol=None),
            host=None,
            port=0,
            ssl_context=tls,
            tls_enabled=not config.implicit_tls,
            hash_context=BuiltinHash(rounds=1),  # of a password that opens nothing else
            reject_dnsbl=False,
            demo_data=False,
            demo_user=config.username,
            demo_password=config.password,
        )
        self._login = Login(self._config)
        self._clients: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._config.apply_context()
        if not self._login.users_dict:
            password = await Passwords(self._config).hash_password(self._given.password)
            user = UserMetadata(self._config, self._given.username, password=password)
            await self._login.demo_user_identity.set(user)
        self._server = await asyncio.start_server(
            self._serve,
            "127.0.0.1",
            self.port,
            ssl=self._tls if self._given.implicit_tls else None,
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_exc: object) -> None:
        self._server.close()
        for client in list(self._clients):
            client.transport.abort()
        await self._server.wait_closed()

    async def put(self, mail: bytes, at: datetime, folder: str = INBOX) -> None:
        """Deliver a mail."""
        async with self._login.demo_user_identity.new_session() as session:
            mailbox = await session.mailbox_set.get_mailbox(folder)
            await mailbox.append(AppendMessage(mail, at, frozenset()), recent=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.add(writer)
        answer = IMAPServer(self._login, self._config)
        try:
            with suppress(OSError):  # a client that is gone
                await answer(reader, writer, SocketInfoLocal(writer, unique_id=b"", dnsbl=None))
        finally:
            self._clients.discard(writer)
            writer.close()
