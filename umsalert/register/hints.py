"""What to do about each code, in one sentence."""

from __future__ import annotations

from umsalert.errors import Problem
from umsalert.i18n import _


def problem(
    code: str, message: str, *, row: int | None = None, column: str | None = None
) -> Problem:
    """Return a problem of a file or of a row's shape, with what to do."""
    return Problem(code, message, row=row, column=column, hint=hint(code))


def doubt(code: str, message: str) -> Problem:
    """Return a doubt about a whole file, with what to do."""
    return Problem(code, message, hint=hint(code))


def hint(code: str) -> str:
    """Return what to do; empty where the message says all."""
    return _hints().get(code, "")


def _hints() -> dict[str, str]:
    save = _("Save it from the spreadsheet as XLSX, or as CSV UTF-8.")
    header = _("Correct the header, or name the column in a mapping: --mapping FILE.toml")
    name_site = _("Write the ref of the site as in: umsalert site list")
    return {
        "card_shape": _("Compare it with the card."),
        "column_missing": header,
        "column_repeated": _(
            "Remove one of the two columns, or list it under ignore in a mapping."
        ),
        "column_unknown": header,
        "column_unnamed": _("Give the column a name, or empty it."),
        "contact_unreachable": _("Add a mobile, a fixed line or an e-mail address."),
        "control_character": _("Type the cell again."),
        "encoding_assumed": _("Look at the accents below; another: --encoding"),
        "file_empty": save,
        "file_without_rows": _("Write at least one row below the header."),
        "format_unsupported": save,
        "geometry_invalid": _("Give the feature a Point: longitude first, then latitude."),
        "json_invalid": _("Export it again as GeoJSON."),
        "not_geojson": _("Export it as GeoJSON (RFC 7946): a FeatureCollection of Points."),
        "nul_byte": save,
        "postcode_elsewhere": _("Compare the postcode with the coordinates."),
        "postcode_zero_lost": _("Give the column the format Text in the spreadsheet."),
        "quotes_unpaired": _("Close the quotation mark, or write it twice."),
        "ref_invalid": _("Write for example NCE-001."),
        "row_incomplete": _("Add the column for the rows that are new."),
        "row_ragged": _("Look for a decimal comma or a delimiter that needs quotation marks."),
        "site_unknown": name_site,
        "text_undecodable": save,
        "value_missing": _("Fill in the cell."),
        "value_too_long": _("Shorten the cell."),
        "workbook_damaged": _("Open it in the spreadsheet and save it again as XLSX."),
        "workbook_too_large": _("Copy the rows to a new workbook, or save it as CSV UTF-8."),
    }
