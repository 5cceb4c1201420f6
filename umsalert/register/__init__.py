"""Sites and contacts as they come in: a file or single fields in, checked values out.

Pure: no network, no database. A file is a source of lines (`sources`), whose header is bound to
our columns (`headers`, `mapping`), whose rows are checked (`sites`, `contacts`) a batch at a time
(`reading`). What the register holds is asked through `ports.KnownRows`; what only the whole file
and the register can tell (`store/imports.py`) is checked there. docs/import.md has the columns and
the codes.
"""

from __future__ import annotations

from umsalert.register.contacts import ContactMaker, contact_from, edited_contact
from umsalert.register.places import Geocoder, Locating
from umsalert.register.reading import Manner, Reading
from umsalert.register.sites import SiteMaker, edited_site, site_from

__all__ = [
    "ContactMaker",
    "Geocoder",
    "Locating",
    "Manner",
    "Reading",
    "SiteMaker",
    "contact_from",
    "edited_contact",
    "edited_site",
    "site_from",
]
