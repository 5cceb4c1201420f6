"""Python, SQLite, SpatiaLite and time zones: what is too old is named with its command."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.doctor.conftest import Install
from umsalert.doctor import machine
from umsalert.model import CheckStatus
from umsalert.platforms import Platform
from umsalert.store import examination

OK, FAILED = CheckStatus.OK, CheckStatus.FAILED
ENGINE = examination.Engine("pysqlite3", "3.45.1", loads_extensions=True)
TOOLS = {
    Platform.DEBIAN: "apt-get",
    Platform.FEDORA: "dnf",
    Platform.MACOS: "brew",
    Platform.WINDOWS: "winget",
}


def test_this_machine_is_well(install: Install) -> None:
    """Where the tests run, every part is as umsalert needs it."""
    subject = install()
    for check in (
        machine.python,
        machine.sqlite,
        machine.spatialite,
        machine.known_distance,
        machine.time_zones,
    ):
        finding = check(subject)
        assert (finding.status, finding.fix) == (OK, ""), finding


@pytest.mark.parametrize("platform", list(Platform))
def test_an_old_python_is_replaced_by_the_systems_tool(
    install: Install, platform: Platform
) -> None:
    """3.10 fails on every system, each with its own way to a newer one; 3.11 does not."""
    subject = install(platform=platform)
    finding = machine.python_version((3, 10, 14), subject)
    assert finding.status is FAILED
    assert "3.10.14" in finding.message
    assert TOOLS[platform] in finding.fix
    assert machine.python_version((3, 11, 0), subject).status is OK


@pytest.mark.parametrize("platform", list(Platform))
@pytest.mark.parametrize(
    "engine", [replace(ENGINE, loads_extensions=False), replace(ENGINE, version="3.34.1")]
)
def test_a_sqlite_that_does_not_do_is_replaced_by_one_that_does(
    install: Install, platform: Platform, engine: examination.Engine
) -> None:
    """Neither an old SQLite nor one without extensions will do: pysqlite3 brings both."""
    finding = machine.sqlite_engine(engine, install(platform=platform))
    assert finding.status is FAILED
    assert engine.version in finding.message
    assert "pysqlite3" in finding.fix


@pytest.mark.parametrize(
    ("version", "status"), [("5.0.1", OK), ("5.1.0-rc0", OK), ("4.3.0a", FAILED)]
)
def test_spatialite_must_be_5(install: Install, version: str, status: CheckStatus) -> None:
    """4.x measures on a sphere where we ask for the ellipsoid."""
    assert machine.spatialite_version(version, install()).status is status


@pytest.mark.parametrize(
    ("platform", "tool"),
    [
        (Platform.DEBIAN, "apt-get install tzdata"),
        (Platform.FEDORA, "dnf install tzdata"),
        (Platform.MACOS, "pipx inject umsalert tzdata"),
        (Platform.WINDOWS, "pipx inject umsalert tzdata"),
    ],
)
def test_missing_time_zones_are_named(install: Install, platform: Platform, tool: str) -> None:
    """Each zone that is not there is named, with the package that has it."""
    zones = {"Europe/Paris", "Indian/Nowhere", "../etc/passwd"}
    finding = machine.time_zone_data(zones, install(platform=platform))
    assert finding.status is FAILED
    assert "Indian/Nowhere" in finding.message
    assert "Paris" not in finding.message
    assert tool in finding.fix
