"""Each of the four systems is recognised and has commands of its own."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from umsalert.platforms import (
    Platform,
    has_modes,
    keep_private,
    make_folder,
    packages,
    recognise,
    take_over,
)


@pytest.mark.parametrize(
    ("system", "release", "expected"),
    [
        ("darwin", {}, Platform.MACOS),
        ("win32", {}, Platform.WINDOWS),
        ("linux", {"ID": "debian"}, Platform.DEBIAN),
        ("linux", {"ID": "ubuntu", "ID_LIKE": "debian"}, Platform.DEBIAN),
        ("linux", {"ID": "fedora"}, Platform.FEDORA),
        ("linux", {"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, Platform.FEDORA),
        ("linux", {"ID": "arch"}, Platform.DEBIAN),
        ("linux", {}, Platform.DEBIAN),
    ],
)
def test_a_system_is_recognised(system: str, release: dict[str, str], expected: Platform) -> None:
    """Relatives count as their ancestor; what is unknown is told Debian's names."""
    assert recognise(system, release) is expected


@pytest.mark.parametrize(
    ("system", "tool"),
    [
        (Platform.DEBIAN, "apt-get install libsqlite3-mod-spatialite"),
        (Platform.FEDORA, "dnf install libspatialite"),
        (Platform.MACOS, "brew install libspatialite"),
        (Platform.WINDOWS, "mod_spatialite.dll"),
    ],
)
def test_each_system_has_its_own_commands(system: Platform, tool: str) -> None:
    """SpatiaLite comes by the system's own package, and nothing is left without a command."""
    found = packages(system)
    assert tool in found.spatialite
    assert all(dataclasses.astuple(found))


@pytest.mark.parametrize("system", list(Platform))
def test_a_path_with_a_space_stays_one_word(system: Platform) -> None:
    """The commands can be pasted whatever the folder is called."""
    path = Path("/home/poste de Nice/umsalert.db")
    quote = '"' if system is Platform.WINDOWS else "'"
    for command in (
        keep_private(path, system),
        keep_private(path, system, folder=True),
        take_over(path, system),
        make_folder(path, system),
    ):
        assert f"{quote}{path}{quote}" in command


@pytest.mark.parametrize("system", list(Platform))
def test_no_command_reaches_below_what_it_names(system: Platform) -> None:
    """Pasted for the wrong folder, it does no harm to all that lies in it."""
    commands = take_over(Path("/srv"), system), keep_private(Path("/srv"), system, folder=True)
    assert not any(flag in command for command in commands for flag in (" -R", " /R", " /T"))


def test_only_a_system_with_modes_is_asked_for_them() -> None:
    """Windows is not told to chmod."""
    assert not has_modes(Platform.WINDOWS)
    assert "chmod" not in keep_private(Path("x"), Platform.WINDOWS)
    assert keep_private(Path("x"), Platform.MACOS) == "chmod 600 x"
    assert keep_private(Path("x"), Platform.FEDORA, folder=True) == "chmod 700 x"
