"""Cumulative curves of one channel: how many messages had come how far by when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from umsalert.i18n import _
from umsalert.words.times import duration

if TYPE_CHECKING:
    from umsalert.reports import ChannelReport, Curve

WIDTH, HEIGHT = 600, 180
"""Of the field between the axes, in units of the drawing."""
_STEPS_S = (
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1_800,
    3_600,
    7_200,
    21_600,
    43_200,
    86_400,
)
_MOST_TICKS = 6


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of an axis: where, and what it says."""

    at: float
    words: str


@dataclass(frozen=True, slots=True)
class Line:
    """One curve as an SVG path; `kind` names its style, `last` its end, None where it is empty."""

    kind: str
    name: str
    count: int
    path: str
    last: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Chart:
    """The curves of a channel over one time axis, with the axes' ticks."""

    lines: Sequence[Line]
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]


def chart(channel: ChannelReport, until_s: float) -> Chart:
    """Draw the curves of a channel from its alert's creation until `until_s` later."""
    step_s = _step(until_s)
    end_s = step_s * max(1, -(-until_s // step_s))
    top = max(1, channel.deliveries)
    kinds = (
        ("accepted", _("accepted"), channel.accepted, channel.accepted_curve),
        ("delivered", _("delivered"), channel.delivered, channel.delivered_curve),
        ("acknowledged", _("acknowledged"), channel.acknowledged, channel.acknowledged_curve),
    )
    return Chart(
        lines=[
            Line(kind, name, count, *_drawn(curve, end_s, top))
            for kind, name, count, curve in kinds
        ],
        x_ticks=[
            Tick(round(WIDTH * at * step_s / end_s, 1), duration(at * step_s))
            for at in range(round(end_s / step_s) + 1)
        ],
        y_ticks=[Tick(HEIGHT - round(HEIGHT * n / top, 1), str(n)) for n in _counts(top)],
    )


def end_of(channels: Sequence[ChannelReport]) -> float:
    """Return when the last of all curves ends, in seconds from the alert's creation."""
    curves = (
        curve
        for channel in channels
        for curve in (channel.accepted_curve, channel.delivered_curve, channel.acknowledged_curve)
    )
    return max((curve[-1][0] for curve in curves if curve), default=1.0)


def _drawn(curve: Curve, end_s: float, top: int) -> tuple[str, tuple[float, float] | None]:
    """Return stairs: a message comes at once. After the last they run on to the edge."""
    if not curve:
        return "", None
    path, y = [f"M0 {HEIGHT}"], float(HEIGHT)
    for at_s, count in curve:
        x = round(WIDTH * min(max(at_s, 0.0), end_s) / end_s, 1)
        y = round(HEIGHT * (1 - count / top), 1)
        path.append(f"H{x:g}V{y:g}")
    path.append(f"H{WIDTH}")
    return "".join(path), (WIDTH, y)


def _step(until_s: float) -> float:
    return next((step for step in _STEPS_S if until_s / step <= _MOST_TICKS), _STEPS_S[-1] * 7)


def _counts(top: int) -> Iterator[int]:
    yield from sorted({0, top // 2, top})
