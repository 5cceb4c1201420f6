"""What the simulated guards do when they are called or written to."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from umsalert.errors import UsageError
from umsalert.i18n import _

UNREACHABLE_SHARE = 0.02
"""Phone off, no network: the SMS is rejected, the call fails."""
BUSY_SHARE = 0.03
UNANSWERED_SHARE = 0.10
PRESSES_1_SHARE = 0.70
"""Of those who pick up; the others listen and press nothing. Nobody presses 2 by chance."""


class Line(StrEnum):
    """What happens at the other end of a call. All but `unreachable` receive their SMS."""

    ANSWERED = "answered"
    BUSY = "busy"
    UNANSWERED = "unanswered"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Person:
    """How one guard behaves. `keys` are pressed one prompt after the other."""

    line: Line
    keys: str
    sms_latency_s: float
    picks_up_after_s: float


class People:
    """Everybody who has a phone. A number behaves the same way in every run with the same seed."""

    def __init__(self, seed: int, answers: Mapping[str, str]) -> None:
        """Decide by `seed`, except for the numbers in `answers`.

        `answers` maps an E.164 number to the keys it presses ("1", "02", "" for none), or to
        `busy`, `unanswered` or `unreachable`. Raises UsageError when it holds anything else.
        """
        for number, answer in answers.items():
            _check(number, answer)
        self._seed = seed
        self._answers = dict(answers)

    def person(self, number: str) -> Person:
        """Return who has `number` (E.164)."""
        chance = random.Random(f"{self._seed}/{number}")
        latency_s = min(chance.lognormvariate(math.log(4), 0.6), 60.0)
        picks_up_after_s = chance.uniform(3, 15)
        line, keys = _by_chance(chance)
        if number in self._answers:
            line, keys = _configured(self._answers[number])
        return Person(line, keys, latency_s, picks_up_after_s)


def _by_chance(chance: random.Random) -> tuple[Line, str]:
    lines = [Line.UNREACHABLE, Line.BUSY, Line.UNANSWERED, Line.ANSWERED]
    shares = [UNREACHABLE_SHARE, BUSY_SHARE, UNANSWERED_SHARE]
    (line,) = chance.choices(lines, [*shares, 1 - sum(shares)])
    presses = chance.random() < PRESSES_1_SHARE
    return line, "1" if presses and line is Line.ANSWERED else ""


def _configured(answer: str) -> tuple[Line, str]:
    if answer in (Line.BUSY, Line.UNANSWERED, Line.UNREACHABLE):
        return Line(answer), ""
    return Line.ANSWERED, answer


def _check(number: str, answer: str) -> None:
    if not re.fullmatch(r"\+[1-9][0-9]{6,14}", number):
        raise UsageError(
            "bad_number",
            _("An answer is set for a number that is not in international form."),
            hint=_("Write it with its country code, such as +33639980001."),
        )
    if not re.fullmatch(r"[0-9*#]*|busy|unanswered|unreachable", answer):
        raise UsageError(
            "bad_answer",
            _("{answer!r} is not something a guard can answer.").format(answer=answer),
            hint=_("Give the keys to press (1, 02), or busy, unanswered or unreachable."),
        )
