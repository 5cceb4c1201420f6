"""Options that come together are one parameter of a command, and Typer sees each of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, NamedTuple

import pytest
import typer

from umsalert.cli.bundles import spread

Lat = Annotated[str, typer.Option("--lat")]
Fast = Annotated[bool, typer.Option("--fast")]


class Inner(NamedTuple):
    """Where."""

    lat: Lat
    lon: Annotated[str, typer.Option("--lon")] = "7"


class Outer(NamedTuple):
    """Where, and how."""

    where: Inner
    fast: Fast = False


def bundled(first: str, outer: Outer, last: Fast = True) -> object:
    """Return what it is given."""
    return first, outer, last


def plain(first: str, last: Fast = True) -> object:
    """Return what it is given."""
    return first, last


def test_fields_stand_where_the_bundle_stood() -> None:
    """The help keeps its order; what has no default stays required."""
    parameters = inspect.signature(spread(bundled)).parameters
    assert list(parameters) == ["first", "lat", "lon", "fast", "last"]
    needed = [it.name for it in parameters.values() if it.default is inspect.Parameter.empty]
    assert needed == ["first", "lat"]
    assert parameters["lat"].annotation == Lat


def test_the_command_gets_its_bundles() -> None:
    """What Typer gives by name comes as the command takes it."""
    given = {"first": "a", "lat": "43", "lon": "8", "fast": True, "last": False}
    assert spread(bundled)(**given) == ("a", Outer(Inner("43", "8"), True), False)


def test_a_command_without_a_bundle_is_itself() -> None:
    """Most have none, and nothing is made for them."""
    assert spread(plain) is plain


def test_typer_takes_it(capsys: pytest.CaptureFixture[str]) -> None:
    """As the program makes its commands."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    found: list[object] = []
    app.command()(spread(keeping(found)))
    with pytest.raises(SystemExit):
        app(["--lat", "43", "--fast"])
    assert found == [Outer(Inner("43"), True)]
    with pytest.raises(SystemExit):
        app(["--fast"])
    assert "--lat" in capsys.readouterr().err


def keeping(found: list[object]) -> Callable[..., None]:
    """Return a command that keeps what it was given."""

    def command(outer: Outer) -> None:
        found.append(outer)

    return command
