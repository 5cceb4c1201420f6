"""What a board reads while an alert runs: little, and only when something has changed."""

from __future__ import annotations

from collections.abc import (
    Mapping,
    Sequence,
)
from dataclasses import (
    dataclass,
)
from datetime import (
    datetime,
)
from enum import (
    IntEnum,
)
from typing import (
    TYPE_CHECKING,
    Protocol,
)

if TYPE_CHECKING:
    from umsalert.events import Counts


class Reach(IntEnum):
    """How far the best message of a site has come."""

    NOWHERE = 0
    ACCEPTED = 1
    DELIVERED = 2


@dataclass(frozen=True, slots=True)
class BoardSite:
    """A site of an incident as it stood when its alert was sent. LATITUDE FIRST, degrees WGS 84.

    `distance_m` is that from the centre of the alert that is watched, None where that one did not
    go there.
    """

    id: int
    ref: str
    name: str
    lat: float
    lon: float
    distance_m: float | None


@dataclass(frozen=True, slots=True)
class IncidentAlert:
    """One alert of an incident. `stopped`: it was cancelled or closed."""

    id: int
    ref: str
    incident_at: datetime
    expires_at: datetime
    stopped: bool
    counts: Counts


@dataclass(frozen=True, slots=True)
class Tally:
    """What tells that answers have changed: how many, how many taken back, the newest photo."""

    replies: int
    taken_back: int
    last_photo_id: int


@dataclass(frozen=True, slots=True)
class Amendment:
    """What may come to an answer after it was given: it is taken back, a photo is added."""

    undone_at: datetime | None
    photos: int


@dataclass(frozen=True, slots=True)
class Incident:
    """An alert, those that follow it or that it follows, oldest first, and their answers."""

    alerts: tuple[IncidentAlert, ...]
    tally: Tally


class Board(Protocol):
    """What a board reads of the incident of an alert."""

    async def version(self) -> int:
        """Return a number that is another one once anybody else has written anything."""

    async def incident(self, alert_id: int) -> Incident:
        """Return the alerts of an incident with their counts."""

    async def amendments(self, alert_id: int) -> Mapping[int, Amendment]:
        """Return what came to answers to an incident after they were given, by their ids."""

    async def sites(self, alert_id: int) -> Sequence[BoardSite]:
        """Return the sites of an incident, each once, those of the alert that is watched first."""

    async def reach(self, alert_id: int) -> Mapping[int, Reach]:
        """Return by the id of a site how far its best message has come. Reads every delivery."""
