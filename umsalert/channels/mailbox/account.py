"""One mailbox over IMAP. The library blocks, so each question has a thread of its own.

A mail is new while it is unseen, and for two days after it came: somebody who opens the mailbox in
a mail program must not take an answer away from us. What was taken before is known by its key.
"""

from __future__ import annotations

import asyncio
import contextlib
import imaplib
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from imap_tools import OR, MailBox, MailBoxUnencrypted
from imap_tools.errors import (
    ImapToolsError,
    MailboxFolderSelectError,
    MailboxLoginError,
    UnexpectedCommandStatusError,
)
from imap_tools.idle import get_socket_poller
from imap_tools.mailbox import BaseMailBox

from umsalert.channels.mailbox.reading import MAX_BYTES, PROVIDER, mail
from umsalert.channels.network import client_context, no_connection, sentence
from umsalert.errors import ConfigurationError, TemporaryError, UmsalertError
from umsalert.i18n import _
from umsalert.model import OutcomeKind
from umsalert.ports import Mail
from umsalert.settings import ImapSettings, Settings

TIMEOUT_S = 15.0
"""Of every word that the server owes us."""

GOODBYE_S = 1.0
_LOOK_S = 0.5
"""How often a waiting thread looks whether we want to go."""
_MORE = "EXISTS"
"""How a server tells that there is more."""

RECENT = timedelta(days=2)

_FOR_NOW = re.compile(rb"\[(?:UNAVAILABLE|INUSE|LIMIT|SERVERBUG|CONTACTADMIN)\b", re.IGNORECASE)
"""RFC 5530: a login that is refused for another reason than its name and its password."""

_T = TypeVar("_T")


def open_mailbox(settings: Settings) -> ImapMailbox:
    """Return the mailbox of the settings; it is connected to once it is asked."""
    return ImapMailbox(settings.imap)


class ImapMailbox:
    """`ports.Mailbox` on an IMAP server."""

    provider = PROVIDER

    def __init__(self, settings: ImapSettings) -> None:
        self._settings = settings
        self._connection: _Connection | None = None
        self._taken: set[str] = set()

    async def arrived(self) -> Sequence[str]:
        """Return the UIDs of what is unseen or recent and was not taken yet, oldest first."""
        if self._connection is None:
            context = await client_context(self._settings.ca_file)
            # kept before it is open, so that `close` finds it whenever we are stopped
            self._connection = _Connection(self._settings, context)
            await self._ask(self._connection.open)
        uids = await self._ask(self._connection.search)
        self._taken &= set(uids)
        return [uid for uid in uids if uid not in self._taken]

    async def mail(self, name: str) -> Mail | None:
        """Return a mail, None where the server cannot give it; then it is not asked again."""
        found = await self._ask(lambda: self._open().fetch(name))
        if found is None:
            self._taken.add(name)
        return found

    async def taken(self, name: str) -> None:
        """Mark a mail as seen. Where that is not allowed we remember it till our end."""
        await self._ask(lambda: self._open().mark(name))
        self._taken.add(name)

    async def wait(self, seconds: float) -> None:
        """Let the server tell what comes, where it can; otherwise wait."""
        if not self._open().tells:
            await asyncio.sleep(seconds)
        else:
            await self._ask(lambda: self._open().idle(seconds))

    async def close(self) -> None:
        """Log out; a server that does not answer is left."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        goodbye = _in_thread(connection.close)
        await asyncio.wait([goodbye], timeout=GOODBYE_S)
        if not goodbye.done():
            connection.hang_up()
            await asyncio.wait([goodbye], timeout=GOODBYE_S / 2)

    def _open(self) -> _Connection:
        if self._connection is None:
            raise TemporaryError("not_connected", _("The mailbox is not open."))
        return self._connection

    async def _ask(self, question: Callable[[], _T]) -> _T:
        try:
            return await _in_thread(question)
        except (ImapToolsError, imaplib.IMAP4.error, OSError, ValueError) as error:
            raise failure(error, self._settings) from error


def failure(error: Exception, imap: ImapSettings) -> UmsalertError:
    """Return why a server could not be read; its own words stay here: they may quote a login."""
    where = {"host": imap.host, "port": imap.port}
    if isinstance(error, MailboxLoginError) and not _FOR_NOW.search(_words(error)):
        return ConfigurationError(
            "login_refused",
            _("{host}:{port} refuses the login of the mailbox.").format(**where),
            hint=_("Check imap.username and imap.password_file."),
        )
    if isinstance(error, MailboxFolderSelectError | imaplib.IMAP4.readonly):
        return ConfigurationError(
            "folder_refused",
            _(
                "{host}:{port} does not open the folder {folder} for us to mark what is read."
            ).format(folder=imap.folder, **where),
            hint=_("Check imap.folder: it is written as the server lists it."),
        )
    if isinstance(error, imaplib.IMAP4.abort):
        return TemporaryError(
            "connection_lost", _("The connection to {host}:{port} was lost.").format(**where)
        )
    if isinstance(error, OSError):
        return _unreachable(error, where)
    return TemporaryError(
        "imap_failed", _("{host}:{port} has not done what IMAP promises.").format(**where)
    )


def _unreachable(error: Exception, where: Mapping[str, object]) -> UmsalertError:
    outcome = no_connection(error)
    message = _("{host}:{port} cannot be read: {reason}").format(reason=sentence(outcome), **where)
    hint = _("Check imap.host, imap.port, imap.security and imap.ca_file, and the firewall.")
    kind = ConfigurationError if outcome.kind is OutcomeKind.MISCONFIGURED else TemporaryError
    return kind(outcome.code, message, hint=hint)


def _words(error: UnexpectedCommandStatusError) -> bytes:
    data = error.command_result[1]
    return b" ".join(item for item in data if isinstance(item, bytes))


class _Connection:
    """A connection, in the library's blocking words: one thread at a time has its turn."""

    def __init__(self, settings: ImapSettings, context: ssl.SSLContext) -> None:
        self._settings = settings
        self._context = context
        self._box: BaseMailBox | None = None
        self._turn = threading.Lock()
        self._leaving = threading.Event()
        self.tells = False

    def open(self) -> None:
        imap = self._settings
        with self._turn:
            self._box = box = self._connect()
            _login(box, imap)
            # What the library knows is of before the login.
            _typ, found = box.client.capability()
            self.tells = b"IDLE" in b" ".join(found).upper().split()
            box.folder.set(imap.folder)

    def search(self) -> list[str]:
        since = (datetime.now(UTC) - RECENT).date()
        with self._at_work() as box:
            box.client.untagged_responses.pop(_MORE, None)
            # without a charset: servers may refuse to hear of any
            return box.uids(OR(seen=False, date_gte=since), charset=None)

    def fetch(self, uid: str) -> Mail | None:
        what = f"(BODY.PEEK[]<0.{MAX_BYTES}> INTERNALDATE)"
        with self._at_work() as box:
            typ, found = box.client.uid("FETCH", uid, what)
        pairs = [item for item in found or () if isinstance(item, tuple)]
        if typ != "OK" or not pairs:
            return None
        around = b" ".join(item[0] if isinstance(item, tuple) else item for item in found)
        return mail(pairs[0][1], _arrived_at(around))

    def mark(self, uid: str) -> None:
        with self._at_work() as box:
            # not by the library's `flag`: it expunges, and we delete nothing, not for others either
            box.client.uid("STORE", uid, "+FLAGS.SILENT", r"(\Seen)")

    def idle(self, seconds: float) -> None:
        with self._at_work() as box:
            box.idle.start()  # type: ignore[no-untyped-call]
            told = _MORE in box.client.untagged_responses  # since the search
            end_s = time.monotonic() + seconds
            while not (told or self._leaving.is_set()) and (left_s := end_s - time.monotonic()) > 0:
                told = _readable(box.client.sock, min(_LOOK_S, left_s))
            box.idle.stop()  # type: ignore[no-untyped-call]

    def close(self) -> None:
        self._leaving.set()
        with self._turn:
            box, self._box = self._box, None
            if box is None:
                return
            with contextlib.suppress(ImapToolsError, imaplib.IMAP4.error, OSError, ValueError):
                box.logout()
            with contextlib.suppress(OSError, ValueError):
                box.client.shutdown()

    def hang_up(self) -> None:
        """End whatever a thread still waits for, so that the turn is free."""
        box = self._box
        if box is not None:
            with contextlib.suppress(OSError):
                box.client.sock.shutdown(socket.SHUT_RDWR)

    @contextlib.contextmanager
    def _at_work(self) -> Iterator[BaseMailBox]:
        with self._turn:
            if self._box is None:
                raise imaplib.IMAP4.abort("closed")
            yield self._box

    def _connect(self) -> BaseMailBox:
        imap = self._settings
        if imap.security == "tls":
            return MailBox(imap.host, imap.port, timeout=TIMEOUT_S, ssl_context=self._context)
        box = MailBoxUnencrypted(imap.host, imap.port, TIMEOUT_S)
        if imap.security == "starttls":
            try:
                box.client.starttls(self._context)
            except BaseException:
                with contextlib.suppress(OSError):
                    box.client.shutdown()
                raise
        return box


def _readable(sock: socket.socket, seconds: float) -> bool:
    """Wait for a word of the server and leave it there: `stop` reads it, as a whole line.

    The library's own `poll` reads without waiting, and takes half a line for a lost connection.
    """
    if isinstance(sock, ssl.SSLSocket) and sock.pending():
        return True
    return bool(get_socket_poller(sock, seconds))  # type: ignore[arg-type]  # any number will do


def _login(box: BaseMailBox, imap: ImapSettings) -> None:
    try:
        if (imap.username + imap.password).isascii():
            box.login(imap.username, imap.password, initial_folder=None)
        else:  # LOGIN takes ASCII only
            box.login_utf8(imap.username, imap.password, initial_folder=None)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        raise MailboxLoginError(("NO", [str(error).encode()]), "OK") from error


def _arrived_at(response: bytes) -> datetime:
    found = imaplib.Internaldate2tuple(response)
    try:
        # as the library has it: our zone's clock, which shows an hour of the year twice
        return datetime.fromtimestamp(time.mktime(found), UTC) if found else datetime.now(UTC)
    except (ValueError, OverflowError):
        return datetime.now(UTC)


def _in_thread(work: Callable[[], _T]) -> asyncio.Future[_T]:
    """Do `work` in a thread that nobody waits for at the end of the program."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[_T] = loop.create_future()

    def settle(result: _T | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # there is one where there is no error

    def run() -> None:
        result: _T | None = None
        error: BaseException | None = None
        try:
            result = work()
        except BaseException as caught:  # noqa: BLE001 - raised again where it is awaited
            error = caught
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, daemon=True, name="imap").start()
    return future
