"""Is this machine able to alert? Checks that change nothing and never stop one another."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from umsalert.channels import registry
from umsalert.doctor import bulletins, files, machine, operators, setup
from umsalert.doctor.subject import Subject
from umsalert.errors import UmsalertError
from umsalert.i18n import _, system_reason
from umsalert.model import CheckResult, CheckStatus

__all__ = ["Subject", "examine", "examine_providers", "worst"]

Check = Callable[[Subject], CheckResult | Awaitable[CheckResult]]

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
    "operators": operators.operators,
    "bulletins": bulletins.bulletins,
}


async def examine(subject: Subject) -> Sequence[CheckResult]:
    """Run every check of this machine; nothing goes over the network. Raises nothing."""
    return [await _guarded(name, check, subject) for name, check in CHECKS.items()]


async def examine_providers(subject: Subject) -> Sequence[CheckResult]:
    """Ask every provider that is set up; nothing is sent to anybody. Raises nothing."""
    found: list[CheckResult] = []
    for provider in registry.EXAMINATIONS:
        try:
            found += await registry.examine(provider, subject.settings)
        except Exception as error:  # noqa: BLE001 - one check must not stop another
            found.append(_failure(provider, error))
    return found


def worst(findings: Sequence[CheckResult]) -> CheckStatus:
    """Return the worst status of all."""
    order = list(CheckStatus)
    return max((finding.status for finding in findings), key=order.index, default=CheckStatus.OK)


async def _guarded(name: str, check: Check, subject: Subject) -> CheckResult:
    try:
        found = check(subject)
        return found if isinstance(found, CheckResult) else await found
    except Exception as error:  # noqa: BLE001 - one check must not stop another
        return _failure(name, error)


def _failure(name: str, error: Exception) -> CheckResult:
    if isinstance(error, UmsalertError):
        return CheckResult(name, CheckStatus.FAILED, error.message, error.hint)
    if isinstance(error, OSError) and error.filename:
        message = _("{file}: {reason}.").format(file=error.filename, reason=system_reason(error))
        fix = _("Check the owner and the mode of this file and of its folder.")
        return CheckResult(name, CheckStatus.FAILED, message, fix)
    return CheckResult(
        name,
        CheckStatus.FAILED,
        _("This check itself failed ({kind}).").format(kind=type(error).__name__),
        _("This is a bug of ours: please report it with the output of `umsalert doctor --json`."),
    )
