"""Could we read the mailbox of answers? It is logged in to, its folder opened, and left."""

from __future__ import annotations

from collections.abc import Sequence

from umsalert.channels.mailbox.account import open_mailbox
from umsalert.errors import ConfigurationError, TemporaryError
from umsalert.i18n import _, ngettext
from umsalert.model import CheckResult, CheckStatus
from umsalert.settings import Settings

NAME = "imap"


async def examine(settings: Settings) -> Sequence[CheckResult]:
    """Connect, encrypt, log in, open the folder and look; nothing is read, marked or moved.

    Raises ConfigurationError for an unreadable `ca_file`.
    """
    imap = settings.imap
    if not imap.host:
        return ()
    mailbox = open_mailbox(settings)
    try:
        new = len(await mailbox.arrived())
    except (ConfigurationError, TemporaryError) as error:
        fix = error.hint or _("Try again later; then ask whoever runs the mail server.")
        return (CheckResult(NAME, CheckStatus.FAILED, error.message, fix),)
    finally:
        await mailbox.close()
    message = ngettext(
        "{host}:{port} answers; the login is accepted; {folder} holds {n} recent or unseen mail.",
        "{host}:{port} answers; the login is accepted; {folder} holds {n} recent or unseen mails.",
        new,
    ).format(host=imap.host, port=imap.port, folder=imap.folder, n=new)
    return (CheckResult(NAME, CheckStatus.OK, message),)
