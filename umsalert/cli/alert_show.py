"""Alerts of the record, for eyes and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from umsalert.cli import alert_words, delivery_words
from umsalert.cli.output import Output, local
from umsalert.cli.tables import Column
from umsalert.documents import shapes
from umsalert.i18n import _, titled
from umsalert.model import (
    Alert,
    Cancellation,
    Closure,
    Everywhere,
    FollowKind,
    Link,
    MessageText,
)
from umsalert.words.alerts import area_in_short, area_words, audience_words, marked

if TYPE_CHECKING:
    from umsalert.events import Counts
    from umsalert.ports import AlertLine


def show_list(lines: Sequence[AlertLine], output: Output) -> None:
    """Print alerts, newest first."""
    if output.as_json:
        output.document(
            {
                "alerts": [
                    shapes.alert_document(line.alert)
                    | {"counts": delivery_words.counts_document(line.counts)}
                    for line in lines
                ]
            }
        )
        return
    if not lines:
        output.say(_("No alert was ever sent from this database."))
        return
    output.table(
        [
            Column(_("Alert"), whole=True),
            Column(_("Sent")),
            Column(_("Template")),
            Column(_("Area"), right=True),
            Column(_("Messages"), right=True),
            Column(_("State")),
        ],
        [_row(line) for line in lines],
    )


def show_one(alert: Alert, counts: Counts, texts: Sequence[MessageText], output: Output) -> None:
    """Print one alert."""
    if output.as_json:
        from umsalert.geo.circles import outline

        extra: dict[str, Any] = {
            "counts": delivery_words.counts_document(counts),
            "texts": shapes.texts(texts),
            "area": None if isinstance(alert.area, Everywhere) else outline(alert.area),
        }
        output.document(shapes.alert_document(alert) | extra)
        return
    for line in head(alert):
        output.paragraph(line)
    if alert.reason:
        output.paragraph(_("Reason (internal): {reason}").format(reason=alert.reason))
    for name, value in alert.variables.items():
        output.line(f"  {name} = {value}")
    for text in texts:
        alert_words.show_text(text, output)
    output.line()
    alert_words.show_left_out(alert.left_out, output)
    if alert.stop_when_acknowledged:
        output.paragraph(alert_words.stop_words())
    output.paragraph(delivery_words.counts_sentence(counts))


def head(alert: Alert) -> list[str]:
    """Return the lines that say which alert this is."""
    lines = [
        marked(
            _("Alert {ref}: {template}, {area}").format(
                ref=alert.ref, template=alert.template, area=area_words(alert.area)
            ),
            exercise=alert.exercise,
        ),
        _("Incident {incident}, sent {sent} by {operator}, expires {expires} ({zone})").format(
            incident=local(alert.incident_at, alert.time_zone),
            sent=local(alert.created_at, alert.time_zone),
            operator=alert.operator,
            expires=local(alert.expires_at, alert.time_zone),
            zone=alert.time_zone,
        ),
    ]
    if rule := shapes.off_duty_rule(alert.follows, alert.off_duty):
        lines.append(alert_words.off_duty_words(rule))
    if alert.approved_by:
        lines.append(_("Approved by {operator}").format(operator=alert.approved_by))
    lines += ended_words(alert)
    if alert.follows:
        lines.append(follows_words(alert.follows))
        if alert.incident_ref != alert.follows.ref:
            lines.append(_("Incident of alert {ref}").format(ref=alert.incident_ref))
    lines += [_followed_words(link) for link in alert.followed_by]
    return lines


def follows_words(link: Link) -> str:
    """Say what an alert is to the one that it follows, and to whom it goes."""
    words = {
        FollowKind.CORRECTION: _("Corrects alert {ref}"),
        FollowKind.FOLLOW_UP: _("Follows up alert {ref}"),
        FollowKind.WIDENED: _("Widens alert {ref}"),
        FollowKind.RECENTERED: _("Moves alert {ref} to another place"),
        FollowKind.CLOSING: _("Closes the incident of alert {ref}"),
    }[link.kind].format(ref=link.ref)
    return titled(words, audience_words(link.to)) if link.to else words


def _followed_words(link: Link) -> str:
    words = {
        FollowKind.CORRECTION: _("Corrected by alert {ref}"),
        FollowKind.FOLLOW_UP: _("Followed up by alert {ref}"),
        FollowKind.WIDENED: _("Widened by alert {ref}"),
        FollowKind.RECENTERED: _("Moved to another place by alert {ref}"),
        FollowKind.CLOSING: _("Closed with message {ref}"),
    }[link.kind].format(ref=link.ref)
    return titled(words, audience_words(link.to)) if link.to else words


def ended_words(alert: Alert) -> list[str]:
    """Say what ended an alert: of a cancellation and a closing only what changed something."""
    cancelled, closed = _ends(alert)
    return [
        *([cancelled_words(cancelled, alert.time_zone)] if cancelled else ()),
        *([closed_words(closed, alert.time_zone)] if closed else ()),
    ]


def _ends(alert: Alert) -> tuple[Cancellation | None, Closure | None]:
    """Return what ended it. What was closed cannot be cancelled; its closing message can."""
    cancelled, closed = alert.cancelled, alert.closed
    if cancelled and closed and cancelled.at >= closed.at:
        is_closing = alert.follows is not None and alert.follows.kind is FollowKind.CLOSING
        return (cancelled, None) if is_closing else (None, closed)
    return cancelled, closed


def closed_words(closed: Closure, time_zone: str) -> str:
    """Say who closed an incident, when, and how it ended."""
    return _("CLOSED {time} by {operator}: {outcome}").format(
        time=local(closed.at, time_zone), operator=closed.by, outcome=closed.outcome
    )


def cancelled_words(cancelled: Cancellation, time_zone: str) -> str:
    """Say who cancelled an alert, when, and why where that was said."""
    words = _("CANCELLED {time} by {operator}").format(
        time=local(cancelled.at, time_zone), operator=cancelled.by
    )
    return titled(words, cancelled.reason) if cancelled.reason else words


def _row(line: AlertLine) -> tuple[object, ...]:
    alert, state = line.alert, delivery_words.counts_sentence(line.counts)
    cancelled, closure = _ends(alert)
    if cancelled:
        state = f"{cancelled_words(cancelled, alert.time_zone)} · {state}"
    if closure:
        closed = _("closed")
        outcome = titled(closed, closure.outcome)
        state = f"{closed if alert.follows else outcome} · {state}"
    if alert.follows:
        state = f"{follows_words(alert.follows._replace(to=None))} · {state}"
    name = _("{template} (exercise)") if alert.exercise else "{template}"
    return (
        alert.ref,
        local(alert.created_at, alert.time_zone),
        name.format(template=alert.template),
        area_in_short(alert.area),
        sum(sum(states.values()) for states in line.counts.values()),
        state,
    )
