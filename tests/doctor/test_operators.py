"""Roles as `doctor` sees them."""

from __future__ import annotations

import os

import pytest

from tests.doctor.conftest import Install
from umsalert.doctor import Subject
from umsalert.doctor.operators import operators
from umsalert.model import CheckStatus, Role
from umsalert.settings import own_account
from umsalert.store.spatialite import connect


def give(subject: Subject, account: str, *roles: Role) -> None:
    connection = connect(subject.settings.database, write=True)
    for role in roles:
        connection.execute("INSERT INTO operator_role VALUES (?, ?)", (account, role.value))
    connection.close()


def test_an_office_of_one_person_is_in_order(install: Install) -> None:
    """Nobody has a role: that is said, and is no warning."""
    found = operators(install())
    assert found.status is CheckStatus.OK
    assert "everything" in found.message


def test_who_could_not_approve_is_missed(install: Install) -> None:
    """One officer alone gets a warning as long as large alerts wait for a second one."""
    subject = install()
    give(subject, own_account(), Role.ADMINISTRATOR, Role.OFFICER)
    found = operators(subject)
    assert found.status is CheckStatus.WARNING
    assert f"{own_account()}: administrator, officer" in found.message
    off = install("[approval]\nradius_m = 0\nrecipients = 0\n")
    assert operators(off).status is CheckStatus.OK
    give(subject, "daemon", Role.OFFICER)
    assert operators(subject).status is CheckStatus.OK


def test_an_account_that_is_gone_is_named(install: Install) -> None:
    """Roles of an account that this machine does not know are looked at."""
    subject = install()
    give(subject, own_account(), Role.ADMINISTRATOR, Role.OFFICER)
    give(subject, "daemon", Role.OFFICER)
    give(subject, "left-us", Role.CLERK)
    found = operators(subject)
    assert found.status is CheckStatus.WARNING
    assert "left-us" in found.fix


@pytest.mark.parametrize(("uid", "status"), [(0, CheckStatus.OK), (4_000_000, CheckStatus.WARNING)])
def test_an_account_in_which_two_people_are_one_is_told(
    install: Install, monkeypatch: pytest.MonkeyPatch, uid: int, status: CheckStatus
) -> None:
    """Before somebody needs the second person at night; root, which sudo leads to, is in order."""
    monkeypatch.setenv("SUDO_USER", "marie")
    monkeypatch.setattr(os, "getuid", lambda: uid)
    assert operators(install()).status is status
    off = install("[approval]\nradius_m = 0\nrecipients = 0\n")
    assert operators(off).status is CheckStatus.OK


@pytest.mark.parametrize("there", [True, False])
def test_a_database_that_is_missing_is_told_elsewhere(install: Install, there: bool) -> None:
    """Without one there is nothing to say."""
    subject = install()
    if not there:
        subject.settings.database.unlink()
    assert (operators(subject).status is CheckStatus.OK) == there
