"""CSV in any encoding that offices save, with the line each record starts on in an editor."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
from collections.abc import Iterator, Set
from typing import BinaryIO

from umsalert import spreadsheets
from umsalert.errors import Problem, UsageError
from umsalert.i18n import _
from umsalert.register import names
from umsalert.register.hints import doubt, problem
from umsalert.register.sources.base import Line, UnreadableError

_DELIMITERS = ",;\t"
_CHUNK = 1 << 20
# Excel writes and obeys such a first line.
_SEPARATOR_LINE = re.compile(r"\ufeff?sep=[,;\t]\r?\n?", re.IGNORECASE)
_ENCODINGS = {
    "utf-8": "utf-8-sig",
    "utf-16": "utf-16",
    "cp1252": "cp1252",
    "iso8859-1": "iso8859-1",
    "iso8859-15": "iso8859-15",
    "cp850": "cp850",
    "mac-roman": "mac-roman",
}
"""What `--encoding` takes, by Python's name for it."""


class TextTable:
    """A CSV file. The delimiter is the one that makes most sense of the header."""

    def __init__(
        self, stream: BinaryIO, encoding: str | None, headers: Set[str] = frozenset()
    ) -> None:
        """Find out encoding and delimiter. Raises UnreadableError, UsageError."""
        self._stream = stream
        self._headers = headers
        self.warnings: tuple[Problem, ...] = ()
        self._encoding = self._asked(encoding) if encoding else self._found()
        self.delimiter = max(_DELIMITERS, key=self._sense)

    def lines(self) -> Iterator[Line]:
        """Yield the rows; those of nothing but delimiters are passed over."""
        yield from self._lines(self.delimiter, strict=True)

    def _lines(self, delimiter: str, *, strict: bool) -> Iterator[Line]:
        self._stream.seek(0)
        # newline="" keeps line ends as they are: quoted ones count as an editor counts them
        text = io.TextIOWrapper(self._stream, self._encoding, newline="")
        seen: list[str] = []
        try:
            reader = csv.reader(_remembered(text, seen), delimiter=delimiter, strict=strict)
            while True:
                seen.clear()
                first = reader.line_num + 1
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error:  # the reader starts afresh with the next line
                    raw = "".join(seen)
                    yield Line(first, (), _quotes_unpaired(first, reader.line_num), raw)
                    continue
                if first == 1 and _SEPARATOR_LINE.fullmatch(seen[0]):
                    continue
                if not cells or not (cells[0].strip() or any(cell.strip() for cell in cells)):
                    continue
                if spreadsheets.may_be_neutralised(seen):
                    cells = [spreadsheets.restore(cell) for cell in cells]
                yield Line(first, cells)
        finally:
            text.detach()

    def _sense(self, delimiter: str) -> tuple[int, int]:
        """Return how many names of the header are known if it is cut so, and how many it has."""
        first = list(itertools.islice(self._lines(delimiter, strict=False), names.WITHIN))
        cells = [line.cells for line in first]
        header = cells[names.place(cells, self._headers)] if cells else ()
        return names.known(header, self._headers), len(header)

    def _asked(self, name: str) -> str:
        try:
            encoding = _ENCODINGS[codecs.lookup(name).name]
        except (LookupError, ValueError):
            raise UsageError(
                "encoding_unknown",
                _("There is no encoding {name}.").format(name=name),
                hint=_("It is one of: {names}.").format(names=", ".join(_ENCODINGS)),
            ) from None
        if (fault := self._fault(encoding)) is not None:
            raise self._undecodable(fault, name)
        return encoding

    def _found(self) -> str:
        self._stream.seek(0)
        if self._stream.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return self._told("utf-16", "UTF-16")
        if (fault := self._fault("utf-8-sig")) is None:
            return "utf-8-sig"
        self._stream.seek(0)
        if self._stream.read(3) == codecs.BOM_UTF8:
            raise self._undecodable(fault, "UTF-8")
        return self._told("cp1252", "Windows-1252")

    def _told(self, encoding: str, name: str) -> str:
        """Return an encoding that is not what we ask for, with a word on it."""
        if (fault := self._fault(encoding)) is not None:
            raise self._undecodable(fault, name)
        message = _("The file is not UTF-8: it was read as {name}.").format(name=name)
        self.warnings = (doubt("encoding_assumed", message),)
        return encoding

    def _fault(self, encoding: str) -> int | None:
        """Return the offset of the first byte that is not of the encoding, None for none.

        Raises UnreadableError where there is a NUL: the file is no text.
        """
        decoder = codecs.getincrementaldecoder(encoding)()
        self._stream.seek(0)
        offset = 0
        while True:
            chunk = self._stream.read(_CHUNK)
            held = len(decoder.getstate()[0])
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return max(offset - held, 0) + error.start
            if "\0" in text:
                at = offset + max(chunk.find(b"\0"), 0)
                message = _("The file holds NUL bytes: it is no text.")
                raise UnreadableError("nul_byte", message, row=self._line_at(at))
            offset += len(chunk)
            if not chunk:
                return None

    def _undecodable(self, offset: int, name: str) -> UnreadableError:
        line = self._line_at(offset)
        message = _("The file is not {name}: see line {line}, byte {n} of the file.").format(
            name=name, line=line, n=offset + 1
        )
        return UnreadableError("text_undecodable", message, row=line)

    def _line_at(self, offset: int) -> int:
        self._stream.seek(0)
        return len((self._stream.read(offset) + b"|").splitlines())


def _remembered(text: Iterator[str], seen: list[str]) -> Iterator[str]:
    """Yield lines, and keep those of the record that is being read."""
    for line in text:
        seen.append(line)
        yield line


def _quotes_unpaired(first: int, last: int) -> Problem:
    message = _(
        "Lines {first} to {last} are no row: a quotation mark is not closed, or text follows it."
        " One inside a cell is written twice."
    ).format(first=first, last=last)
    return problem("quotes_unpaired", message, row=first)
