"""Sites and contacts as they come in: CSV bytes or single fields in, checked values out.

Pure: no network, no database. What the register holds already is passed in, and everything wrong
with a file is reported at once (docs/import.md has the columns and the codes).
"""

from __future__ import annotations

from umsalert.register.contacts import (
    ContactContext,
    SiteDefaults,
    contact_from,
    edited_contact,
    read_contacts,
)
from umsalert.register.rows import Import
from umsalert.register.sites import edited_site, read_sites, site_from

__all__ = [
    "ContactContext",
    "Import",
    "SiteDefaults",
    "contact_from",
    "edited_contact",
    "edited_site",
    "read_contacts",
    "read_sites",
    "site_from",
]
