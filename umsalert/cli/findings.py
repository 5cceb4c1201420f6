"""What a check found, for eyes and for programs."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from umsalert.cli.output import Output, channel_name
from umsalert.i18n import _, ngettext, titled
from umsalert.messages.check import Finding, Severity


def document(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return findings for a JSON document."""
    return [dataclasses.asdict(finding) for finding in findings]


def show(findings: Sequence[Finding], output: Output, indent: str = "") -> None:
    """Print findings, each with its place, then what to do about it."""
    for finding, after in zip_longest(findings, findings[1:]):
        place = _place(finding)
        sentence = titled(place, finding.message) if place else finding.message
        hang = f"{indent}    "
        output.paragraph(titled(_severity(finding.severity), sentence), indent, hang)
        if finding.hint and (after is None or finding.hint != after.hint):  # once for all
            output.paragraph(finding.hint, hang, hang)


def counted(findings: Sequence[Finding]) -> str:
    """Return how many findings there are, in words."""
    n = {
        severity: sum(finding.severity is severity for finding in findings) for severity in Severity
    }
    return ", ".join(
        (
            ngettext("{n} error", "{n} errors", n[Severity.ERROR]).format(n=n[Severity.ERROR]),
            ngettext("{n} warning", "{n} warnings", n[Severity.WARNING]).format(
                n=n[Severity.WARNING]
            ),
            ngettext("{n} notice", "{n} notices", n[Severity.NOTICE]).format(n=n[Severity.NOTICE]),
        )
    )


def _place(finding: Finding) -> str:
    if finding.file:
        return f"{finding.file}:{finding.row}" if finding.row else finding.file
    parts = []
    if finding.channel:
        name = channel_name(finding.channel)
        parts.append(f"{name} ({finding.language})" if finding.language else name)
    if finding.variable:
        parts.append(finding.variable)
    return ", ".join(parts)


def _severity(severity: Severity) -> str:
    return {
        Severity.ERROR: _("Error"),
        Severity.WARNING: _("Warning"),
        Severity.NOTICE: _("Notice"),
    }[severity]
