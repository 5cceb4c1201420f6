"""Sheets of Excel workbooks (XLSX), their cells as a person reads them."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import IO, TYPE_CHECKING, BinaryIO

from umsalert.errors import Problem, UsageError
from umsalert.i18n import _
from umsalert.register.sources.base import Line, UnreadableError

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

_MOST_BYTES = 2_000_000_000
_MOST_CELLS = 20_000_000
"""Of the rectangle around all that is filled in: the library keeps it in memory."""

_WHOLE_BELOW = 1e15
"""A spreadsheet keeps fifteen digits."""

_CHUNK = 1 << 20
_TAG = 200
"""So near is the < of a row."""
_ROW = re.compile(rb"""<(?:\w+:)?row\b[^>]{0,200}?\br=["']([0-9]{1,9})["']""")
# A pattern that begins with plain letters is looked for ten times as fast as one with \b.
_TWO_LETTERS = re.compile(rb"""r=(?<!\wr=)["'][A-Z]{2}[0-9]""")
_THREE_LETTERS = re.compile(rb"""r=(?<!\wr=)["'][A-Z]{3}[0-9]""")


class Workbook:
    """One sheet of a workbook."""

    delimiter = ";"
    warnings: tuple[Problem, ...] = ()

    def __init__(self, stream: BinaryIO, sheet: str | None) -> None:
        """Read a workbook. Raises UnreadableError; UsageError when it has no such sheet."""
        _refuse_huge(stream)
        self._sheet = _sheet(stream, sheet)

    def lines(self) -> Iterator[Line]:
        """Yield the rows that hold anything."""
        for number, row in enumerate(self._sheet.iter_rows(), start=1):
            cells = [cell if type(cell) is str else _text(cell) for cell in row]
            if any(cells) and any(cell.strip() for cell in cells):
                yield Line(number, cells)


def _text(value: object) -> str:
    """Return a cell's value as a person would type it."""
    if type(value) is float:  # nearly all that is no text
        # 612000000.0 is a number of nine digits; a long one keeps them all
        whole = value.is_integer() and abs(value) < _WHOLE_BELOW
        return str(int(value)) if whole else repr(value)
    match value:
        case bool():
            text = "true" if value else "false"
        case datetime():
            midnight = value.time() == time()
            text = value.date().isoformat() if midnight else value.isoformat(" ", "minutes")
        case date():
            text = value.isoformat()
        case time():
            text = value.isoformat("minutes")
        case timedelta():
            minutes = round(value.total_seconds() / 60)
            text = f"{minutes // 60:02d}:{minutes % 60:02d}"
        case _:
            text = str(value)
    return text


def _sheet(stream: BinaryIO, name: str | None) -> CalamineSheet:
    from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    try:
        stream.seek(0)
        book = CalamineWorkbook.from_filelike(stream)
        sheets = [sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
        visible = [sheet.name for sheet in sheets if sheet.visible == SheetVisibleEnum.Visible]
        names = [sheet.name for sheet in sheets]
        if name is not None and name not in names:
            raise UsageError(
                "sheet_unknown",
                _("The workbook has no sheet {name}.").format(name=name),
                hint=_("It has: {names}.").format(names=", ".join(names)),
            )
        if not names:
            raise UnreadableError("workbook_damaged", _("The workbook has no sheet with cells."))
        return book.get_sheet_by_name(name or (visible or names)[0])
    except (CalamineError, OSError, ValueError, RuntimeError):
        raise _damaged() from None
    except BaseException as error:
        # the library is Rust: what it did not foresee comes as a BaseException of its own
        if type(error).__name__ == "PanicException":
            raise _damaged() from None
        raise


def _damaged() -> UnreadableError:
    return UnreadableError("workbook_damaged", _("The Excel workbook is damaged."))


def _refuse_huge(stream: BinaryIO) -> None:
    """Refuse a workbook that would not fit into memory: a bomb, or one stray cell far away."""
    stream.seek(0)
    try:
        with zipfile.ZipFile(stream) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > _MOST_BYTES:
                raise _too_large()
            for entry in entries:
                if entry.filename.startswith("xl/worksheets/"):
                    with archive.open(entry) as part:
                        _refuse_wide(part)
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, EOFError, RuntimeError):
        raise _damaged() from None
    except zipfile.zlib.error:  # type: ignore[attr-defined]
        raise _damaged() from None


def _refuse_wide(part: IO[bytes]) -> None:
    last_row, width, kept, size = 0, 26, b"", 0
    while chunk := part.read(_CHUNK):
        size += len(chunk)
        text = kept + chunk
        last_row = max(last_row, _last_row(text))
        if width < 702 and _TWO_LETTERS.search(text):
            width = 702
        if width < 16_384 and _THREE_LETTERS.search(text):
            width = 16_384
        if last_row * width > _MOST_CELLS or size > _MOST_BYTES:
            raise _too_large()
        kept = text[-300:]


def _last_row(text: bytes) -> int:
    """Return the number of the last row that begins in a part of a sheet, 0 where none does."""
    at = len(text)
    while (at := text.rfind(b"row", 0, at)) > 0:
        start = text.rfind(b"<", max(0, at - _TAG), at)
        if start < 0:  # no sheet that a program has written
            rows = _ROW.findall(text)
            return int(rows[-1]) if rows else 0
        if row := _ROW.match(text, start):
            return int(row[1])
    return 0


def _too_large() -> UnreadableError:
    return UnreadableError(
        "workbook_too_large",
        _("The sheet has a cell far below or far to the right of all others, or is too large."),
    )
