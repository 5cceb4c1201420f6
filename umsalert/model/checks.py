"""What `doctor` finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CheckStatus(StrEnum):
    """What a check came to. A warning does not keep an alert from leaving."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check of `doctor` found. `fix` is what to do where it is not ok."""

    name: str
    status: CheckStatus
    message: str
    fix: str = ""
