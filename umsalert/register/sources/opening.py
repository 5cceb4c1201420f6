"""Which kind of file it is, by what is in it."""

from __future__ import annotations

import zipfile
from typing import BinaryIO

from umsalert.errors import UsageError
from umsalert.i18n import _
from umsalert.register.sources.base import Options, Source, UnreadableError

_LOOKED_AT = 4096
_ZIP = b"PK\x03\x04"
_OTHERS = (
    (b"\xd0\xcf\x11\xe0", "Excel 97-2003 (.xls), or a workbook with a password"),
    (b"%PDF", "PDF"),
    (b"\x1f\x8b", "gzip"),
    (b"7z\xbc\xaf", "7-Zip"),
    (b"Rar!", "RAR"),
    (b"SQLite format 3\0", "SQLite"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"{\\rtf", "RTF"),
    (b"<", "XML / HTML"),
)
"""How files begin that are taken for lists by mistake. Proper names: not translated."""


def open_source(stream: BinaryIO, options: Options) -> Source:
    """Return what reads a file, which is open and can be sought in.

    Raises:
        UnreadableError: the file holds no table.
        UsageError: sheet_unknown, sheet_of_no_workbook, encoding_unknown, encoding_of_no_text:
            `options` do not fit it.
    """
    stream.seek(0)
    start = stream.read(_LOOKED_AT)
    if start.startswith(_ZIP):
        source = _workbook(stream, options)
        check_options(options, text=False, workbook=True)
        return source
    kind = next((name for begin, name in _OTHERS if start.lstrip().startswith(begin)), None)
    if kind:
        raise _unsupported(kind)
    if start.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"{", b"[")):
        from umsalert.register.sources.geojson import GeoJson

        check_options(options)
        return GeoJson(stream, points=options.points)
    from umsalert.register.sources.text import TextTable

    check_options(options, text=True)
    return TextTable(stream, options.encoding, options.headers)


def check_options(options: Options, *, text: bool = False, workbook: bool = False) -> None:
    """Raise UsageError when an option would be passed over in silence."""
    if options.sheet is not None and not workbook:
        raise UsageError(
            "sheet_of_no_workbook",
            _("--sheet goes with a workbook only, and the file is none."),
            hint=_("Leave --sheet away, or name the XLSX."),
        )
    if options.encoding is not None and not text:
        raise UsageError(
            "encoding_of_no_text",
            _("--encoding goes with a CSV file only, and the file is none."),
            hint=_("Leave --encoding away: a file of this kind has one encoding."),
        )


def _workbook(stream: BinaryIO, options: Options) -> Source:
    from umsalert.register.sources.workbook import Workbook

    try:
        with zipfile.ZipFile(stream) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError):
        raise UnreadableError(
            "workbook_damaged", _("The file begins like an Excel workbook and is none.")
        ) from None
    if "xl/workbook.xml" not in names:
        others = {"word/document.xml": "Word", "content.xml": "OpenDocument"}
        raise _unsupported(next((others[name] for name in names if name in others), "ZIP"))
    return Workbook(stream, options.sheet)


def _unsupported(kind: str) -> UnreadableError:
    message = _("The file is of another kind: {kind}.").format(kind=kind)
    return UnreadableError("format_unsupported", message)
