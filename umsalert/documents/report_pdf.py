"""A report as PDF: its page, printed. For a screen reader too: PDF/UA-1 (ISO 14289-1)."""

from __future__ import annotations

import io
import logging
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from umsalert.errors import ConfigurationError
from umsalert.i18n import _

if TYPE_CHECKING:
    from umsalert.documents.material import Material


def write(path: Path, material: Material) -> None:
    """Write the page of a report as PDF.

    Raises ConfigurationError where the library for it, an extra, or what it needs is missing.
    """
    from umsalert.documents.page import view

    try:
        import weasyprint
    except (ImportError, OSError) as error:  # OSError: Pango, a library of the system
        raise ConfigurationError(
            "pdf_not_installed",
            _("PDF needs a library that is not installed here: {name}.").format(
                name="weasyprint" if isinstance(error, ImportError) else "pango"
            ),
            hint=_(
                "Install umsalert[pdf], and on Debian: sudo apt-get install libpangoft2-1.0-0 "
                "libharfbuzz-subset0. Or take --format html and print it from a browser."
            ),
        ) from error
    # it tells of each rule of the page that is for browsers only
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    page = io.StringIO()
    view.write(page, material)
    document = weasyprint.HTML(string=page.getvalue(), url_fetcher=_nothing)
    document.write_pdf(path, pdf_variant="pdf/ua-1")


def _nothing(url: str) -> NoReturn:
    """Fetch nothing: the page has all that it needs, and words of guards may look like an image."""
    raise ValueError(url)
