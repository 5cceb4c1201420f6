"""`umsalert demo`: a founding case, from the register to the report, against the simulator."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from umsalert.cli.context import leave
from umsalert.i18n import _


class CaseName(StrEnum):
    """The three founding cases."""

    PERSON = "person"
    ATTACK = "attack"
    VEHICLE = "vehicle"


def demo(
    case: Annotated[
        CaseName,
        typer.Option(help=_("person: 800 m, 18:07. attack: 30 km, 10:05. vehicle: 3 km, 16:10.")),
    ] = CaseName.PERSON,
    speed: Annotated[
        float,
        typer.Option(
            min=0.5, max=100, help=_("How many times faster than a real carrier and real guards.")
        ),
    ] = 10.0,
) -> None:
    """Play one case."""
    from umsalert.cli import demo_play

    leave(demo_play.play(demo_play.CASES[case], speed))
