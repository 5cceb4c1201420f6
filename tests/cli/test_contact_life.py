"""The life of a contact at the command line: the double agreement, cards, addresses, edits."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli
from tests.cli.test_register_commands import GUARD, MALL, VETTED
from umsalert.store.spatialite import connect

pytestmark = pytest.mark.usefixtures("database")

CLIENT = "Foncière des Tilleuls"
BARE = ("--ref", "BARE", "--name", "Port", "--lat", "43.70", "--lon", "7.26")


def _card(days: int, n: int = 1) -> str:
    """Return a card whose last day is so many days from today, in Nice."""
    day = datetime.now(UTC).date() + timedelta(days=days)
    return f"CAR-006-{day}-{n:011}"


def _contact(cli: Cli, ref: str = "MALL-c1") -> dict[str, Any]:
    found: dict[str, Any] = cli("contact", "show", ref, "--json").document["contact"]
    return found


def _expiring(cli: Cli, *words: str) -> list[tuple[str, int | None]]:
    lines = cli("contact", "expiring", *words, "--json").document["expiring"]
    return [(line["contact"], line["notice_days"]) for line in lines]


def test_the_client_names_and_cnaps_certifies(cli: Cli) -> None:
    """Nobody is certified whom no client has named; the site's client is who does by default."""
    cli("site", "add", *BARE)
    cli("contact", "add", "--site", "BARE", *GUARD[2:])
    ended = cli("contact", "certify", "BARE-c1", "--json")
    assert (ended.code, ended.error["code"]) == (5, "not_certifiable")
    assert [problem["code"] for problem in ended.error["problems"]] == ["not_named"]
    again = cli("contact", "add", "--site", "BARE", "--name", "Ada", *GUARD[4:], "--certify")
    assert again.code == 5
    assert "--named-by" in again.err
    assert cli("contact", "edit", "BARE-c1", "--named-by", "direction").code == 0
    assert cli("contact", "certify", "BARE-c1").code == 0

    cli("site", "add", *MALL, *VETTED, "--approve")
    assert cli("contact", "add", *GUARD, "--certify").code == 0
    shown = cli("contact", "show", "MALL-c1").out
    assert CLIENT in shown
    assert "certified by" in shown
    assert "+33639980001 (not proven)" in shown
    history = cli("contact", "show", "BARE-c1", "--json").document["history"]
    assert [move["to_status"] for move in history] == ["named", "certified"]


def test_all_that_keeps_contacts_from_being_certified(cli: Cli) -> None:
    """An expired card and a name that is missing are told of all contacts at once."""
    cli("site", "add", *BARE)
    for n, card in enumerate((_card(-2), _card(5), "12345"), start=1):
        cli(
            *("contact", "add", "--site", "BARE", "--name", f"Guard {n}", "--card", card),
            *("--email", f"guard-{n}@tilleuls.example"),
        )
    ended = cli("contact", "certify", "BARE-c1", "BARE-c2", "BARE-c3", "--json")
    assert (ended.code, ended.error["code"]) == (5, "not_certifiable")
    assert {(problem["value"], problem["code"]) for problem in ended.error["problems"]} == {
        ("BARE-c1", "not_named"),
        ("BARE-c1", "card_expired"),
        ("BARE-c2", "not_named"),
        ("BARE-c3", "not_named"),
    }


def test_notice_is_given_60_30_and_7_days_ahead(cli: Cli) -> None:
    """Each card is listed with its days left and the notice that they are; the rest is silent."""
    cli("site", "add", *MALL, *VETTED, "--approve")
    assert (cli("contact", "expiring").code, cli("contact", "expiring").out) == (0, "")
    for n, days in enumerate((90, 59, 29, 6, -3), start=1):
        cli(
            *("contact", "add", "--site", "MALL", "--name", f"Guard {n}", "--card", _card(days)),
            *("--email", f"guard-{n}@tilleuls.example"),
        )
    near = [("MALL-c5", None), ("MALL-c4", 7), ("MALL-c3", 30), ("MALL-c2", 60)]
    assert _expiring(cli) == near
    assert _expiring(cli, "--within", "10d") == near[:2]
    assert _expiring(cli, "--within", "120d") == [*near, ("MALL-c1", None)]
    listed = cli("contact", "expiring")
    assert listed.code == 0
    assert "30 days" in listed.out
    assert "expired" in listed.out
    cli("contact", "revoke", "MALL-c5", "--reason", "parti")
    assert _expiring(cli) == near[1:]


def test_a_card_that_ends_expires_its_contact(cli: Cli, database: Path) -> None:
    """A look is enough: the contact is `expired`, by the program; a new card, and CNAPS, end it."""
    cli("site", "add", *MALL, *VETTED, "--approve")
    cli("contact", "add", *GUARD, "--card", _card(400), "--certify")
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat(timespec="milliseconds")
    with contextlib.closing(connect(database, write=True)) as connection:  # let 400 days pass
        connection.execute(
            "UPDATE contact SET card = ?, card_valid_until = ?",
            (_card(-2), yesterday.replace("+00:00", "Z")),
        )
    assert _contact(cli)["status"] == "expired"
    last = cli("contact", "show", "MALL-c1", "--json").document["history"][-1]
    assert (last["to_status"], last["by"], last["reason"]) == (
        "expired",
        "umsalert",
        "card_expired",
    )
    assert "the card has expired" in cli("contact", "show", "MALL-c1").out
    assert cli("contact", "certify", "MALL-c1").code == 5
    assert cli("contact", "edit", "MALL-c1", "--card", _card(700)).code == 0
    assert _contact(cli)["status"] == "expired"
    assert cli("contact", "certify", "MALL-c1").code == 0
    assert _contact(cli)["status"] == "certified"


def test_an_edit_is_checked_and_keeps_the_agreement(cli: Cli) -> None:
    """What was typed is checked as in `contact add`; who is certified stays certifiable."""
    cli("site", "add", *MALL, *VETTED, "--approve")
    cli("contact", "add", *GUARD, "--certify")
    cli("contact", "add", "--site", "MALL", "--name", "Ada", "--email", "ada@tilleuls.example")
    for words, code in (
        (("--phone", "06 39 98"), 2),
        (("--name", "ada"), 2),
        (("--phone", ""), 2),
        (("--card", _card(-5)), 5),
        ((), 2),
    ):
        assert cli("contact", "edit", "MALL-c1", *words).code == code
    ended = cli(
        *("contact", "edit", "MALL-c1", "--phone", "04 65 71 00 02", "--channels", "voice, sms"),
        *("--hours", "Mo-Fr 08:00-18:00", "--fallback", "--json"),
    )
    assert ended.document["changed"] == ["phone", "phone_kind", "channels", "hours", "fallback"]
    contact = _contact(cli)
    assert (contact["phone_kind"], contact["channels"]) == ("fixed", "voice,sms")
    assert (contact["fallback"], contact["status"]) == (True, "certified")
    assert cli("contact", "edit", "MALL-c1", "--no-fallback", "--json").document["changed"] == [
        "fallback"
    ]
    assert cli("contact", "edit", "MALL-c1", "--no-fallback").out == "MALL-c1 is so already.\n"


def test_what_is_doubtful_is_listed(cli: Cli, database: Path) -> None:
    """Undeliverable messages in a row, as many as the setting says, show in list, site, contact."""
    cli("site", "add", *MALL, *VETTED, "--approve")
    cli("contact", "add", *GUARD, "--certify")
    cli("contact", "add", "--site", "MALL", "--name", "Ada", "--email", "ada@tilleuls.example")
    _fail(database, failures=2)
    assert cli("contact", "list", "--doubtful", "--json").document["contacts"] == []
    strict = {"UMSALERT_REGISTER_DOUBTFUL_AFTER": "2"}
    document = cli("contact", "list", "--doubtful", "--json", environ=strict).document
    assert [contact["ref"] for contact in document["contacts"]] == ["MALL-c1"]
    assert [(it["kind"], it["failures"]) for it in document["doubtful"]] == [("phone", 2)]
    _fail(database, failures=3)
    for words in (("contact", "list", "--doubtful"), ("site", "show", "MALL")):
        shown = cli(*words)
        assert "MALL-c1, Phone: doubtful: 3 messages in a row" in shown.out
        assert "alerted all the same" in shown.err
    assert "(absent)" in cli("contact", "show", "MALL-c1").out
    (address,) = cli("contact", "show", "MALL-c1", "--json").document["addresses"]
    assert address["doubtful"] is True


def _fail(database: Path, failures: int) -> None:
    with contextlib.closing(connect(database, write=True)) as connection:
        connection.execute(
            "INSERT OR REPLACE INTO contact_address (contact_id, kind, failures, failed_at,"
            " failed_code) VALUES (1, 'phone', ?, '2026-01-01T00:00:00.000Z', 'absent')",
            (failures,),
        )


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), "verify_how"),
        (("--by", "sms", "--code", "123456"), "verify_how"),
        (("--code", "123456"), "no_code_sent"),
        (("--by", "email", "--yes"), "address_missing"),
    ],
)
def test_a_slip_in_verify_is_told(cli: Cli, words: Sequence[str], code: str) -> None:
    """Whatever cannot be sent or taken in is an error of use that changes nothing."""
    cli("site", "add", *MALL, "--client", CLIENT)
    cli("contact", "add", *GUARD)
    ended = cli("contact", "verify", "MALL-c1", *words, "--json")
    assert (ended.code, ended.error["code"]) == (2, code)


def test_nothing_is_sent_to_who_was_revoked(cli: Cli) -> None:
    """A contact who has left is not written to, not even with a code."""
    cli("site", "add", *MALL, "--client", CLIENT)
    cli("contact", "add", *GUARD)
    cli("contact", "revoke", "MALL-c1", "--reason", "parti")
    ended = cli("contact", "verify", "MALL-c1", "--by", "sms", "--yes", "--json")
    assert (ended.code, ended.error["code"]) == (5, "contact_gone")


def test_an_edit_takes_no_agreement_away(cli: Cli, database: Path) -> None:
    """One certified before there was a double agreement is edited as any other."""
    cli("site", "add", *BARE)
    guard = ("--site", "BARE", "--name", "Ada", "--email", "ada@tilleuls.example")
    cli("contact", "add", *guard, "--named-by", CLIENT, "--certify")
    ended = cli("contact", "edit", "BARE-c1", "--named-by", "", "--json")
    assert (ended.code, ended.error["code"]) == (5, "not_certifiable")
    with contextlib.closing(connect(database, write=True)) as connection:
        connection.execute("UPDATE contact SET named_by = NULL")
    assert cli("contact", "edit", "BARE-c1", "--role", "chef").code == 0
    ended = cli("contact", "edit", "BARE-c1", "--card", _card(-2), "--json")
    assert (ended.code, ended.error["code"]) == (5, "not_certifiable")


def test_a_list_fits_a_terminal(cli: Cli) -> None:
    """It has the last day of a card, not its number, and names the site where there are several."""
    cli("site", "add", *BARE)
    card = _card(5)
    cli(
        *("contact", "add", "--site", "BARE", "--name", "Guard", "--card", card),
        *("--email", "guard@tilleuls.example"),
    )
    everywhere, there = cli("contact", "list").out, cli("contact", "list", "--site", "BARE").out
    assert card not in everywhere
    assert card[8:18] in everywhere
    assert "Site" in everywhere
    assert "Site" not in there
