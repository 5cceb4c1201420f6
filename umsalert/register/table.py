"""CSV bytes to records of named cells, with the line each record starts on in an editor."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from umsalert.errors import Problem
from umsalert.i18n import _
from umsalert.spreadsheets import restore

PASSED_OVER = "status"
"""A column that an export has: nobody is vetted by a file."""

_DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a file may have, and the most characters that its cells may hold."""

    name: str
    limit: int
    required: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """One line of data, its cells by column name. `line` is where it starts, from 1."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """What a file holds.

    Attributes:
        records: those that have a cell for each column of the header.
        problems: everything wrong with the file's shape.
        total: how many records there are, broken ones included.
        sound: whether the header can be trusted to name the cells.
    """

    records: tuple[Record, ...]
    problems: tuple[Problem, ...]
    total: int
    sound: bool


class _UnreadableError(Exception):
    """The bytes hold no table at all."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def parse(data: bytes, columns: Sequence[Column]) -> Table:
    """Return the records of a CSV file in UTF-8, with or without a byte order mark.

    The delimiter (comma, semicolon or tab) is the one that makes most sense of the header.
    Blank lines, and those that hold nothing but delimiters, are passed over.
    """
    try:
        text = _decode(data)
        known = [column.name for column in columns]
        delimiter = max(_DELIMITERS, key=lambda mark: _sense(text, mark, known))
        lines = _lines(text, delimiter)
        header = next(lines, None)
        if header is None:
            raise _UnreadableError(Problem("file_empty", _("The file is empty.")))
        if header.cells is None:
            raise _UnreadableError(_quotes_unpaired(header))
    except _UnreadableError as unreadable:
        return Table((), (unreadable.problem,), total=0, sound=False)
    names = [_normal(cell) for cell in header.cells]
    problems = list(_header_problems(names, columns, header.first))
    sound = not problems
    records, total = [], 0
    for line in lines:
        total += 1
        if line.cells is None:
            problems.append(_quotes_unpaired(line))
        elif len(line.cells) != len(names):
            problems.append(_ragged(line, len(names)))
        else:
            cells = map(restore, line.cells)
            records.append(Record(line.first, dict(zip(names, cells, strict=True))))
    if not total:
        message = _("The file has a header and no rows below it.")
        problems.append(Problem("file_without_rows", message, row=header.first))
    return Table(tuple(records), tuple(problems), total, sound)


def _decode(data: bytes) -> str:
    nul = data.find(b"\0")
    if nul >= 0:
        message = _("The file holds NUL bytes: it is no text. Save it again as CSV in UTF-8.")
        raise _UnreadableError(Problem("nul_byte", message, row=_line_at(data, nul)))
    body = data.removeprefix(codecs.BOM_UTF8)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        at = error.start + len(data) - len(body)
        message = _(
            "The file is not UTF-8: see line {line}, byte {n} of the file."
            " Save it again as CSV in UTF-8."
        ).format(line=_line_at(data, at), n=at + 1)
        raise _UnreadableError(Problem("not_utf8", message, row=_line_at(data, at))) from None


def _line_at(data: bytes, offset: int) -> int:
    return len((data[:offset] + b"|").splitlines())


@dataclass(frozen=True, slots=True)
class _Line:
    """A record with its first and last line; no cells where its quotation marks do not pair."""

    first: int
    last: int
    cells: list[str] | None


def _lines(text: str, delimiter: str, *, strict: bool = True) -> Iterator[_Line]:
    # newline="" keeps line ends as they are, so that quoted ones count as an editor counts them
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict)
    while True:
        first = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:  # the reader starts afresh with the next line
            yield _Line(first, reader.line_num, None)
        else:
            if any(cell.strip() for cell in cells):
                yield _Line(first, reader.line_num, cells)


def _sense(text: str, delimiter: str, known: Collection[str]) -> tuple[int, int]:
    """Return how many names of a header are known if cut by `delimiter`, and how many there are."""
    header = next(_lines(text, delimiter, strict=False), None)
    cells = header.cells or [] if header else []
    return sum(_normal(cell) in known for cell in cells), len(cells)


def _normal(name: str) -> str:
    return "_".join(name.casefold().replace("-", " ").replace("_", " ").split())


def _header_problems(
    names: Sequence[str], columns: Sequence[Column], line: int
) -> Iterator[Problem]:
    known = [column.name for column in columns]
    for column in columns:
        if column.required and column.name not in names:
            message = _("The column {name} is missing.").format(name=column.name)
            yield Problem("column_missing", message, row=line, column=column.name)
    for place, name in enumerate(names, start=1):
        if not name:
            message = _("Column {n} has no name.").format(n=place)
            yield Problem("column_unnamed", message, row=line)
        elif name in names[: place - 1]:
            message = _("There is more than one column {name}.").format(name=name)
            yield Problem("column_repeated", message, row=line, column=name)
        elif name not in known and name != PASSED_OVER:
            yield Problem("column_unknown", _unknown(name, known), row=line, column=name)


def _unknown(name: str, known: Sequence[str]) -> str:
    closest = get_close_matches(name, known, n=1)
    if closest:
        message = _("There is no column {name}; the closest is {closest}.")
        return message.format(name=name, closest=closest[0])
    return _("There is no column {name}; there are: {known}.").format(
        name=name, known=", ".join(known)
    )


def _ragged(line: _Line, expected: int) -> Problem:
    message = _("The row has {n} cells, the header {expected}.").format(
        n=len(line.cells or ()), expected=expected
    )
    return Problem("row_ragged", message, row=line.first)


def _quotes_unpaired(line: _Line) -> Problem:
    message = _(
        "Lines {first} to {last} are no row: a quotation mark is not closed, or text follows it."
        " One inside a cell is written twice."
    ).format(first=line.first, last=line.last)
    return Problem("quotes_unpaired", message, row=line.first)
