"""What is examined, passed in as values."""

from __future__ import annotations

from dataclasses import dataclass

from umsalert.model import Finding, FindingStatus
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


def ok(name: str, message: str) -> Finding:
    """Return that all is well."""
    return Finding(name, FindingStatus.OK, message)


def warning(name: str, message: str, fix: str) -> Finding:
    """Return something that a person should look at."""
    return Finding(name, FindingStatus.WARNING, message, fix)


def failed(name: str, message: str, fix: str) -> Finding:
    """Return something that keeps alerts from leaving, or people's data from being safe."""
    return Finding(name, FindingStatus.FAILED, message, fix)
