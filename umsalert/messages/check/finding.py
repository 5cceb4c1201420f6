"""What a check finds: how bad it is, where it stands, what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from umsalert.model import ChannelKind


class Severity(StrEnum):
    """How bad a finding is, the worst first."""

    ERROR = "error"
    """It cannot be sent like this."""
    WARNING = "warning"
    """It can be sent; a person should look at it first."""
    NOTICE = "notice"
    """Good to know."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know about a template or its texts.

    `code` is stable; `message` says what, `hint` what to do. What is known of the place is said:
    the channel, the language, the file (or the key of template.toml) with its 1-based line, the
    variable.
    """

    severity: Severity
    code: str
    message: str
    hint: str = ""
    channel: ChannelKind | None = None
    language: str | None = None
    file: str | None = None
    row: int | None = None
    variable: str | None = None


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return each finding once, errors before warnings before notices, else in their order."""
    order = list(Severity)
    return tuple(sorted(dict.fromkeys(findings), key=lambda found: order.index(found.severity)))
