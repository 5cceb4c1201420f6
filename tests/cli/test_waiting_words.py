"""Who is told to approve, and that nobody can."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from umsalert.cli.alert_waiting import needs_second_person
from umsalert.model import Approval, ApprovalKind, Role

NOON = datetime(2026, 3, 17, 12, tzinfo=UTC)
WAITS = Approval(
    id=1,
    ref="ask-7k3fz",
    kind=ApprovalKind.ALERT,
    request={},
    request_hash="",
    submitted_account="anna",
    submitted_by="anna@Nice",
    submitted_at=NOON,
    expires_at=NOON,
)
OFFICER, CLERK = frozenset({Role.OFFICER}), frozenset({Role.CLERK})


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        ({}, "Any other account that may write this database"),
        ({"anna": OFFICER, "bruno": OFFICER, "carla": OFFICER}, "bruno, carla may approve it"),
        ({"anna": OFFICER, "clara": CLERK}, "No other account may approve it."),
    ],
)
def test_the_hint_says_who_may_approve(roles: Mapping[str, frozenset[Role]], words: str) -> None:
    """Those with the role but the submitter; where there is nobody, how there will be somebody."""
    error = needs_second_person(WAITS, roles, "Europe/Paris")
    assert (error.code, int(error.exit_code)) == ("needs_second_person", 5)
    assert "ask-7k3fz" in error.message
    assert "13:00:00" in error.message
    assert words in error.hint
    assert "umsalert alert approve ask-7k3fz" in error.hint
