"""What every channel shares below its protocol: TLS, and why no connection came about."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path

from umsalert.errors import ConfigurationError
from umsalert.i18n import _
from umsalert.model import Outcome, OutcomeKind


async def client_context(ca_file: Path | None) -> ssl.SSLContext:
    """Return a verifying TLS context, made off the loop: reading the system's CAs takes 20 ms.

    With `ca_file` only that authority is trusted. Raises ConfigurationError when it is unreadable.
    """
    try:
        return await asyncio.to_thread(ssl.create_default_context, cafile=ca_file)
    except (OSError, ValueError) as error:  # SSLError is an OSError
        raise ConfigurationError(
            "ca_file_invalid",
            _("The certificate authority {file} cannot be read.").format(file=ca_file),
            hint=_("Give ca_file a readable PEM file with the authority's certificate."),
        ) from error


def sentence(outcome: Outcome) -> str:
    """Return what happened in words: the detail, else what the code of `no_connection` means."""
    words = {
        "dns_failed": _("The name of the server is not known."),
        "connect_timeout": _("The server did not answer in time."),
        "connection_refused": _("Nothing listens at this port of the server."),
        "tls_handshake": _("No encrypted connection came about: is it the right port?"),
        "connection_failed": _("The server could not be reached."),
    }
    return outcome.detail or words.get(outcome.code, outcome.code)


def no_connection(error: BaseException) -> Outcome:
    """Return the outcome of a connection that was never made: nothing has left this machine.

    A refused certificate is for a person to mend and no reason to try again; all else is.
    """
    causes = _causes(error)
    for cause in reversed(causes):  # the innermost is OpenSSL's own and knows the reason
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Outcome(
                OutcomeKind.MISCONFIGURED,
                "tls_certificate",
                _("The server's certificate is refused: {reason}.").format(reason=_reason(cause)),
            )
    for kind, code in _CODES:
        if any(isinstance(cause, kind) for cause in causes):
            return Outcome(OutcomeKind.UNREACHABLE, code)
    return Outcome(OutcomeKind.UNREACHABLE, "connection_failed")


class Withdrawn(Exception):
    """Raised inside a hand-over that must not leave any more."""

    outcome = Outcome(OutcomeKind.WITHDRAWN, "withdrawn")


_CODES: tuple[tuple[type[BaseException], str], ...] = (
    (socket.gaierror, "dns_failed"),
    (TimeoutError, "connect_timeout"),
    (ConnectionRefusedError, "connection_refused"),
    (ssl.SSLError, "tls_handshake"),
)


def _causes(error: BaseException) -> list[BaseException]:
    found = [error]
    while found[-1].__cause__ is not None:
        found.append(found[-1].__cause__)
    return found


def _reason(error: ssl.SSLCertVerificationError) -> str:
    """Name the three usual reasons; the numbers are OpenSSL's X509_V_ERR_*."""
    match error.verify_code:
        case 10:
            return _("it has expired")
        case 62 | 64:
            return _("it belongs to another host")
        case 2 | 18 | 19 | 20 | 21:
            return _("its authority is unknown; see ca_file")
        case _:
            return str(error.verify_message)
