"""The statuses of the register as people call them; codes and JSON keep the words of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from umsalert.i18n import ngettext

if TYPE_CHECKING:
    from umsalert.model import ContactStatus, SiteStatus


def status_name(status: SiteStatus | ContactStatus, n: int = 1) -> str:
    """Return a status of the register as people call it, said of `n` sites or contacts."""
    return {  # by its text: a list of sites needs nothing of contacts
        "requested": ngettext("requested", "requested", n),
        "under_review": ngettext("under review", "under review", n),
        "approved": ngettext("approved", "approved", n),
        "suspended": ngettext("suspended", "suspended", n),
        "refused": ngettext("refused", "refused", n),
        "closed": ngettext("closed", "closed", n),
        "named": ngettext("named", "named", n),
        "certified": ngettext("certified", "certified", n),
        "expired": ngettext("card expired", "card expired", n),
        "erased": ngettext("erased", "erased", n),
        "revoked": ngettext("revoked", "revoked", n),
    }[status.value]


def stored_name(status: str) -> str:
    """Return a status that was read as text, as people call it."""
    from umsalert.model import ContactStatus, SiteStatus

    known: type[SiteStatus | ContactStatus] = (
        SiteStatus if status in list(SiteStatus) else ContactStatus
    )
    return status_name(known(status))
