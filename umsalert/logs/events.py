"""A run's events in the log, each with the alert, delivery and attempt it belongs to."""

from __future__ import annotations

import logging

from umsalert.events import (
    ChannelPaused,
    Claimed,
    Counts,
    Event,
    Finished,
    HandedOver,
    Planned,
    Progress,
)
from umsalert.model import OutcomeKind
from umsalert.ports import Listener

_log = logging.getLogger(__name__)


def fan_out(*listeners: Listener) -> Listener:
    """Return a listener that tells all of `listeners`, in their order."""

    def tell(event: Event, /) -> None:
        for listener in listeners:
            listener(event)

    return tell


def log_event(event: Event, /) -> None:
    """Write one event to the log: a Listener. A provider's own words are left out."""
    match event:
        case Planned():
            total = sum(event.deliveries.values())
            _log.info("planned: %d deliveries", total, extra={"alert": event.alert_ref})
        case Claimed():
            extra = {"alert": event.alert_ref, "channel": event.channel}
            _log.info("claimed: %d", event.count, extra=extra)
        case HandedOver():
            _handed_over(event)
        case ChannelPaused():
            extra = {"alert": event.alert_ref, "channel": event.channel, "code": event.code}
            if event.retry_in_s is None:
                _log.error("channel stopped", extra=extra)
            else:
                _log.warning("channel paused for %.1f s", event.retry_in_s, extra=extra)
        case Progress():
            _log.debug("counts: %s", _sums(event.counts), extra={"alert": event.alert_ref})
        case Finished():
            end = "interrupted" if event.interrupted else "finished"
            _log.info("%s: %s", end, _sums(event.counts), extra={"alert": event.alert_ref})


def _handed_over(event: HandedOver) -> None:
    level = logging.INFO if event.outcome is OutcomeKind.ACCEPTED else logging.WARNING
    extra = {
        "alert": event.alert_ref,
        "delivery": event.delivery_id,
        "attempt": event.attempt_n,
        "channel": event.channel,
        "code": event.code,
    }
    _log.log(level, "handed over: %s", event.outcome, extra=extra)


def _sums(counts: Counts) -> str:
    return ", ".join(
        f"{channel} {state} {n}"
        for channel, states in counts.items()
        for state, n in states.items()
        if n
    )
