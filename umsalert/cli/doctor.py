"""`umsalert doctor`: what is well, what is not, and how to mend it here."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Sequence
from typing import Annotated

import typer

from umsalert.cli.context import AsJson, leave, run_async, session
from umsalert.cli.output import Output
from umsalert.errors import ExitCode
from umsalert.i18n import _
from umsalert.model import CheckResult, CheckStatus

Online = Annotated[
    bool,
    typer.Option(
        "--online", help=_("Ask the mail relay and the provider's account too; nothing is sent.")
    ),
]
_LINE = 80
_NAME_WIDTH = 18


def doctor(context: typer.Context, online: Online = False, as_json: AsJson = False) -> None:
    """Examine the installation."""
    from umsalert import platforms
    from umsalert.doctor import Subject, examine, examine_providers, worst

    this = session(context)
    output = this.output(as_json=as_json)
    subject = Subject(this.inspection, platforms.current())
    findings = list(run_async(examine(subject)))
    if online:
        output.say(_("Asking the providers …"))
        findings += run_async(examine_providers(subject))
    status = worst(findings)
    if as_json:
        checks = [dataclasses.asdict(finding) for finding in findings]
        output.document({"status": status, "online": online, "checks": checks})
    else:
        _show(findings, output)
    if status is CheckStatus.FAILED:
        leave(ExitCode.INVALID)


def _show(findings: Sequence[CheckResult], output: Output) -> None:
    words = {
        CheckStatus.OK: _("ok"),
        CheckStatus.WARNING: _("warning"),
        CheckStatus.FAILED: _("FAILED"),
    }
    width = max(map(len, words.values())) + 2
    for finding in findings:
        start = f"{words[finding.status]:<{width}}{finding.name:<{_NAME_WIDTH}}"
        _paragraph(start, finding.message, output)
        if finding.fix:
            _paragraph(" " * len(start), "→ " + finding.fix, output)
    counts = [sum(f.status is status for f in findings) for status in CheckStatus]
    output.say(
        _("{n} checks: {ok} ok, {warning} to look at, {failed} failed.").format(
            n=len(findings), ok=counts[0], warning=counts[1], failed=counts[2]
        )
    )


def _paragraph(start: str, text: str, output: Output) -> None:
    # a path or a command is never cut: it is there to be copied
    lines = textwrap.wrap(text, _LINE - len(start), break_long_words=False, break_on_hyphens=False)
    output.line(start + lines[0])
    for line in lines[1:]:
        output.line(" " * len(start) + line)
