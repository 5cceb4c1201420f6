"""What is examined, passed in as values."""

from __future__ import annotations

from dataclasses import dataclass

from umsalert.model import CheckResult, CheckStatus
from umsalert.platforms import Platform
from umsalert.settings import Inspection, Settings


@dataclass(frozen=True, slots=True)
class Subject:
    """An installation: its settings, valid or not, on a platform."""

    inspection: Inspection
    platform: Platform

    @property
    def settings(self) -> Settings:
        """Return the settings as far as they could be read."""
        return self.inspection.settings


def ok(name: str, message: str) -> CheckResult:
    """Return that all is well."""
    return CheckResult(name, CheckStatus.OK, message)


def warning(name: str, message: str, fix: str) -> CheckResult:
    """Return something that a person should look at."""
    return CheckResult(name, CheckStatus.WARNING, message, fix)


def failed(name: str, message: str, fix: str) -> CheckResult:
    """Return something that keeps alerts from leaving, or people's data from being safe."""
    return CheckResult(name, CheckStatus.FAILED, message, fix)
