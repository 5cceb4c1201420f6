"""Is this machine able to alert? Checks that change nothing and never stop one another."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from umsalert.channels import registry
from umsalert.doctor import files, machine, setup
from umsalert.doctor.subject import Subject
from umsalert.errors import UmsalertError
from umsalert.i18n import _
from umsalert.model import Finding, FindingStatus

__all__ = ["Subject", "examine", "examine_providers", "worst"]

Check = Callable[[Subject], Finding | Awaitable[Finding]]

CHECKS: dict[str, Check] = {
    "python": machine.python,
    "sqlite": machine.sqlite,
    "spatialite": machine.spatialite,
    "known_distance": machine.known_distance,
    "time_zones": machine.time_zones,
    "home": files.home,
    "database": files.database,
    "schema": files.schema,
    "write_access": files.write_access,
    "file_modes": files.file_modes,
    "disk_space": files.disk_space,
    "configuration": setup.configuration,
    "secrets": setup.secrets,
    "station": setup.station,
    "channels": setup.channels,
    "templates": setup.templates,
}


async def examine(subject: Subject) -> Sequence[Finding]:
    """Run every check of this machine; nothing goes over the network. Raises nothing."""
    return [await _guarded(name, check, subject) for name, check in CHECKS.items()]


async def examine_providers(subject: Subject) -> Sequence[Finding]:
    """Ask every provider that is set up; nothing is sent to anybody. Raises nothing."""
    found: list[Finding] = []
    for provider in registry.EXAMINATIONS:
        try:
            found += await registry.examine(provider, subject.settings)
        except Exception as error:  # noqa: BLE001 - one check must not stop another
            found.append(_failure(provider, error))
    return found


def worst(findings: Sequence[Finding]) -> FindingStatus:
    """Return the worst status of all."""
    order = list(FindingStatus)
    return max((finding.status for finding in findings), key=order.index, default=FindingStatus.OK)


async def _guarded(name: str, check: Check, subject: Subject) -> Finding:
    try:
        found = check(subject)
        return found if isinstance(found, Finding) else await found
    except Exception as error:  # noqa: BLE001 - one check must not stop another
        return _failure(name, error)


def _failure(name: str, error: Exception) -> Finding:
    if isinstance(error, UmsalertError):
        return Finding(name, FindingStatus.FAILED, error.message, error.hint)
    if isinstance(error, OSError) and error.filename:
        message = _("{file}: {reason}.").format(file=error.filename, reason=error.strerror)
        fix = _("Check the owner and the mode of this file and of its folder.")
        return Finding(name, FindingStatus.FAILED, message, fix)
    return Finding(
        name,
        FindingStatus.FAILED,
        _("This check itself failed ({kind}).").format(kind=type(error).__name__),
        _("This is a bug of ours: please report it with the output of `umsalert doctor --json`."),
    )
