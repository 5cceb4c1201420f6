"""What is planned, as `doctor` sees it."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.doctor.conftest import Install
from umsalert.doctor import Subject
from umsalert.doctor.bulletins import bulletins
from umsalert.model import CheckStatus
from umsalert.store.instants import to_text
from umsalert.store.spatialite import connect

NEVER_QUIET = '[bulletin]\nquiet_begin = ""\nquiet_end = ""\n'


def plan(subject: Subject, due: datetime) -> None:
    with contextlib.closing(connect(subject.settings.database, write=True)) as connection:
        connection.execute(
            "INSERT INTO bulletin (ref, template, request, exercise, cron, time_zone, begins_at,"
            " account, operator, created_at, approved_by, next_due)"
            " VALUES ('bul-7k3fz', 'vigilance', '{}', 0, '', 'Europe/Paris', ?1, '', '', ?1, '',"
            " ?1)",
            [to_text(due)],
        )


def test_an_office_without_bulletins_needs_no_cron(install: Install) -> None:
    """Nothing planned, nothing to say."""
    assert bulletins(install()).status is CheckStatus.OK


def test_a_bulletin_that_nobody_sends_is_told(install: Install) -> None:
    """Due an hour ago is a warning with what to do; due in an hour is in order."""
    subject = install(NEVER_QUIET)
    now = datetime.now(UTC)
    plan(subject, now - timedelta(hours=1))
    found = bulletins(subject)
    assert found.status is CheckStatus.WARNING
    assert "bul-7k3fz" in found.message
    assert "run-due" in found.fix


def test_what_waits_for_the_end_of_the_quiet_is_in_order(install: Install) -> None:
    """It is quiet around the clock but for an hour that is over: what was due since then waits."""
    now = datetime.now(ZoneInfo("Europe/Paris"))
    begin, end = now - timedelta(hours=2), now - timedelta(hours=3)
    quiet = f'quiet_begin = "{begin:%H:%M}"\nquiet_end = "{end:%H:%M}"'
    subject = install(f"[bulletin]\n{quiet}\n")
    plan(subject, datetime.now(UTC) - timedelta(hours=1))
    found = bulletins(subject)
    assert found.status is CheckStatus.OK
    assert "1 bulletin is planned" in found.message


def test_invalid_hours_are_another_finding(install: Install) -> None:
    """The check of the settings tells them; this one goes on without."""
    subject = install('[bulletin]\nquiet_begin = "midnight"\nquiet_end = "07:00"\n')
    assert [problem.column for problem in subject.inspection.problems] == ["bulletin.quiet_begin"]
    plan(subject, datetime.now(UTC) - timedelta(hours=1))
    assert bulletins(subject).status is CheckStatus.WARNING
