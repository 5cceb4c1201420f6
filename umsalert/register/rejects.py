"""The rows that were left out, as a CSV to correct and import again."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from typing import TextIO

from umsalert.errors import Problem
from umsalert.i18n import titled
from umsalert.register.headers import REASON
from umsalert.register.reading import Reading
from umsalert.spreadsheets import neutralise

ENCODING = "utf-8-sig"
"""The mark tells a spreadsheet that it is UTF-8."""


def write_rejects(
    out: TextIO, reading: Reading[object], rejected: Mapping[int, Sequence[Problem]]
) -> int:
    """Write the rows of these lines in the file's own columns, why in a last one; return how many.

    Formulas are neutralised; reading undoes that. `out` is opened with newline="".
    """
    writer = csv.writer(out, delimiter=reading.delimiter)
    writer.writerow([*_cells(reading.header), REASON])
    count = 0
    for cells, problems in _rejected(reading, rejected):
        writer.writerow([*_cells(cells), neutralise(_reason(problems))])
        count += 1
    return count


def _rejected(
    reading: Reading[object], rejected: Mapping[int, Sequence[Problem]]
) -> Iterator[tuple[Sequence[str], Sequence[Problem]]]:
    for line in reading.lines():
        if problems := rejected.get(line.number):
            cells = list(line.cells) if not line.problem else [line.raw]
            kept = reading.without_reason(cells)
            yield kept + [""] * (len(reading.header) - len(kept)), problems


def _cells(cells: Sequence[str]) -> list[str]:
    return [neutralise(cell) for cell in cells]


def _reason(problems: Sequence[Problem]) -> str:
    return " ".join(
        titled(name, problem.message) if name else problem.message
        for problem in problems
        for name in (problem.header or problem.column,)
    )
