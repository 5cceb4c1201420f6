"""A home for the real program: a register, settings towards sinks on this machine, no limits."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from umsalert import resources
from umsalert.messages import Template, templates
from umsalert.model import ChannelKind, Circle, Operator
from umsalert.selection import Request
from umsalert.settings import Settings, load
from umsalert.simulator.training import Training, prepare_home

OPERATOR = Operator("bench", "bench")
NOON = datetime(2026, 3, 17, 11, 0, tzinfo=UTC)
"""A Tuesday at noon in Paris: about a sixth of the sites that have hours are empty."""

VALUES = {"description": "homme, 1,80 m, blouson rouge", "last_seen": "place du Marché"}
BEYOND_REACH = 1e6
"""How much faster than the carrier's own rates the pace is: it never holds anything back."""


@dataclass(frozen=True, slots=True)
class Office:
    """A home and the variables that the program is started with."""

    home: Path
    environ: dict[str, str]

    @property
    def settings(self) -> Settings:
        """Return what the program would load."""
        return load(environ=self.environ)


class NoonClock:
    """A clock that stands: who is on duty is the same in every round."""

    def now(self) -> datetime:
        """Return the moment of all plans."""
        return NOON

    def steady_s(self) -> float:
        """Return the same seconds every time."""
        return 0.0

    async def sleep(self, seconds: float) -> None:
        """Nobody waits for a plan."""
        raise AssertionError(seconds)


def prepare(home: Path, https_port: int = 1, smtp_port: int = 1) -> Office:
    """Make a home whose SMS and calls go to one port of this machine, and e-mails to another."""
    home.mkdir(exist_ok=True)
    prepare_home(Training(home, https_port, smtp_port, speed=BEYOND_REACH))
    inherited = {
        name: value
        for name, value in os.environ.items()
        # Our modules are compiled once, as an installation has them and the references are.
        if "UMSALERT" not in name and name != "PYTHONDONTWRITEBYTECODE"
    }
    own = {"HOME": home, "LANG": "en", "SMTP_SECURITY": "tls", "SMTP_USERNAME": ""}
    variables = {f"UMSALERT_{name}": str(value) for name, value in own.items()}
    return Office(home, inherited | variables)


def at_full_speed(home: Path, https_port: int, smtp_port: int) -> Office:
    """Make a home that sends as fast as the program can: no cell of the network is paced."""
    place = prepare(home, https_port, smtp_port)
    place.environ["UMSALERT_PACE_CELL_BURST"] = "0"
    return place


@cache
def template() -> Template:
    """Return the template of every alert here, read once."""
    return templates.load("search-person", (resources.folder("templates"),))


def request(circle: Circle, *channels: ChannelKind) -> Request:
    """Return what an officer would ask for; every channel of the template where none is named."""
    return Request(circle, template(), VALUES, OPERATOR, channels=channels)
