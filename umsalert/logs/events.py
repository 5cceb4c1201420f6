"""A run's events in the log, each with the alert, delivery and attempt it belongs to."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any

from umsalert import events
from umsalert.events import Counts, Event
from umsalert.model import OutcomeKind
from umsalert.ports import Listener

_log = logging.getLogger(__name__)


def fan_out(*listeners: Listener) -> Listener:
    """Return a listener that tells all of `listeners`, in their order.

    One that raises stops neither the others nor the run: who sends does not depend on a screen, or
    on the disk behind a redirected stdout. The log says so, once for each.
    """
    failed = set[Listener]()

    def tell(event: Event, /) -> None:
        for listener in listeners:
            try:
                listener(event)
            except Exception as error:  # noqa: BLE001 - whatever it is, messages must leave
                if listener not in failed:
                    failed.add(listener)
                    _log.error("the run is not shown", exc_info=error)

    return tell


class _Log(logging.LoggerAdapter[logging.Logger]):
    """The log of a run: each of its records has the fields of the run, too."""

    def process(
        self, msg: str, kwargs: MutableMapping[str, Any]
    ) -> tuple[str, MutableMapping[str, Any]]:
        """Add the fields of the run to those of the record."""
        return msg, {**kwargs, "extra": {**(self.extra or {}), **kwargs.get("extra", {})}}


_Writer = logging.Logger | _Log


def logger_of(*, exercise: bool) -> Listener:
    """Return what writes the events of a run to the log; of an exercise, each says so."""
    log = _Log(_log, {"exercise": True} if exercise else {})
    return lambda event, /: log_event(event, log)


def log_event(event: Event, log: _Writer = _log, /) -> None:
    """Write one event to the log. A provider's own words are left out."""
    match event:
        case events.Planned():
            total = sum(event.deliveries.values())
            log.info("planned: %d deliveries", total, extra={"alert": event.alert_ref})
        case events.Claimed():
            extra = {"alert": event.alert_ref, "channel": event.channel}
            log.debug("claimed: %d", event.count, extra=extra)
        case events.HandedOver():
            _handed_over(event, log)
        case events.ChannelPaused() | events.ProviderChanged() | events.RecordPaused():
            _hindered(event, log)
        case events.Progress():
            log.debug("counts: %s", _sums(event.counts), extra={"alert": event.alert_ref})
        case events.Cancelled():
            log.warning("cancelled: nothing more leaves", extra={"alert": event.alert_ref})
        case events.Finished():
            end = "interrupted" if event.interrupted else "finished"
            log.info("%s: %s", end, _sums(event.counts), extra={"alert": event.alert_ref})


def _handed_over(event: events.HandedOver, log: _Writer) -> None:
    """Write a line for all that were accepted together, and one for each that was not."""
    fields = {"alert": event.alert_ref, "channel": event.channel, "code": event.code}
    if event.outcome is OutcomeKind.ACCEPTED:
        by_attempt: dict[int, list[int]] = {}
        for delivery_id, n in event.attempts:
            by_attempt.setdefault(n, []).append(delivery_id)
        groups = [(n, tuple(ids)) for n, ids in by_attempt.items()]
        level = logging.INFO
    else:
        groups = [(n, (delivery_id,)) for delivery_id, n in event.attempts]
        level = logging.WARNING
    for n, ids in groups:
        whose = {"delivery": ids[0]} if len(ids) == 1 else {"deliveries": ids}
        log.log(level, "handed over: %s", event.outcome, extra=fields | whose | {"attempt": n})


def _hindered(
    event: events.ChannelPaused | events.ProviderChanged | events.RecordPaused, log: _Writer
) -> None:
    extra: dict[str, str] = {"alert": event.alert_ref}
    if isinstance(event, events.RecordPaused):
        log.warning("record cannot be written", extra=extra | {"code": event.code})
        return
    extra["channel"] = event.channel
    if isinstance(event, events.ProviderChanged):
        log.warning("%s takes over from %s", event.provider, event.instead_of, extra=extra)
        return
    extra["code"] = event.code
    if event.retry_in_s is None:
        log.error("%s stopped", event.provider, extra=extra)
    else:
        log.warning("%s paused for %.1f s", event.provider, event.retry_in_s, extra=extra)


def _sums(counts: Counts) -> str:
    return ", ".join(
        f"{channel} {state} {n}"
        for channel, states in counts.items()
        for state, n in states.items()
        if n
    )
