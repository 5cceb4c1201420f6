"""`umsalert serve`: what can be wrong is found before listening; the stop is a clean one."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
import ssl
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from cryptography.x509 import load_pem_x509_certificates

from umsalert import wiring
from umsalert.errors import ConfigurationError, TemporaryError, UmsalertError
from umsalert.i18n import _, system_reason
from umsalert.settings import ServeSettings, Settings, is_loopback
from umsalert.web import connections
from umsalert.web.app import application
from umsalert.web.page.handlers import Page
from umsalert.web.page.offer import Offer

Ready = Callable[[str], None]

MAX_PORT = 65_535
HEADERS = [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
MAX_HEAD_BYTES = 16 * 1024
"""Of a request: its first line and its headers."""


async def serve_until_signal(settings: Settings, ready: Ready) -> None:
    """Serve until SIGTERM or Ctrl-C. Raises as `serve`."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await serve(settings, ready, stop)


async def serve(settings: Settings, ready: Ready, stop: asyncio.Event) -> None:
    """Serve until `stop` is set; then finish requests, apply what is pending, close the store.

    `ready` is called with the address once connections are taken; port 0 becomes a free one.
    Raises, before that, ConfigurationError (a setting, a certificate, the address), DatabaseError
    or TemporaryError (the port is in use).
    """
    tls = _tls_context(settings.serve)
    async with wiring.open_store(settings) as store:
        receiver = wiring.receiver(settings, store)
        collector = wiring.collector(settings, store)
        page = Page(store.answers, _offer(settings), wiring.clock(settings))
        await store.inbox.pending(1)  # opens the file: one that cannot be trusted is refused here
        with _listen(settings.serve) as listener:
            server = _Server(
                uvicorn.Config(
                    application(receiver, store.inbox, page.routes(), collector),
                    http=connections.protocol(connections.most_connections()),
                    h11_max_incomplete_event_size=MAX_HEAD_BYTES,
                    ws="none",
                    lifespan="on",
                    log_config=None,
                    log_level="error",  # what anybody can send fills no log
                    access_log=False,  # it would write tokens, references and addresses
                    proxy_headers=bool(settings.serve.proxies),
                    forwarded_allow_ips=list(settings.serve.proxies),
                    server_header=False,
                    headers=HEADERS,
                    ssl_context_factory=None if tls is None else lambda _config, _default: tls,
                )
            )
            ready(_url(settings.serve, listener))
            async with asyncio.TaskGroup() as group:
                group.create_task(server.serve(sockets=[listener]))
                await stop.wait()
                server.should_exit = True


def _offer(settings: Settings) -> Offer:
    folders = wiring.template_folders(settings)
    return Offer(folders, settings.alert.callback_number, wiring.clock(settings).steady_s)


def needs_proxy(serve: ServeSettings) -> bool:
    """Say whether other machines could connect in the clear."""
    return serve.cert_file is None and not is_loopback(serve.host)


class _Server(uvicorn.Server):
    """Leaves signals to the caller: uvicorn would raise them anew while our store is open."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]  # a generator's context manager there, any here
        return nullcontext()


def _url(serve: ServeSettings, listener: socket.socket) -> str:
    scheme = "http" if serve.cert_file is None else "https"
    host = _bare(serve.host)
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"


def _bare(host: str) -> str:
    return host.strip("[]")


def _listen(serve: ServeSettings) -> socket.socket:
    host = _bare(serve.host)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        if not 0 <= serve.port <= MAX_PORT:
            raise ValueError(_("ports end at {max_port}").format(max_port=MAX_PORT))
        return socket.create_server((host, serve.port), family=family)
    except (OSError, ValueError) as error:
        raise _not_listening(serve, error) from error


def _not_listening(serve: ServeSettings, error: Exception) -> UmsalertError:
    number = getattr(error, "errno", None) or 0
    if number == errno.EADDRINUSE:
        return TemporaryError(
            "port_in_use",
            _("Port {port} of {host} is in use by another program.").format(
                port=serve.port, host=serve.host
            ),
            hint=_("Stop that program (ss -ltnp names it), or choose another port with --port."),
        )
    return ConfigurationError(
        "address_unusable",
        _("umsalert cannot listen on {host}, port {port}: {reason}.").format(
            host=serve.host,
            port=serve.port,
            reason=_refusal(number, error),
        ),
        hint=_(
            "Correct serve.host and serve.port; a port below 1024 needs the administrator's rights."
        ),
    )


def _refusal(number: int, error: Exception) -> str:
    if number < 0:  # a name's error, which `socket.create_server` words for programmers
        return _("no such name or address")
    return system_reason(error) if isinstance(error, OSError) else str(error)


def _tls_context(serve: ServeSettings) -> ssl.SSLContext | None:
    """Return what TLS needs, None without a certificate. Raises ConfigurationError."""
    if serve.cert_file is None:
        if serve.key_file is None:
            return None
        raise ConfigurationError(
            "certificate_missing",
            _("serve.key_file is set and serve.cert_file is not."),
            hint=_("Set both, or neither."),
        )
    pem = _read(serve.cert_file)
    if serve.key_file is not None:
        _read(serve.key_file)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        # Without a password of ours, OpenSSL would ask for one at the terminal.
        context.load_cert_chain(serve.cert_file, serve.key_file, password="")
        certificate = load_pem_x509_certificates(pem)[0]
    except (ssl.SSLError, ValueError) as error:
        raise ConfigurationError(
            "certificate_invalid",
            _("{cert_file} and its key are no matching pair of unencrypted PEM files.").format(
                cert_file=serve.cert_file
            ),
            hint=_("Correct serve.cert_file (the chain, ours first) and serve.key_file."),
        ) from error
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not start <= datetime.now(UTC) <= end:
        raise ConfigurationError(
            "certificate_expired",
            _(
                "{cert_file} is valid from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC."
            ).format(cert_file=serve.cert_file, start=start, end=end),
            hint=_("Renew the certificate, or correct the clock of this machine."),
        )
    return context


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            "certificate_unreadable",
            _("{file} cannot be read: {reason}.").format(file=file, reason=system_reason(error)),
            hint=_("Correct serve.cert_file and serve.key_file, or the mode of the file."),
        ) from error
