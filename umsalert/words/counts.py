"""How many: a number with its noun, so that a sentence may have two of them."""

from __future__ import annotations

from umsalert.i18n import _, ngettext


def people(n: int) -> str:
    """Return a number of people."""
    return ngettext("{n} person", "{n} people", n).format(n=n)


def sites(n: int) -> str:
    """Return a number of sites."""
    return ngettext("{n} site", "{n} sites", n).format(n=n)


def people_at_sites(people_n: int, sites_n: int) -> str:
    """Return a number of people, and of the sites where they are."""
    return _("{people} at {sites}").format(people=people(people_n), sites=sites(sites_n))


def waiting(n: int, ref: str) -> str:
    """Say that messages of an alert are queued, and how to go on."""
    return ngettext(
        "{n} message is still queued. Go on with: umsalert alert resume {ref}",
        "{n} messages are still queued. Go on with: umsalert alert resume {ref}",
        n,
    ).format(n=n, ref=ref)
