"""The four systems umsalert is installed on, and the commands that mend each of them."""

from __future__ import annotations

import os
import platform
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from umsalert.i18n import _


class Platform(StrEnum):
    """A system with its own commands; relatives count as their ancestor."""

    DEBIAN = "debian"
    FEDORA = "fedora"
    MACOS = "macos"
    WINDOWS = "windows"


@dataclass(frozen=True, slots=True)
class Packages:
    """What to type to get each thing that umsalert stands on."""

    python: str
    sqlite: str
    spatialite: str
    time_zones: str


def current() -> Platform:
    """Return the platform of this machine."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    return recognise(sys.platform, release)


def recognise(system: str, release: Mapping[str, str]) -> Platform:
    """Return the platform of `sys.platform` and the os-release file; Debian for other Linuxes."""
    if system == "darwin":
        return Platform.MACOS
    if system == "win32":
        return Platform.WINDOWS
    kin = {release.get("ID", ""), *release.get("ID_LIKE", "").split()}
    return Platform.FEDORA if kin & {"fedora", "rhel"} else Platform.DEBIAN


def packages(system: Platform) -> Packages:
    """Return the commands of a platform."""
    inject = "pipx inject umsalert"
    sqlite = _(
        "{command} (where it has no wheel, as on Linux on ARM or an Intel Mac: {other})"
    ).format(command=f"{inject} pysqlite3", other=f"{inject} sqlean.py")
    return {
        Platform.DEBIAN: Packages(
            "sudo apt-get install python3",
            sqlite,
            "sudo apt-get install libsqlite3-mod-spatialite",
            "sudo apt-get install tzdata",
        ),
        Platform.FEDORA: Packages(
            "sudo dnf install python3",
            sqlite,
            "sudo dnf install libspatialite",
            "sudo dnf install tzdata",
        ),
        Platform.MACOS: Packages(
            "brew install python", sqlite, "brew install libspatialite", f"{inject} tzdata"
        ),
        Platform.WINDOWS: Packages(
            "winget install Python.Python.3.13",
            f"{inject} pysqlite3",
            _("put mod_spatialite.dll of the SpatiaLite distribution on PATH"),
            f"{inject} tzdata",
        ),
    }[system]


def keep_private(path: Path, system: Platform, *, folder: bool = False) -> str:
    """Return the command that leaves a file or folder to this account alone."""
    if system is Platform.WINDOWS:
        right = "(OI)(CI)F" if folder else "F"
        return f'icacls "{path}" /inheritance:r /grant:r "%USERNAME%:{right}"'
    return f"chmod {'700' if folder else '600'} {shlex.quote(str(path))}"


def take_over(path: Path, system: Platform) -> str:
    """Return the command that gives one file or folder, and nothing below it, to this account."""
    if system is Platform.WINDOWS:
        return f'takeown /F "{path}"'
    return f'sudo chown "$(id -un)" {shlex.quote(str(path))}'


def make_folder(path: Path, system: Platform) -> str:
    """Return the command that makes a folder where this account may not, and gives it to it."""
    if system is Platform.WINDOWS:
        return f'mkdir "{path}"'
    return f'sudo install -d -m 700 -o "$(id -un)" {shlex.quote(str(path))}'


def has_modes(system: Platform) -> bool:
    """Say whether files have modes that tell who may read them."""
    return system is not Platform.WINDOWS and os.name == "posix"
