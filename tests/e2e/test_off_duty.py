"""Sites where nobody is on duty: what an officer reads, what leaves, what the record keeps."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.e2e.office import ALERT, Office, numbers, open_office
from tests.workbench import OPERATOR, FixedClock
from umsalert.model import NewContact, NewSite
from umsalert.store.store import Store

NEVER = "24/7 off"
SMS = ("--channel", "sms")
DAY, GUARD, FALLBACK, ALONE = "+33639980000", "+33639980101", "+33639980102", "+33639980103"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Return an office with S0 on duty, EMPTY with a fallback contact, and ALONE without one."""
    with open_office(tmp_path_factory.mktemp("duty"), 1, "--speed", "30") as opened:
        asyncio.run(add_empty_sites(opened))
        yield opened


async def add_empty_sites(office: Office) -> None:
    places = [
        NewSite(ref, name, 43.7005, 7.2683, "FR", "Europe/Paris", hours=NEVER)
        for ref, name in (("EMPTY", "Galerie vide"), ("ALONE", "Dépôt seul"))
    ]
    people = [
        NewContact("EMPTY", "Agent", "EMPTY-a", phone=GUARD, phone_kind="mobile"),
        NewContact("EMPTY", "Chef", "EMPTY-b", phone=FALLBACK, phone_kind="mobile", fallback=True),
        NewContact("ALONE", "Agent", "ALONE-a", phone=ALONE, phone_kind="mobile"),
    ]
    async with Store(office.database, FixedClock(datetime.now(UTC))) as store:
        await store.register.add_sites(places, OPERATOR, approve=True)
        await store.register.add_contacts(people, OPERATOR, certify=True)


@pytest.mark.parametrize(
    ("rule", "words", "people"),
    [
        ("skip", "they get nothing", [DAY]),
        ("include", "alerted all the same", [DAY, GUARD, FALLBACK, ALONE]),
        ("fallback-contact", "only their fallback contacts", [DAY, FALLBACK]),
    ],
)
def test_the_rule_is_shown_kept_and_reported(
    office: Office, rule: str, words: str, people: list[str]
) -> None:
    """The preview names the sites and says the rule; exactly these people get an SMS."""
    option = ("--off-duty", rule)
    document = office.run("alert", "preview", *ALERT, *SMS, *option, "--json").document
    assert document["off_duty_rule"] == rule
    assert sorted(site["ref"] for site in document["off_duty_sites"]) == ["ALONE", "EMPTY"]
    assert document["contacts"] == document["deliveries"]["sms"] == len(people)

    before = office.forget()
    ended = office.run("alert", "send", *ALERT, *SMS, *option, "--yes", UMSALERT_LANG="en")
    assert ended.code == 0, ended.err
    assert numbers(office.sms(before)) == people
    shown = " ".join(ended.out.split())
    assert "At 2 sites nobody is on duty now" in shown
    counted = "1 person at" if len(people) == 1 else f"{len(people)} people at"
    for text in (words, f"(--off-duty {rule})", "Galerie vide", counted):
        assert text in shown

    reported = office.run("report", "last", "--json").document["alert"]
    assert (reported["off_duty_rule"], reported["left_out"]) == (rule, document["left_out"])
    assert "where nobody was on duty" in office.run("alert", "show", "last", UMSALERT_LANG="en").out


def test_the_setting_is_the_rule_where_none_is_typed(office: Office) -> None:
    """Without either, sites with nobody on duty are skipped; a wrong setting is refused."""

    def preview(*words: str, **environ: str) -> str:
        ended = office.run("alert", "preview", *ALERT, *SMS, *words, "--json", **environ)
        assert ended.code == 0, ended.err
        return str(ended.document["off_duty_rule"])

    assert preview() == "skip"
    assert preview(UMSALERT_ALERT_OFF_DUTY="include") == "include"
    assert preview("--off-duty", "skip", UMSALERT_ALERT_OFF_DUTY="include") == "skip"
    wrong = office.run("alert", "preview", *ALERT, UMSALERT_ALERT_OFF_DUTY="all", LANG="C")
    assert wrong.code == 4
    assert "alert.off_duty" in wrong.err


def test_nobody_on_duty_at_all(office: Office) -> None:
    """Exit code 3 and the option that would alert them; nothing is written."""
    alerts = office.run("alert", "list", "--json").document["alerts"]
    nobody = ("contact", "revoke", "S0-c1", "--reason", "left")
    assert office.run(*nobody).code == 0
    try:
        for command in (("preview",), ("send", "--yes")):
            ended = office.run("alert", *command, *ALERT, *SMS, UMSALERT_LANG="en")
            assert ended.code == 3
            assert "--off-duty include" in ended.out + ended.err
        ended = office.run("alert", "send", *ALERT, *SMS, "--yes", "--json")
        assert (ended.code, ended.error["code"]) == (3, "nobody_matched")
        assert "--off-duty include" in ended.error["hint"]
    finally:
        assert office.run("contact", "certify", "S0-c1").code == 0
    assert office.run("alert", "list", "--json").document["alerts"] == alerts


def test_a_wider_circle_takes_the_rule_over(office: Office) -> None:
    """Everybody has these words already; by the rule of `widen` the two empty sites get them."""
    assert office.run("alert", "send", *ALERT, *SMS, "--yes").code == 0
    before = office.forget()
    ended = office.run("alert", "widen", "last", "--radius", "900m", "--yes", "--json")
    assert (ended.code, ended.error["code"]) == (3, "nobody_matched")
    assert "--off-duty include" in ended.error["hint"]
    option = ("--off-duty", "include")
    ended = office.run("alert", "widen", "last", "--radius", "900m", "--yes", *option)
    assert ended.code == 0, ended.err
    assert numbers(office.sms(before)) == [GUARD, FALLBACK, ALONE]
    assert office.run("alert", "show", "last", "--json").document["off_duty_rule"] == "include"
