"""Listeners of a run: a live table on a terminal, a line now and then off it, NDJSON on request."""

from __future__ import annotations

import contextlib
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from umsalert.cli.delivery_words import (
    GONE_WRONG,
    UNSENT,
    accepted,
    counts_document,
    counts_sentence,
)
from umsalert.cli.output import Output, channel_name, console, duration, printable
from umsalert.events import (
    Cancelled,
    ChannelPaused,
    Claimed,
    Counts,
    Event,
    Finished,
    HandedOver,
    Planned,
    Progress,
    ProviderChanged,
    RecordPaused,
)
from umsalert.i18n import _
from umsalert.model import ChannelKind, DeliveryState
from umsalert.words.alerts import marked
from umsalert.words.deliveries import state_name

if TYPE_CHECKING:
    from rich.table import Table

PLAIN_INTERVAL_S = 10.0
RATE_WINDOW_S = 10.0
_DONE = frozenset(DeliveryState) - {DeliveryState.QUEUED, DeliveryState.SENDING}


class View(Protocol):
    """A listener that owns a piece of the screen while it is open."""

    def __call__(self, event: Event, /) -> None:
        """Take one event."""

    def __enter__(self) -> Self:
        """Take the screen."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the screen back."""


def view(output: Output, *, exercise: bool) -> contextlib.AbstractContextManager[View]:
    """Return the view that fits where the output goes."""
    if output.as_json:
        return _JsonLines(output, exercise=exercise)
    if console(stderr=True).is_terminal:
        return _LiveTable(exercise=exercise)
    return _PlainLines(output, exercise=exercise)


class Closing:
    """A view with nothing to give back."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None


class _JsonLines(Closing):
    """Every change of the counts, every pause and the end, as NDJSON."""

    def __init__(self, output: Output, *, exercise: bool) -> None:
        self._output = output
        self._exercise = exercise
        self._last: Counts | None = None

    def __call__(self, event: Event, /) -> None:
        if isinstance(event, Claimed | HandedOver):
            return
        if isinstance(event, Progress | Finished):
            if isinstance(event, Progress) and event.counts == self._last:
                return
            self._last = event.counts
        name = type(event).__name__.lower()
        head = {"event": name, "at": event.at, "alert": event.alert_ref, "exercise": self._exercise}
        self._output.event(head | _body(event))


def _body(
    event: Planned
    | Progress
    | Finished
    | ChannelPaused
    | ProviderChanged
    | RecordPaused
    | Cancelled,
) -> dict[str, object]:
    """Return the fields of an event beside its time and its alert."""
    body: dict[str, object]
    match event:
        case Planned():
            body = {"deliveries": {kind.value: n for kind, n in event.deliveries.items()}}
        case Progress():
            body = {"counts": counts_document(event.counts)}
        case Finished():
            counts = counts_document(event.counts)
            body = {"counts": counts, "interrupted": event.interrupted}
        case ChannelPaused():
            body = {
                "channel": event.channel,
                "provider": event.provider,
                "code": event.code,
                "detail": event.detail,
                "retry_in_s": event.retry_in_s,
            }
        case ProviderChanged():
            body = {
                "channel": event.channel,
                "provider": event.provider,
                "instead_of": event.instead_of,
            }
        case RecordPaused():
            body = {"code": event.code, "message": event.message}
        case Cancelled():
            body = {
                "by": event.cancellation.by,
                "reason": event.cancellation.reason,
                "closed": event.cancellation.closed,
            }
    return body


class _PlainLines(Closing):
    """One line every ten seconds: what cron and a log can read."""

    def __init__(self, output: Output, *, exercise: bool) -> None:
        self._output = output
        self._exercise = exercise
        self._said_at: datetime | None = None

    def __call__(self, event: Event, /) -> None:
        if isinstance(event, ChannelPaused):
            self._say(paused_sentence(event))
        elif isinstance(event, ProviderChanged):
            self._say(changed_sentence(event))
        elif isinstance(event, RecordPaused):
            self._say(waiting_sentence(event))
        elif isinstance(event, Cancelled):
            self._say(cancelled_sentence(event))
        elif isinstance(event, Progress) and not (
            self._said_at and within(self._said_at, PLAIN_INTERVAL_S, event.at)
        ):
            self._said_at = event.at
            self._say(counts_sentence(event.counts))

    def _say(self, sentence: str) -> None:
        self._output.say(marked(sentence, exercise=self._exercise))


class _LiveTable:
    """A table per channel that redraws itself on stderr."""

    def __init__(self, *, exercise: bool) -> None:
        from rich.live import Live

        self._exercise = exercise
        self._notes: dict[tuple[ChannelKind, str], ChannelPaused] = {}
        self._changed: dict[ChannelKind, ProviderChanged] = {}
        self._cancelled: str | None = None
        self._waiting: str | None = None
        self._rates: dict[ChannelKind, _Rate] = {}
        self._live = Live(console=console(stderr=True), auto_refresh=False, transient=False)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def __call__(self, event: Event, /) -> None:
        if isinstance(event, ChannelPaused):
            self._notes[event.channel, event.provider] = event
        elif isinstance(event, ProviderChanged):
            self._changed[event.channel] = event
        elif isinstance(event, RecordPaused):
            self._waiting = waiting_sentence(event)
        elif isinstance(event, Claimed | HandedOver):
            self._waiting = None
        elif isinstance(event, Cancelled):
            self._cancelled = cancelled_sentence(event)
        elif isinstance(event, Progress | Finished):
            for channel, states in event.counts.items():
                done = sum(n for state, n in states.items() if state in _DONE)
                self._rates.setdefault(channel, _Rate()).add(event.at, done)
            self._live.update(self._table(event.counts, event.at), refresh=True)

    def _table(self, counts: Counts, at: datetime) -> Table:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        style = "yellow" if self._exercise else "bold"
        table = Table(box=None, title_style=style, pad_edge=False, collapse_padding=True)
        table.title = f"*** {_('EXERCISE')} ***" if self._exercise else None
        table.add_column("")
        table.add_column("", width=16)
        titles = [_("queued"), _("accepted"), _("delivered"), _("failed"), _("unknown")]
        unsent = [state for state in UNSENT if any(each.get(state) for each in counts.values())]
        for title in (*titles, *map(state_name, unsent)):
            table.add_column(title, justify="right")
        table.add_column(_("rate"), justify="right")
        table.add_column(_("left"), justify="right")
        for channel in sorted(counts, key=list(ChannelKind).index):
            states = counts[channel]
            total = sum(states.values())
            waiting = states.get(DeliveryState.QUEUED, 0) + states.get(DeliveryState.SENDING, 0)
            bad = sum(states.get(state, 0) for state in GONE_WRONG)
            rate = self._rates[channel].per_s
            table.add_row(
                Text(channel_name(channel), style="bold"),
                ProgressBar(total=max(total, 1), completed=total - waiting, width=16),
                str(waiting),
                Text(str(accepted(states)), style="cyan"),
                Text(str(states.get(DeliveryState.DELIVERED, 0)), style="green"),
                Text(str(bad), style="red" if bad else ""),
                Text(
                    str(states.get(DeliveryState.UNKNOWN, 0)),
                    style="magenta" if states.get(DeliveryState.UNKNOWN) else "",
                ),
                *(str(states.get(state, 0)) for state in unsent),
                f"{rate:.0f}/s" if rate else "–",
                duration(waiting / rate) if rate and waiting else ("–" if waiting else "0 s"),
            )
        notes = [note for note in (self._cancelled, self._waiting) if note]
        notes += [paused_sentence(note) for note in self._notes.values() if _holds(note, at)]
        notes += map(changed_sentence, self._changed.values())
        if notes:
            table.caption = Text(printable(_("; ").join(notes)), style="red")
        return table


def _holds(note: ChannelPaused, at: datetime) -> bool:
    """Say whether a channel still waits, or has stopped for good."""
    return note.retry_in_s is None or within(note.at, note.retry_in_s, at)


def within(since: datetime, length_s: float, at: datetime) -> bool:
    """Say whether `at` is within `length_s` after `since`; not before it: the clock was set."""
    return 0 <= (at - since).total_seconds() < length_s


class _Rate:
    """Messages a second over the last ten seconds."""

    def __init__(self) -> None:
        self._points: list[tuple[datetime, int]] = []

    def add(self, at: datetime, done: int) -> None:
        kept = [point for point in self._points if within(point[0], RATE_WINDOW_S, at)]
        self._points = [*kept, (at, done)]

    @property
    def per_s(self) -> float:
        (start, first), (end, last) = self._points[0], self._points[-1]
        return (last - first) / (end - start).total_seconds() if end > start else 0.0


def paused_sentence(event: ChannelPaused) -> str:
    """Say why a provider waits, or that it gave up."""
    code = f"{event.code} {event.detail}".strip()
    channel = channel_name(event.channel)
    if event.retry_in_s is None:
        return _("{channel}: {provider} stopped: {code}").format(
            channel=channel, provider=event.provider, code=code
        )
    return _("{channel}: {provider} waits {time}: {code}").format(
        channel=channel, provider=event.provider, time=duration(event.retry_in_s), code=code
    )


def changed_sentence(event: ProviderChanged) -> str:
    """Say who carries the messages of a channel now."""
    return _("{channel}: {provider} takes over from {other}").format(
        channel=channel_name(event.channel), provider=event.provider, other=event.instead_of
    )


def waiting_sentence(event: RecordPaused) -> str:
    """Say why nothing leaves for now."""
    return _("{reason} Nothing more leaves until it can be written.").format(reason=event.message)


def cancelled_sentence(event: Cancelled) -> str:
    """Say who has cancelled the alert, or closed its incident."""
    sentence = (
        _("Alert {ref} was closed by {operator}: nothing more of it leaves.")
        if event.cancellation.closed
        else _("Alert {ref} was cancelled by {operator}: nothing more of it leaves.")
    )
    return sentence.format(ref=event.alert_ref, operator=event.cancellation.by)
