"""The statuses of the register as people call them; codes and JSON keep the words of the model."""

from __future__ import annotations

from umsalert.i18n import ngettext
from umsalert.model import ContactStatus, SiteStatus


def status_name(status: SiteStatus | ContactStatus, n: int = 1) -> str:
    """Return a status of the register as people call it, said of `n` sites or contacts."""
    return {
        SiteStatus.REQUESTED: ngettext("requested", "requested", n),
        SiteStatus.UNDER_REVIEW: ngettext("under review", "under review", n),
        SiteStatus.APPROVED: ngettext("approved", "approved", n),
        SiteStatus.SUSPENDED: ngettext("suspended", "suspended", n),
        SiteStatus.REFUSED: ngettext("refused", "refused", n),
        SiteStatus.CLOSED: ngettext("closed", "closed", n),
        ContactStatus.NAMED: ngettext("named", "named", n),
        ContactStatus.CERTIFIED: ngettext("certified", "certified", n),
        ContactStatus.EXPIRED: ngettext("card expired", "card expired", n),
        ContactStatus.ERASED: ngettext("erased", "erased", n),
        ContactStatus.REVOKED: ngettext("revoked", "revoked", n),
    }[status]


def stored_name(status: str) -> str:
    """Return a status that was read as text, as people call it."""
    known: type[SiteStatus | ContactStatus] = (
        SiteStatus if status in list(SiteStatus) else ContactStatus
    )
    return status_name(known(status))
