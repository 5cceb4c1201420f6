"""An Excel workbook written row by row: it takes the same memory whatever it holds."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from umsalert.i18n import language
from umsalert.spreadsheets import neutralise
from umsalert.words.plain import printable

ROWS = 1_048_576
"""A sheet has no more; what is longer goes on in another one."""
CELL_CHARS = 32_767


@dataclass(frozen=True, slots=True)
class Title:
    """The head of a column, and how wide it is in characters."""

    text: str
    width: int = 12


class Workbook:
    """A workbook that is being written. Times are shown in one time zone."""

    def __init__(self, book: Any, time_zone: str, mark: str = "") -> None:  # noqa: ANN401 - it carries no types
        """Use an open workbook of the library."""
        self._book = book
        self._mark = mark
        self._zone = ZoneInfo(time_zone)
        day = "dd/mm/yyyy" if language() == "fr" else "yyyy-mm-dd"
        self._time = book.add_format({"num_format": f"{day} hh:mm:ss"})
        self._head = book.add_format({"bold": True, "bottom": 1})
        self._inert = book.add_format({"quote_prefix": True})

    def sheet(self, name: str, titles: Sequence[Title], rows: Iterable[Sequence[object]]) -> None:
        """Write a sheet with a frozen line of titles, and more of them where it is full."""
        left, number = iter(rows), 0
        while True:
            number += 1
            marked = f"{self._mark} {name}".strip()
            sheet = self._book.add_worksheet(marked if number == 1 else f"{marked} {number}")
            if self._mark:
                sheet.set_header(f"&C{self._mark}")
                sheet.set_footer(f"&C{self._mark}")
                sheet.set_tab_color("#FFC000")
            for place, title in enumerate(titles):
                sheet.set_column(place, place, title.width)
                sheet.write_string(0, place, title.text, self._head)
            sheet.freeze_panes(1, 0)
            last = 0
            for last, row in zip(range(1, ROWS), left, strict=False):
                for place, value in enumerate(row):
                    self._write(sheet, last, place, value)
            sheet.autofilter(0, 0, last, len(titles) - 1)
            if last < ROWS - 1:
                return

    def _write(self, sheet: Any, row: int, place: int, value: object) -> None:  # noqa: ANN401
        if value is None or value == "":
            return
        if isinstance(value, datetime):
            shown = value.astimezone(self._zone).replace(tzinfo=None)
            sheet.write_datetime(row, place, shown, self._time)
        elif isinstance(value, int | float):
            sheet.write_number(row, place, value)
        else:
            # A string is never run; the mark lets it stay one when somebody edits the cell.
            text = printable(str(value))[:CELL_CHARS]
            marked = self._inert if neutralise(text) is not text else None
            sheet.write_string(row, place, text, marked)


@contextlib.contextmanager
def writing(path: Path, title: str, time_zone: str, mark: str = "") -> Iterator[Workbook]:
    """Write a workbook to `path`; its parts wait beside it, for this account only.

    `mark` stands on the tab of every sheet, and on every page on paper. Raises OSError when it
    cannot be written.
    """
    import xlsxwriter
    from xlsxwriter.exceptions import FileCreateError

    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".umsalert-") as folder:
        book = xlsxwriter.Workbook(
            str(path),
            {
                "constant_memory": True,
                "tmpdir": folder,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        book.set_properties({"title": f"{mark} {title}".strip(), "author": "umsalert"})
        yield Workbook(book, time_zone, mark)
        try:
            book.close()
        except FileCreateError as error:
            (reason,) = error.args  # the OSError that it hides
            raise reason from error
