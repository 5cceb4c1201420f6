"""What an alert does to other people's calls, and when it is there, by four ways of sending it.

A seeded simulation: with the same seed the other people call at the same moments whatever we do.
Order and pace are those of `umsalert.pacing`, by which the estimate before sending counts too.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import NormalDist, fmean, stdev

from benchmarks.measure import Figures
from benchmarks.options import Options
from benchmarks.radio import SMS, VOICE, Assumptions, Outcome, Scenario, Strategy, run
from umsalert.geo.cells import RESOLUTION
from umsalert.model import NO_CELL_PACE, CellPace, ChannelKind
from umsalert.pacing import Message
from umsalert.ports import Pace
from umsalert.settings import default_settings
from umsalert.wiring import cell_pace, paces

PLOT = Path(__file__).parent.parent / "docs" / "congestion.svg"

SHARES = (50, 95, 100)
FASTER = 1.0
KINDER = 1 / 3
"""What the default must keep to in the dense case, against sending at the account's limit: time to
95 % of the sites, and calls blocked."""

_ASSUMED = Assumptions()
_SETTINGS = default_settings()
_ACCOUNT = {kind: pace for kind, pace in paces(_SETTINGS).items() if kind in (SMS, VOICE)}
_DEFAULT = cell_pace(_SETTINGS)
_WIRE = {  # no pace at all: as many requests as are open at once, each as long as an answer takes
    SMS: Pace(_SETTINGS.sms.vonage.in_flight / _ASSUMED.answer_s, _SETTINGS.sms.vonage.in_flight),
    VOICE: Pace(
        _SETTINGS.voice.vonage.in_flight / _ASSUMED.answer_s, _SETTINGS.voice.vonage.in_flight
    ),
}
ACCOUNT = Strategy("at the account's limit", _ACCOUNT, NO_CELL_PACE)
PER_CELL = Strategy("per-cell pace", _ACCOUNT, _DEFAULT)
STRATEGIES = (
    Strategy("burst", _WIRE, NO_CELL_PACE),
    ACCOUNT,
    PER_CELL,
    replace(PER_CELL, name="per-cell, stop on acknowledgement", stops=True),
)

Case = Callable[[int], Scenario]
"""Makes the scenario of a seed."""


@dataclass(frozen=True, slots=True)
class Place:
    """A site: its guards, its radio cell, and the cell by which we pace it."""

    guards: int
    radio: int
    cell: int
    distance_m: float


def scenario(
    places: Sequence[Place], *, parts: int = 1, kinds: Sequence[ChannelKind] = (SMS,)
) -> Scenario:
    """Return an alert to these places."""
    messages = []
    contact = 0
    for site, place in enumerate(places):
        for rank in range(1, place.guards + 1):
            contact += 1
            messages += [
                Message(
                    site,
                    contact,
                    rank,
                    place.distance_m,
                    kind,
                    place.cell,
                    parts if kind is SMS else 1,
                )
                for kind in kinds
            ]
    return Scenario(messages, {site: place.radio for site, place in enumerate(places)})


def dense(guards_per_site: int = 3, parts: int = 1) -> Case:
    """Return 300 guards in one cell."""
    places = [Place(guards_per_site, 0, 0, float(i)) for i in range(300 // guards_per_site)]
    return lambda _seed: scenario(places, parts=parts)


def sparse(cells: int = 40) -> Case:
    """Return 20 guards in each of many cells, two at a site."""
    places = [Place(2, i % cells, i % cells, float(i)) for i in range(10 * cells)]
    return lambda _seed: scenario(places)


def town(resolution: int = RESOLUTION, stations: int = 30) -> Case:
    """Return an alert over 3 km of a town, other at every seed, by SMS of two parts and by voice.

    Base stations lie at random, each serving what is nearest to it: 0.9 km² on average. Half of the
    sites are within 600 m of one of three places; one in twenty is a shopping centre.
    """

    def build(seed: int) -> Scenario:
        chance = random.Random(f"town {seed}")
        masts = [_point(chance, 3000) for _mast in range(stations)]
        centres = [_point(chance, 1500) for _centre in range(3)]
        places = []
        for _site in range(400):
            x, y = _point(chance, 3000)
            if chance.random() < 0.5:
                centre = chance.choice(centres)
                x, y = centre[0] + chance.gauss(0, 300), centre[1] + chance.gauss(0, 300)
            guards = chance.choice((20, *[5] * 2, *[3] * 4, *[2] * 6, *[1] * 7))
            nearest = min(range(stations), key=lambda i: math.dist(masts[i], (x, y)))
            places.append(Place(guards, nearest, _hexagon(x, y, resolution), math.hypot(x, y)))
        return scenario(places, parts=2, kinds=(SMS, VOICE))

    return build


def _point(chance: random.Random, radius_m: float) -> tuple[float, float]:
    angle, far_m = chance.uniform(0, math.tau), radius_m * math.sqrt(chance.random())
    return far_m * math.cos(angle), far_m * math.sin(angle)


def _hexagon(east_m: float, north_m: float, resolution: int) -> int:
    from h3.api import basic_int

    lat = 43.7 + north_m / 111_195
    lon = 7.27 + east_m / (111_195 * math.cos(math.radians(lat)))
    return int(basic_int.latlng_to_cell(lat, lon, resolution))


Measure = Callable[[Outcome], float]
Cell = tuple[float, float]
"""A mean and the half-width of its 95 % interval."""


def reached_s(share: int) -> Measure:
    """Return the measure of the time to that many per cent of the sites."""

    def measure(outcome: Outcome) -> float:
        moments = sorted(outcome.reached_s.values())
        return moments[math.ceil(len(moments) * share / 100) - 1]

    return measure


MEASURES: dict[str, Measure] = {
    **{f"{share} % s": reached_s(share) for share in SHARES},
    "last s": lambda outcome: outcome.last_s,
    "blocked": lambda outcome: float(outcome.blocked),
    "% blocked": lambda outcome: 100 * outcome.blocked_share,
    "429": lambda outcome: float(outcome.refused),
    "messages": lambda outcome: float(outcome.sent - outcome.refused),
}
"""Seconds to so many per cent of the sites and to the last guard; calls of other people that found
no channel, in number and as a part of those made until then; refusals; messages taken."""

_T95, _BLOCKED = "95 % s", "blocked"


def outcomes(case: Case, strategy: Strategy, seeds: int) -> list[Outcome]:
    """Play an alert once for every seed."""
    return [run(case(seed), strategy, _ASSUMED, seed) for seed in range(seeds)]


def cells(played: Sequence[Outcome]) -> dict[str, Cell]:
    """Return the mean of every measure with its interval."""
    z = NormalDist().inv_cdf(0.975)
    found = {}
    for name, measure in MEASURES.items():
        values = [measure(outcome) for outcome in played]
        spread = stdev(values) if len(values) > 1 else 0.0
        found[name] = (fmean(values), z * spread / math.sqrt(len(values)))
    return found


def figures(
    title: str, case: Case, strategies: Sequence[Strategy], seeds: int, *, notes: Sequence[str] = ()
) -> Figures:
    """Return a table of ways to send one alert."""
    rows = {item.name: cells(outcomes(case, item, seeds)) for item in strategies}
    return Figures(title, rows, tuple(notes))


def run_all(options: Options) -> Iterator[Figures]:
    """Yield the four ways in three cases, then what the defaults were chosen by; draw the plot."""
    seeds = options.seeds
    played = {item.name: outcomes(dense(), item, seeds) for item in STRATEGIES}
    rows = {name: cells(found) for name, found in played.items()}
    yield Figures(
        f"dense: 300 guards, 100 sites, one cell ({seeds} seeds)", rows, tuple(_verdicts(rows))
    )
    draw(played, options.plot or PLOT)
    for title, case in {
        "dense, SMS of two parts": dense(parts=2),
        "dense, one guard a site": dense(guards_per_site=1),
        "sparse: 20 guards in each of 40 cells": sparse(),
        "town: 400 sites, SMS and calls": town(),
    }.items():
        yield figures(f"{title} ({seeds} seeds)", case, STRATEGIES, seeds)
    yield from _choices(max(1, seeds // 2))


def _verdicts(rows: dict[str, dict[str, Cell]]) -> Iterator[str]:
    limit, ours = rows[ACCOUNT.name], rows[PER_CELL.name]
    for what, name, most in (("95 % of sites", _T95, FASTER), ("calls blocked", _BLOCKED, KINDER)):
        ratio = ours[name][0] / limit[name][0]
        word = "met" if ratio <= most else "MISSED"
        yield f"{what}, per-cell to account's limit: {ratio:.2f}  <= {most:.2f}: {word}"


def _choices(seeds: int) -> Iterator[Figures]:
    """Yield how the defaults compare with what they could have been."""

    def paced(name: str, rate_per_s: float, burst: int) -> Strategy:
        return replace(PER_CELL, name=name, cell_pace=CellPace(rate_per_s, burst))

    rates = [
        paced(f"{rate}/s, burst {burst}", rate, burst)
        for burst in (10, 20, 40)
        for rate in (1.0, 1.2, 1.4, 1.6, 2.0, 3.0)
    ]
    yield figures(f"pace of a cell, in the dense case ({seeds} seeds)", dense(), rates, seeds)
    rows = {
        f"resolution {resolution}": cells(outcomes(town(resolution), PER_CELL, seeds))
        for resolution in (7, 8, 9)
    }
    yield Figures(f"size of our cells, in the town ({seeds} seeds)", rows)
    orders = {
        "ours: rank, rounds, distance; SMS first": (town(), PER_CELL),
        "calls first": (town(), replace(PER_CELL, channels=(VOICE, SMS))),
        "all contacts of a site together": (_reordered(rank=1), PER_CELL),
        "nearness ignored": (_reordered(distance_m=0.0), PER_CELL),
    }
    rows = {name: cells(outcomes(case, item, seeds)) for name, (case, item) in orders.items()}
    yield Figures(f"order of sending, in the town ({seeds} seeds)", rows)


def _reordered(**same: float) -> Case:
    """Return the town with messages that are all the same in one respect."""

    def build(seed: int) -> Scenario:
        found = town()(seed)
        return replace(found, messages=[replace(item, **same) for item in found.messages])  # type: ignore[arg-type]

    return build


def draw(played: dict[str, list[Outcome]], file: Path) -> None:
    """Draw sites reached and calls blocked over time, means over the seeds, as an SVG."""
    import leather

    leather.theme.default_series_colors = ["#b2182b", "#ef8a62", "#2166ac", "#1b7837"]
    leather.theme.default_width, leather.theme.default_height = 720, 420
    moments = range(0, 301, 3)
    sites = leather.Chart("Dense case: sites with a message, %")
    calls = leather.Chart("Dense case: other people's calls blocked")
    for name, found in played.items():
        total = max(len(outcome.reached_s) for outcome in found)
        reached = [
            100 * fmean(sum(t <= at for t in item.reached_s.values()) for item in found) / total
            for at in moments
        ]
        blocked = [
            fmean(sum(lost and t <= at for t, lost in item.calls) for item in found)
            for at in moments
        ]
        sites.add_line(list(zip(moments, reached, strict=True)), name=name)
        calls.add_line(list(zip(moments, blocked, strict=True)), name=name)
    for chart in (sites, calls):
        chart.add_x_axis(name="seconds")
    grid = leather.Grid()
    grid.add_many([sites, calls])
    grid.to_svg(str(file))
