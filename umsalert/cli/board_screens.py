"""Where a board is shown: a terminal that is drawn anew, plain lines, or NDJSON."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from umsalert.board import BoardView, Look
from umsalert.cli import board_words, delivery_words, progress
from umsalert.cli.board_drawing import Drawing, Frame
from umsalert.cli.output import Output, console, fail, writing
from umsalert.documents import shapes
from umsalert.errors import InvalidData, TemporaryError
from umsalert.i18n import _

if TYPE_CHECKING:
    from rich.console import Console

BELL = "\a"


class End(StrEnum):
    """Why a board is looked at no more."""

    OVER = "over"
    TIME = "time"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Last:
    """The last of a board."""

    view: BoardView
    because: End


class Screen(Protocol):
    """Where a board is shown, for as long as it is open."""

    def look(self, look: Look) -> None:
        """Show what stands now."""

    def trouble(self, at: datetime, error: TemporaryError) -> None:
        """Say why what is shown may be old."""

    def end(self, last: Last) -> None:
        """Show the last of it."""

    def __enter__(self) -> Self:
        """Take the screen."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the screen back."""


def screen(output: Output, *, bell: bool) -> contextlib.AbstractContextManager[Screen]:
    """Return the screen that fits where the output goes."""
    if output.as_json:
        return _JsonLines(output)
    where = console()
    if where.is_terminal and not where.is_dumb_terminal:
        return _Terminal(where, bell=bell)
    return _PlainLines(output, bell=bell)


class _Terminal:
    """The board on the whole of a terminal; the last one stays in the scrollback.

    On the terminal's other screen, where every line is written anew: whatever the size was before.
    """

    def __init__(self, where: Console, *, bell: bool) -> None:
        from rich.live import Live

        self._console = where
        self._bell = bell
        self._drawing = Drawing()
        self._view: BoardView | None = None
        self._live = Live(console=where, screen=True, auto_refresh=False)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(InvalidData), writing(sys.stdout):  # the terminal may be closed
            self._live.__exit__(kind, error, trace)
            if self._view is not None:
                self._console.print(Frame(self._drawing, self._view))

    def look(self, look: Look) -> None:
        self._show(look.view)
        if self._bell:
            for _sighting in look.sightings:
                self._console.bell()

    def trouble(self, at: datetime, error: TemporaryError) -> None:
        if self._view is not None:
            zone = self._view.alert.time_zone
            since = board_words.clock(self._view.at, at, zone, seconds=True)
            words = _("As it stood at {time}: {reason}").format(time=since, reason=error.message)
            self._show(self._view, words)

    def end(self, last: Last) -> None:
        self._view = last.view

    def _show(self, view: BoardView, trouble: str = "") -> None:
        self._view = view
        with writing(sys.stdout):
            self._live.update(Frame(self._drawing, view, trouble), refresh=True)


class _PlainLines(progress.Closing):
    """A line every ten seconds, and each sighting at once: what a log and a dumb terminal take."""

    def __init__(self, output: Output, *, bell: bool) -> None:
        self._output = output
        self._bell = bell
        self._said_at: datetime | None = None
        self._troubled_at: datetime | None = None

    def look(self, look: Look) -> None:
        view, at = look.view, look.view.at
        told = {reply.id for reply in look.replies}
        for sighting in reversed(view.sightings):
            if sighting.reply.id in told:
                self._output.line(board_words.sighting_sentence(sighting, view))
        if _due(self._said_at, at):
            self._say(view)
        if self._bell and look.sightings:
            self._ring(len(look.sightings))

    def trouble(self, at: datetime, error: TemporaryError) -> None:
        if _due(self._troubled_at, at):
            self._troubled_at = at
            self._output.say(f"{error.message} {error.hint}")

    def end(self, last: Last) -> None:
        if self._said_at != last.view.at:
            self._say(last.view)
        for note in board_words.notes(last.view):
            self._output.line(note)

    def _say(self, view: BoardView) -> None:
        self._said_at = view.at
        self._output.line(board_words.sentence(view))

    def _ring(self, times: int) -> None:
        """Ring where a person may hear it; a bell has no place in a file."""
        if sys.stderr and sys.stderr.isatty():
            sys.stderr.write(BELL * times)
            sys.stderr.flush()


def _due(said_at: datetime | None, at: datetime) -> bool:
    return said_at is None or not progress.within(said_at, progress.PLAIN_INTERVAL_S, at)


class _JsonLines(progress.Closing):
    """First all of it, then every change, as NDJSON."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._begun = False

    def look(self, look: Look) -> None:
        view = look.view
        if not self._begun:
            self._begun = True
            self._event(view, "snapshot", _snapshot(look))
            return
        if look.counts_changed:
            self._event(view, "counts", _counts(view))
        for reply in look.replies:
            self._event(view, "reply", {"reply": shapes.reply_document(reply)})
        if look.marked:
            body = {
                "marks": board_words.marks_document(view),
                "sites": board_words.sites_document(view, look.marked),
            }
            self._event(view, "sites", body)

    def trouble(self, _at: datetime, error: TemporaryError) -> None:
        fail(error, as_json=True)

    def end(self, last: Last) -> None:
        body = {"because": last.because, "over": last.view.over}
        self._event(last.view, "finished", body)

    def _event(self, view: BoardView, name: str, body: dict[str, Any]) -> None:
        head = {"event": name, "at": view.at, "alert": view.alert.ref}
        self._output.event(head | {"exercise": view.alert.exercise, **body})


def _snapshot(look: Look) -> dict[str, Any]:
    view, alert = look.view, look.view.alert
    return {
        "template": alert.template,
        **shapes.area_document(alert.area),
        "incident_at": view.fact_at,
        "created_at": alert.created_at,
        "expires_at": alert.expires_at,
        "incident": list(view.incident),
        "over": view.over,
        **_counts(view),
        "marks": board_words.marks_document(view),
        "sites": board_words.sites_document(view),
        "replies": [shapes.reply_document(reply) for reply in look.replies],
    }


def _counts(view: BoardView) -> dict[str, Any]:
    return {
        "counts": delivery_words.counts_document(view.counts),
        "channels": board_words.channels_document(view),
    }
