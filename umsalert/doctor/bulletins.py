"""Whether somebody sends what is due: a bulletin that cron forgets is missed by nobody."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from umsalert import wiring
from umsalert.doctor.subject import Subject, ok, warning
from umsalert.i18n import _, ngettext
from umsalert.model import CheckResult
from umsalert.store import examination

OVERDUE = timedelta(minutes=30)
"""Whoever runs it less often than that runs it too seldom."""


def bulletins(subject: Subject) -> CheckResult:
    """What is due is sent: nothing has waited for long."""
    settings, problems = subject.settings, subject.inspection.problems
    if not settings.database.exists():
        return warning(
            "bulletins",
            _("Not checked: there is no database."),
            _("Create one with: umsalert init"),
        )
    planned = examination.planned_bulletins(settings.database)
    if not planned:
        return ok("bulletins", _("No bulletin is planned."))
    first = planned[0]
    begins = first.due_at
    if not any((problem.column or "").startswith("bulletin.") for problem in problems):
        begins = wiring.customs(settings).rules(first.time_zone).starts(first.due_at)
    shown = f"{begins.astimezone(ZoneInfo(first.time_zone)):%Y-%m-%d %H:%M} ({first.time_zone})"
    if begins + OVERDUE < wiring.clock(settings).now():
        return warning(
            "bulletins",
            _("Bulletin {ref} should have left at {time}, and waits.").format(
                ref=first.ref, time=shown
            ),
            _("Let cron or systemd run `umsalert bulletin run-due`: docs/bulletins.md"),
        )
    return ok(
        "bulletins",
        ngettext(
            "{n} bulletin is planned; it leaves next at {time}.",
            "{n} bulletins are planned; the next leaves at {time}.",
            len(planned),
        ).format(n=len(planned), time=shown),
    )
