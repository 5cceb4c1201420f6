"""The sites of a report, the unreached first; as many as a page can show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING

from umsalert.documents.page.standings import Standing, standing_of

if TYPE_CHECKING:
    from umsalert.reports import SiteReport

SITES_SHOWN = 1_000
"""A CSV has them all."""
_WORST_FIRST = tuple(reversed(Standing))


class Survey:
    """How many sites stand how, and the first of each, nearest first."""

    def __init__(self, sites: Iterable[SiteReport]) -> None:
        """Read all sites once; no more are kept than are shown."""
        self.counts = Counter[Standing]()
        self._kept: dict[Standing, list[SiteReport]] = {standing: [] for standing in Standing}
        for site in sites:
            standing = standing_of(site)
            self.counts[standing] += 1
            if self.counts[standing] <= SITES_SHOWN:
                self._kept[standing].append(site)

    def shown(self) -> Iterator[SiteReport]:
        """Yield the sites of the table, those first that somebody should look after."""
        groups = (self._kept[standing] for standing in _WORST_FIRST)
        return islice(chain.from_iterable(groups), SITES_SHOWN)

    @property
    def left_out(self) -> int:
        """How many are not in the table."""
        return max(0, self.counts.total() - SITES_SHOWN)
