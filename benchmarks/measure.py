"""Interleaved rounds: what a machine does meanwhile falls on the reference and on us alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

_NAME_WIDTH = 46


@dataclass(frozen=True, slots=True)
class Contender:
    """`run` is given the number of the round and returns the seconds that it took.

    `at_most` is the ratio that the project wants, None where the number is only for information.
    """

    name: str
    run: Callable[[int], float]
    at_most: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """The seconds of one contender, round by round, and its ratios to the reference's."""

    name: str
    seconds: tuple[float, ...]
    ratios: tuple[float, ...]
    at_most: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A table: the first line is the reference. `items` of one round make a rate of it."""

    title: str
    lines: tuple[Line, ...]
    items: int = 0
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Figures:
    """A table of means: for every line and column one, with the half-width of its 95 % interval."""

    title: str
    rows: Mapping[str, Mapping[str, tuple[float, float]]]
    notes: tuple[str, ...] = ()


def compare(
    title: str,
    contenders: Sequence[Contender],
    rounds: int,
    *,
    items: int = 0,
    notes: Sequence[str] = (),
) -> Comparison:
    """Run all contenders in turn, `rounds` times after one that is not counted.

    The order moves on by one in every round, so that nobody always comes after the same one.
    """
    seconds: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for number in range(rounds + 1):
        first = number % len(contenders)
        for contender in (*contenders[first:], *contenders[:first]):
            taken = contender.run(number)
            if number:
                seconds[contender.name].append(taken)
    aims = {contender.name: contender.at_most for contender in contenders}
    return Comparison(title, tuple(_lines(seconds, aims)), items, tuple(notes))


def once(title: str, seconds: Mapping[str, float], *, items: int = 0) -> Comparison:
    """Compare what was measured once: it takes too long for rounds."""
    rounds = {name: [taken] for name, taken in seconds.items()}
    return Comparison(title, tuple(_lines(rounds, {})), items)


def _lines(
    seconds: Mapping[str, Sequence[float]], aims: Mapping[str, float | None]
) -> Iterator[Line]:
    reference = next(iter(seconds.values()))
    for name, rounds in seconds.items():
        ratios = tuple(own / other for own, other in zip(rounds, reference, strict=True))
        yield Line(name, tuple(rounds), ratios, aims.get(name))


def table(comparison: Comparison) -> str:
    """Return a comparison for eyes: medians, with the lowest and the highest of all rounds."""
    if not comparison.lines:
        return "\n".join([f"\n{comparison.title}", *(f"  {note}" for note in comparison.notes)])
    rounds = len(comparison.lines[0].seconds)
    amount = "per minute" if comparison.items else "ms"
    rows = [
        f"\n{comparison.title} ({rounds} rounds)",
        f"  {'':{_NAME_WIDTH}} {amount:>10} {'lowest-highest':>17} {'ratio':>7} "
        f"{'lowest-highest':>15}",
    ]
    for line in comparison.lines:
        values = [_amount(taken, comparison.items) for taken in line.seconds]
        spread = f"{_short(min(values))}-{_short(max(values))}"
        ratios = f"{min(line.ratios):.2f}-{max(line.ratios):.2f}"
        rows.append(
            f"  {line.name:{_NAME_WIDTH}} {_short(median(values)):>10} {spread:>17} "
            f"{median(line.ratios):7.2f} {ratios:>15}{_verdict(line)}"
        )
    rows += [f"  {note}" for note in comparison.notes]
    return "\n".join(rows)


def figures_table(figures: Figures) -> str:
    """Return figures for eyes: mean ± half of the interval."""
    columns = list(next(iter(figures.rows.values())))
    width = max(len(name) for name in figures.rows) + 4
    rows = [f"\n{figures.title}", " " * width + "".join(f"{name:>15}" for name in columns)]
    for name, values in figures.rows.items():
        cells = [f"{mean:,.1f} ± {half:.1f}" for mean, half in values.values()]
        rows.append(f"  {name:{width - 2}}" + "".join(f"{cell:>15}" for cell in cells))
    return "\n".join([*rows, *(f"  {note}" for note in figures.notes)])


def figures_document(figures: Figures) -> dict[str, Any]:
    """Return figures for programs."""
    return {
        "title": figures.title,
        "notes": list(figures.notes),
        "rows": {
            name: {
                column: {"mean": mean, "interval": half} for column, (mean, half) in values.items()
            }
            for name, values in figures.rows.items()
        },
    }


def document(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison for programs, every round in it."""
    return {
        "title": comparison.title,
        "items": comparison.items,
        "notes": list(comparison.notes),
        "lines": [
            {
                "name": line.name,
                "median_s": median(line.seconds),
                "median_ratio": median(line.ratios),
                "at_most": line.at_most,
                "seconds": list(line.seconds),
                "ratios": list(line.ratios),
            }
            for line in comparison.lines
        ],
    }


def _amount(seconds: float, items: int) -> float:
    return 60 * items / seconds if items else 1000 * seconds


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _verdict(line: Line) -> str:
    if line.at_most is None:
        return ""
    word = "met" if median(line.ratios) <= line.at_most else "MISSED"
    return f"  <= {line.at_most:.3g}: {word}"
