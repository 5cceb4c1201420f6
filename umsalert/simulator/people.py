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
from umsalert.simulator.faults import NUMBER_FAULTS, Fault

UNREACHABLE_SHARE = 0.02
"""Phone off, no network: the SMS is rejected, the call fails."""
BUSY_SHARE = 0.03
UNANSWERED_SHARE = 0.10
PRESSES_1_SHARE = 0.70
"""Of those who pick up; the others listen and press nothing. Nobody presses 2 by chance."""


class Line(StrEnum):
    """What happens at the other end of a call. The last two receive no SMS either."""

    ANSWERED = "answered"
    BUSY = "busy"
    UNANSWERED = "unanswered"
    UNREACHABLE = "unreachable"
    REJECTED = "rejected"


DELIVERED = "delivered"
NO_RECEIPT = "no-receipt"
WRITES, PRESSES = "sms:", "link:"
"""Before the words that are written back, or the button that is pressed on the page of the link."""
WORDS = (DELIVERED, *(line.value for line in Line if line is not Line.ANSWERED), NO_RECEIPT)
"""What a number can do besides pressing keys and breaking requests."""

DOCUMENTED: Mapping[str, str] = {
    "+33639989901": "1",
    "+33639989902": "2",
    "+33639989903": "02",
    "+33639989904": DELIVERED,
    "+33639989905": "busy",
    "+33639989906": "unanswered",
    "+33639989907": "unreachable",
    "+33639989908": "rejected",
    "+33639989909": NO_RECEIPT,
    "+33639989910": "invalid-number",
    "+33639989911": "rate-limit",
    "+33639989912": "low-balance",
    "+33639989913": "http-500",
    "+33639989914": "http-502",
    "+33639989915": "http-503",
    "+33639989916": "http-504",
    "+33639989917": "drop-after-read",
    "+33639989918": "unreadable",
    "+33639989919": "cut-off",
    "+33639989920": "sms:OK bien reçu",
    "+33639989921": "sms:Je le vois devant la gare",
    "+33639989922": "sms:STOP",
    "+33639989923": "link:acknowledged",
    "+33639989924": "link:sighting",
}
"""Numbers reserved for fiction that always do the same, whatever seed and scenario."""


@dataclass(frozen=True, slots=True)
class Person:
    """How one guard behaves. `keys` are pressed one prompt after the other.

    `receipts` False: nobody ever hears what became of a message. `fault`: the carrier chokes on
    every request for this number. `writes` is sent back after an SMS; `presses` is the value of the
    button that is pressed on the page of its link.
    """

    line: Line
    keys: str
    sms_latency_s: float
    picks_up_after_s: float
    receipts: bool = True
    fault: Fault | None = None
    writes: str = ""
    presses: str = ""


class People:
    """Everybody who has a phone. A number behaves the same way in every run with the same seed."""

    def __init__(self, seed: int, answers: Mapping[str, str]) -> None:
        """Decide by `seed`, except for the numbers in `DOCUMENTED` and in `answers`.

        `answers` maps an E.164 number to the keys it presses ("1", "02", "" for none), to `sms:`
        and words, to `link:` and a button, to one of `WORDS`, or to one of `NUMBER_FAULTS`. Raises
        UsageError when it holds anything else.
        """
        for number, answer in answers.items():
            _check(number, answer)
        self._seed = seed
        self._answers = {**DOCUMENTED, **answers}

    def person(self, number: str) -> Person:
        """Return who has `number` (E.164)."""
        chance = random.Random(f"{self._seed}/{number}")
        latency_s = min(chance.lognormvariate(math.log(4), 0.6), 60.0)
        picks_up_after_s = chance.uniform(3, 15)
        line, keys = _by_chance(chance)
        answer = self._answers.get(number)
        if answer is not None:
            line, keys = _configured(answer)
        return Person(
            line,
            keys,
            latency_s,
            picks_up_after_s,
            receipts=answer != NO_RECEIPT,
            fault=NUMBER_FAULTS.get(answer or ""),
            writes=_after(WRITES, answer),
            presses=_after(PRESSES, answer),
        )


def is_answer(text: str) -> bool:
    """Say whether a number can do what `text` says."""
    if text.startswith((WRITES, PRESSES)):
        return bool(text.partition(":")[2].strip())
    return bool(re.fullmatch(r"[0-9*#]*", text)) or text in WORDS or text in NUMBER_FAULTS


def answers_hint() -> str:
    """Tell what a number can do."""
    return _(
        "Give the keys to press (1, 02), words to write back (sms:OK), a button of the link's page "
        "(link:sighting), or one of: {words}"
    ).format(words=", ".join((*WORDS, *NUMBER_FAULTS)))


def _by_chance(chance: random.Random) -> tuple[Line, str]:
    lines = [Line.UNREACHABLE, Line.BUSY, Line.UNANSWERED, Line.ANSWERED]
    shares = [UNREACHABLE_SHARE, BUSY_SHARE, UNANSWERED_SHARE]
    (line,) = chance.choices(lines, [*shares, 1 - sum(shares)])
    presses = chance.random() < PRESSES_1_SHARE
    return line, "1" if presses and line is Line.ANSWERED else ""


def _after(prefix: str, answer: str | None) -> str:
    return answer.removeprefix(prefix) if answer and answer.startswith(prefix) else ""


def _configured(answer: str) -> tuple[Line, str]:
    if answer[:1].isalpha():
        return Line(answer) if answer in set(Line) else Line.ANSWERED, ""
    return Line.ANSWERED, answer


def _check(number: str, answer: str) -> None:
    if not re.fullmatch(r"\+[1-9][0-9]{6,14}", number):
        raise UsageError(
            "bad_number",
            _("An answer is set for a number that is not in international form."),
            hint=_("Write it with its country code, such as +33639980001."),
        )
    if not is_answer(answer):
        raise UsageError(
            "bad_answer",
            _("{answer!r} is not something a guard can answer.").format(answer=answer),
            hint=answers_hint(),
        )
