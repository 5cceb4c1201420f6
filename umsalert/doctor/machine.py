"""The machine: Python, SQLite, SpatiaLite, time zones."""

from __future__ import annotations

import platform
import sys
import zoneinfo

from umsalert.doctor.subject import Subject, failed, ok
from umsalert.geo.territories import TERRITORIES
from umsalert.i18n import _, decimal
from umsalert.model import CheckResult
from umsalert.platforms import packages
from umsalert.store import examination

PYTHON = (3, 11)
SQLITE = (3, 37)
"""The first with STRICT tables."""
SPATIALITE = (5, 0)


def python(subject: Subject) -> CheckResult:
    """Python is new enough."""
    return python_version(sys.version_info[:3], subject)


def python_version(version: tuple[int, ...], subject: Subject) -> CheckResult:
    """Judge a version of Python."""
    words = f"Python {_dotted(version)}"
    if version[:2] >= PYTHON:
        implementation = platform.python_implementation()
        return ok("python", f"{words} ({implementation}, {platform.machine()})")
    return failed(
        "python",
        _("{found} is too old: {needed} or newer is needed.").format(
            found=words, needed=_dotted(PYTHON)
        ),
        _install(packages(subject.platform).python),
    )


def sqlite(subject: Subject) -> CheckResult:
    """SQLite is new enough and can load extensions."""
    return sqlite_engine(examination.engine(), subject)


def sqlite_engine(engine: examination.Engine, subject: Subject) -> CheckResult:
    """Judge the SQLite that was found."""
    found = _("SQLite {version} of the module {module}").format(
        version=engine.version, module=engine.module
    )
    fix = _install(packages(subject.platform).sqlite)
    if not engine.loads_extensions:
        return failed("sqlite", _("{found} cannot load extensions.").format(found=found), fix)
    if _version(engine.version) < SQLITE:
        message = _("{found} is too old: {needed} or newer is needed.")
        return failed("sqlite", message.format(found=found, needed=_dotted(SQLITE)), fix)
    return ok("sqlite", _("{found} loads extensions.").format(found=found))


def spatialite(subject: Subject) -> CheckResult:
    """The SpatiaLite extension loads."""
    return spatialite_version(examination.spatialite_version(), subject)


def spatialite_version(version: str, subject: Subject) -> CheckResult:
    """Judge a version of mod_spatialite."""
    found = f"mod_spatialite {version}"
    if _version(version) >= SPATIALITE:
        return ok("spatialite", _("{found} loads.").format(found=found))
    return failed(
        "spatialite",
        _("{found} is too old: {needed} or newer is needed.").format(
            found=found, needed=_dotted(SPATIALITE)
        ),
        _install(packages(subject.platform).spatialite),
    )


def known_distance(_subject: Subject) -> CheckResult:
    """A known distance is measured right."""
    distance = decimal(f"{examination.known_distance_m():.3f}")
    return ok(
        "known_distance",
        _("Nice to Paris is {distance} m, right to 1 mm.").format(distance=distance),
    )


def time_zones(subject: Subject) -> CheckResult:
    """Every French territory has its time."""
    return time_zone_data({item.time_zone for item in TERRITORIES}, subject)


def time_zone_data(names: set[str], subject: Subject) -> CheckResult:
    """Judge whether the machine knows these time zones."""
    missing = sorted(name for name in names if not _is_zone(name))
    if not missing:
        message = _("All {n} time zones of the French territories are known.")
        return ok("time_zones", message.format(n=len(names)))
    return failed(
        "time_zones",
        _("Time zones are missing: {names}.").format(names=", ".join(missing)),
        _install(packages(subject.platform).time_zones),
    )


def _is_zone(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _install(command: str) -> str:
    return _("Install it: {command}").format(command=command)


def _version(text: str) -> tuple[int, ...]:
    """Read `5.1.0` or `5.1.0-rc1`."""
    parts = text.partition("-")[0].split(".")
    return tuple(int(part) for part in parts if part.isdecimal())


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
