"""One import of a file, of sites or of contacts: read, told, confirmed, written."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, TypeVar

import typer

from umsalert.cli import import_report
from umsalert.cli.context import Session
from umsalert.cli.import_progress import progress
from umsalert.cli.output import Output, confirm, interactive
from umsalert.errors import InvalidData, Problem, RefusedByRule, UsageError
from umsalert.i18n import _, ngettext, system_reason
from umsalert.model import Power

if TYPE_CHECKING:
    from umsalert.ports import Comparison, KnownRows, Order, Rows, Staging
    from umsalert.register import Locating, Reading
    from umsalert.register.reading import Maker
    from umsalert.register.sources import Source

T = TypeVar("T")
Noun = Literal["site", "contact"]
Prune = Literal["none", "named", "everywhere"]

SHOWN = 10
"""Refs of what would be closed, in the question."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How to go about an import."""

    dry_run: bool = False
    skip_invalid: bool = False
    rejects: Path | None = None
    mapping: Path | None = None
    sheet: str | None = None
    encoding: str | None = None
    ignore_unknown: bool = False
    geocode: bool = False
    prune: Prune = "none"
    prune_most: bool = False
    yes: bool = False
    vetted: bool = False


def run(this: Session, noun: Noun, file: Path, manner: Manner, output: Output) -> bool:
    """Import a file; return whether anything was added.

    Raises InvalidData when rows are invalid, nothing being changed.
    """
    from umsalert.cli.busy import collect_rarely
    from umsalert.cli.context import run_async

    if manner.skip_invalid and manner.prune != "none":
        raise UsageError(
            "options_conflict",
            _("--prune takes a file without mistakes: what is left out would count as vanished."),
            hint=_("Correct the file, or leave --skip-invalid or --prune away."),
        )
    collect_rarely()  # a hundred thousand rows come and go, and none is part of a cycle
    with _opened(file, output) as stream:
        return run_async(_Import(this, noun, file, manner, output).run(stream))


class _Import:
    def __init__(
        self, session: Session, noun: Noun, file: Path, manner: Manner, output: Output
    ) -> None:
        self._session = session
        self._noun = noun
        self._file = file
        self._manner = manner
        self._output = output
        self._reading: Reading[Any] | None = None

    async def run(self, stream: BinaryIO) -> bool:
        from umsalert import wiring
        from umsalert.register.sources import UnreadableError

        settings = self._session.settings
        async with (
            self._locating() as locating,
            wiring.open_store(settings, Power.KEEP_REGISTER) as store,
            store.imports.open(self._noun) as staging,
        ):
            try:
                with progress(self._output) as told:
                    await staging.fill(lambda known: self._read(stream, known, locating), told)
            except UnreadableError as error:
                raise import_report.unreadable(error.problem) from None
            await self._check(staging)
            found = await staging.compare(self._manner.prune)
            if self._manner.dry_run:
                if self._manner.vetted:
                    await self._judged(staging, staging.rehearse(self._order()))
                await import_report.differences(staging, self._output, self._headers)
            else:
                await self._confirm(found, staging)
                found = await self._apply(staging)
            await import_report.done(found, staging, self._output, dry_run=self._manner.dry_run)
            return found.added > 0 and not self._manner.dry_run

    def _locating(self) -> contextlib.AbstractAsyncContextManager[Locating | None]:
        from umsalert import wiring

        if self._noun == "contact":
            return contextlib.nullcontext()
        return wiring.open_locating(self._session.settings, geocode=self._manner.geocode)

    def _read(self, stream: BinaryIO, known: KnownRows, locating: Locating | None) -> Rows[Any]:
        """Open the file; called in the thread that reads it."""
        from umsalert.register import ContactMaker, Reading, SiteMaker
        from umsalert.register import Manner as Columns
        from umsalert.register.mapping import Mapping, read_mapping
        from umsalert.register.sources import Options, check_options, open_source

        manner = self._manner
        maker: Maker[Any] = ContactMaker(known)
        if self._noun == "site":
            maker = SiteMaker(known, locating)
        names = [column.name for column in maker.columns]
        mapping = read_mapping(_bytes(manner.mapping), names) if manner.mapping else Mapping()
        points = self._noun == "site"
        options = Options(manner.sheet, manner.encoding, points, mapping.normal())
        source = _geopackage(stream, self._file, self._noun)
        if source is None:
            source = open_source(stream, options)
        else:
            check_options(options)
        self._reading = Reading(source, maker, Columns(mapping, manner.ignore_unknown))
        return self._reading

    async def _check(self, staging: Staging) -> None:
        """Tell what is wrong or doubtful, and write the rows that are left out where asked.

        Raises InvalidData unless the wrong ones may be left out.
        """
        await import_report.warnings(staging, self._output)
        rejected = await staging.rejected()
        sound = self._reading is None or self._reading.sound
        if self._manner.rejects and self._reading and sound and rejected:
            count = _write_rejects(self._manner.rejects, self._reading, rejected)
            self._output.say(
                ngettext(
                    "{n} row to correct is in {file}.", "{n} rows to correct are in {file}.", count
                ).format(n=count, file=self._manner.rejects)
            )
        found = await staging.compare("none")
        problems = await staging.problems()
        if problems and not (self._manner.skip_invalid and found.valid):
            raise import_report.invalid(found, problems, sound=sound)

    async def _confirm(self, found: Comparison, staging: Staging) -> None:
        """Ask before anything is closed. Raises RefusedByRule, UsageError or typer.Abort."""
        if not found.leaving:
            return
        refs = [item.ref for item in await staging.differences() if item.kind == "closed"]
        shown = ", ".join(refs[:SHOWN]) + (", …" if len(refs) > SHOWN else "")
        sentence = _words(self._noun, found.leaving).format(n=found.leaving, refs=shown)
        if found.leaving * 2 > found.standing and not self._manner.prune_most:
            raise RefusedByRule(
                "prune_most",
                _("{sentence} That is more than half of {total}.").format(
                    sentence=sentence, total=found.standing
                ),
                hint=_("Is it the whole file? If so: --prune-most. Nothing was changed."),
            )
        self._output.say(sentence)
        if self._manner.yes:
            return
        if not interactive():
            raise UsageError(
                "not_confirmed",
                _("Nothing was imported: nobody is there to confirm."),
                hint=_("A script says --yes."),
            )
        if not confirm(_("Import, and close them?")):
            self._output.say(_("Nothing was imported."))
            raise typer.Abort

    async def _apply(self, staging: Staging) -> Comparison:
        with progress(self._output) as told:
            return await self._judged(staging, staging.apply(self._order(), told))

    async def _judged(self, staging: Staging, work: Awaitable[T]) -> T:
        """Do it. What refuses new rows names the invalid rows, too."""
        try:
            return await work
        except RefusedByRule as error:
            if not error.problems:
                raise
            lacking = [
                item._replace(header=self._headers.get(item.column or ""))
                for item in error.problems
            ]
            problems = sorted((*await staging.problems(), *lacking), key=lambda item: item.row or 0)
            raise RefusedByRule(
                error.code, error.message, hint=error.hint, problems=tuple(problems)
            ) from error

    @property
    def _headers(self) -> Mapping[str, str]:
        """Return what the file calls each column of ours."""
        return self._reading.headers if self._reading else {}

    def _order(self) -> Order:
        from umsalert import vetting, wiring
        from umsalert.ports import Order
        from umsalert.ports.imports import status_of_new

        settings = self._session.settings
        vetted: Mapping[Noun, Callable[[Iterable[Any]], None]] = {
            "site": vetting.check_facts,
            "contact": partial(vetting.check_agreement, now=wiring.clock(settings).now()),
        }
        return Order(
            wiring.operator(settings),
            status_of_new(self._noun, vetted=self._manner.vetted),
            self._manner.prune,
            import_report.judge(self._noun, vetted[self._noun]) if self._manner.vetted else None,
        )


def _geopackage(stream: BinaryIO, file: Path, noun: Noun) -> Source | None:
    """Return the rows of a GeoPackage, as `site export` makes it; None: it is another file."""
    from umsalert.register.sources.records import HEAD, Records

    start = stream.read(len(HEAD))
    stream.seek(0)
    if start != HEAD:
        return None
    from umsalert.store import geopackage

    if str(file) == "-":
        raise UsageError(
            "file_needed",
            _("A GeoPackage cannot be read from standard input."),
            hint=_("Name the file."),
        )
    return Records(lambda: geopackage.read(file, f"{noun}s"))


def _words(noun: Noun, n: int) -> str:
    if noun == "site":
        return ngettext(
            "{n} site is not in the file and would be closed: {refs}.",
            "{n} sites are not in the file and would be closed: {refs}.",
            n,
        )
    return ngettext(
        "{n} contact is not in the file and would be revoked: {refs}.",
        "{n} contacts are not in the file and would be revoked: {refs}.",
        n,
    )


@contextlib.contextmanager
def _opened(file: Path, output: Output) -> Iterator[BinaryIO]:
    """Open a file, or standard input for `-`, so that it can be read again. Raises UsageError."""
    with _stream(file, output) as stream:
        if stream.seekable():
            yield stream
            return
        with tempfile.TemporaryFile() as copy:  # it has no name, and nobody else may read it
            shutil.copyfileobj(stream, copy)
            yield copy


def _stream(file: Path, output: Output) -> contextlib.AbstractContextManager[BinaryIO]:
    if str(file) == "-":
        if sys.stdin is None:  # closed by whoever started us
            return io.BytesIO()
        if sys.stdin.isatty():
            output.say(_("Reading from the terminal; Ctrl-D ends the list."))
        return contextlib.nullcontext(sys.stdin.buffer)
    try:
        return file.open("rb")
    except OSError as error:
        raise _unreadable(file, error) from None


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise _unreadable(file, error) from None


def _unreadable(file: Path, error: OSError) -> UsageError:
    match error:
        case FileNotFoundError():
            code, message = "file_missing", _("There is no file {file}.")
        case IsADirectoryError():
            code, message = "file_is_folder", _("{file} is a folder, not a file.")
        case PermissionError():
            code, message = "file_unreadable", _("This account may not read {file}.")
        case _:
            code, message = "file_unreadable", _("{file} cannot be read.")
    return UsageError(
        code, message.format(file=file), hint=_("Name a file, or - for standard input.")
    )


def _write_rejects(
    file: Path, reading: Reading[Any], rejected: Mapping[int, Sequence[Problem]]
) -> int:
    """Write the rejected rows, whole or not at all; nobody else may read them."""
    from umsalert.register.rejects import ENCODING, write_rejects

    aside = file.with_name(f"{file.name}.new-{os.getpid()}")
    try:
        descriptor = os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding=ENCODING, errors="replace", newline="") as out:
            count = write_rejects(out, reading, rejected)
        aside.replace(file)
    except OSError as error:
        raise InvalidData(
            "rejects_unwritable",
            _("The rejected rows cannot be written to {file}: {reason}.").format(
                file=file, reason=system_reason(error)
            ),
            hint=_("Nothing was imported. Name another file with --rejects."),
        ) from error
    finally:
        with contextlib.suppress(OSError):
            aside.unlink()
    return count
