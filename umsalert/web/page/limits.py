"""How often something may happen for each of many keys, in bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

ANSWERS_MOST, ANSWERS_WITHIN_S = 30, 600.0
"""POSTs by one link: more than anybody who searches can send."""
PHOTOS_MOST, PHOTOS_WITHIN_S = 12, 3600.0
"""Photos by one link; the largest of what a guard can make us keep."""
MISSES_MOST, MISSES_WITHIN_S = 20, 60.0
"""Unknown tokens from one address. What is known is never counted by address: the guards of a
whole mobile operator may share one."""
KEYS = 10_000
"""Of each limit; the key that was not seen for longest is forgotten first."""


@dataclass
class Limit:
    """At most `most` in a row for one key, and then as many again within `within_s`.

    `steady_s` is a clock that nobody sets. One number a key: when what was counted is worn off
    (the generic cell rate algorithm).
    """

    most: int
    within_s: float
    steady_s: Callable[[], float]
    keys: int = KEYS

    def __post_init__(self) -> None:
        self._worn_off_s: OrderedDict[object, float] = OrderedDict()

    def wait_s(self, key: object) -> float:
        """Count one for `key`; return 0, or after how long the next is allowed: not counted."""
        now = self.steady_s()
        worn_off = max(self._worn_off_s.get(key, now), now) + self.within_s / self.most
        wait = worn_off - now - self.within_s
        if wait > 1e-6:  # what sums of fractions leave over is no second too early
            return wait
        self._worn_off_s[key] = worn_off
        self._worn_off_s.move_to_end(key)
        if len(self._worn_off_s) > self.keys:
            self._worn_off_s.popitem(last=False)
        return 0.0
