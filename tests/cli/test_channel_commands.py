"""`channel`: how each is set up, and one test message that reaches whom it was meant for."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli
from tests.cli.training import Carrier, hanging_up, running
from tests.workbench import OPERATOR, commit, fill_register, new_alert, record, take
from umsalert.model import ChannelKind, Outcome, OutcomeKind
from umsalert.ports import Pace, Settled
from umsalert.store.store import Store
from umsalert.wiring import SystemClock

MOBILE, FIXED, MAILBOX = "06 39 98 00 01", "04 65 71 00 01", "essai@police.example"


@pytest.fixture(scope="module")
def carrier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Carrier]:
    """Return a simulator; no command here needs a database."""
    with running(tmp_path_factory.mktemp("training") / "home") as found:
        yield found


@pytest.fixture
def new(carrier: Carrier) -> Iterator[list[dict[str, Any]]]:
    """Return a list that is filled, at the end of the test, with what the carrier was handed."""
    before = len(carrier.taken())
    found: list[dict[str, Any]] = []
    yield found
    assert carrier.taken()[before:] == found


def test_list_names_what_is_missing(cli: Cli) -> None:
    """A new home has no channel: each is listed with the settings to set."""
    found = {
        item["channel"]: item for item in cli("channel", "list", "--json").document["channels"]
    }
    assert list(found) == ["sms", "voice", "email"]
    assert found["email"]["missing"] == ["smtp.host", "smtp.sender"]
    assert not any(item["configured"] for item in found.values())
    ended = cli("channel", "list")
    assert ended.code == 0
    assert "vonage.voice_caller" in ended.out


def test_list_shows_capabilities_pace_and_place(cli: Cli, carrier: Carrier) -> None:
    """Provider, receipts, answers, rate, in flight, and that all of it is this machine."""
    documents = cli("channel", "list", "--json", environ=carrier.environ).document["channels"]
    voice = documents[1]
    assert (voice["channel"], voice["provider"], voice["configured"]) == ("voice", "vonage", True)
    assert (voice["receipts"], voice["answers"], voice["webhooks_missing"]) == (True, True, [])
    assert voice["in_flight"] == 8
    assert all(item["on_this_machine"] for item in documents)
    assert all(item["balance_eur"] is None for item in documents)


async def used(database: Path, *outcomes: Outcome) -> None:
    """Let a provider's SMS end so, one after the other, in a database of its own."""
    clock = SystemClock()
    async with Store(database, clock) as store:
        await fill_register(store, len(outcomes))
        now = clock.now()
        alert = await record(store, new_alert(channels=(ChannelKind.SMS,), at=now))
        sender = await store.outbox.open_sender(alert.id, OPERATOR)
        pace = Pace(rate_per_s=28, burst=30)
        claim = await take(store, sender, ChannelKind.SMS, pace, len(outcomes))
        for outgoing, outcome in zip(claim.outgoing, outcomes, strict=True):
            at = clock.now()
            await commit(store, [Settled(outgoing, outcome, "vonage", now, at, None)])


def test_list_shows_health_learned_rate_and_last_fault(cli: Cli, database: Path) -> None:
    """A provider that throttled us and then refused us: less is asked of it, and it rests."""
    throttled = Outcome(OutcomeKind.TEMPORARY, "rate_limit", throttled=True)
    refused = Outcome(OutcomeKind.MISCONFIGURED, "low_balance")
    asyncio.run(used(database, throttled, refused))
    sms, voice, _email = cli("channel", "list", "--json").document["channels"]
    assert (sms["health"], sms["last_error_code"]) == ("resting", "low_balance")
    assert sms["rests_until"] > sms["last_error_at"]
    assert sms["learned_rate_per_s"] < sms["rate_per_s"] == 28
    assert (voice["health"], voice["learned_rate_per_s"]) == (None, None)
    environ = {
        "UMSALERT_VONAGE_APPLICATION_ID": "a",
        "UMSALERT_VONAGE_PRIVATE_KEY_FILE": "key",
        "UMSALERT_VONAGE_SMS_SENDER": "POLICE",
    }
    ended = cli("channel", "list", environ=environ)
    assert "resting" in ended.out
    assert re.search(r"14 of 28|1[0-9.]+ of 28", ended.out)
    assert "low_balance" in ended.out


def test_list_works_without_a_database_that_can_be_read(cli: Cli, home: Path) -> None:
    """What is set up is shown all the same; a sentence says why the rest is not."""
    (home / "umsalert.db").write_text("no database")
    ended = cli("channel", "list", "--json")
    assert ended.code == 0
    assert ended.document["channels"][0]["health"] is None
    assert "umsalert.db" in ended.err


def test_list_says_why_receipts_do_not_come(cli: Cli, carrier: Carrier) -> None:
    """What a provider can tell reaches us only where webhooks do."""
    ended = cli("channel", "list", environ=carrier.environ | {"UMSALERT_VONAGE_WEBHOOK_URL": ""})
    assert "vonage.webhook_url" in ended.out


def test_list_online_asks_for_the_balance(cli: Cli, carrier: Carrier) -> None:
    """`--online` adds the balance; an account that refuses is named, and the list still comes."""
    documents = cli("channel", "list", "--online", "--json", environ=carrier.environ).document
    assert [item["balance_eur"] for item in documents["channels"]] == [250.0, 250.0, None]
    refused = carrier.environ | {"UMSALERT_VONAGE_API_SECRET": "wrong"}
    documents = cli("channel", "list", "--online", "--json", environ=refused).document
    assert documents["channels"][0]["balance_error"] == "account_refused"
    ended = cli("channel", "list", "--online", environ=refused)
    assert ended.code == 0
    assert "vonage.api_secret" in ended.err


@pytest.mark.parametrize(
    ("channel", "to", "kind", "reached"),
    [
        ("sms", MOBILE, "sms", "+33639980001"),
        ("voice", FIXED, "call", "+33465710001"),
        ("email", MAILBOX, "email", [MAILBOX]),
    ],
)
def test_one_message_that_says_what_it_is(
    cli: Cli, carrier: Carrier, *, channel: str, to: str, kind: str, reached: object
) -> None:
    """The provider gets one message, which names the station and says that it is a test."""
    before = len(carrier.taken())
    ended = cli("channel", "test", channel, "--to", to, "--yes", "--json", environ=carrier.environ)
    assert ended.code == 0, ended.err
    (taken,) = carrier.taken()[before:]
    assert taken["kind"] == kind
    assert taken.get("to", taken.get("rcpt_to")) == reached
    text = taken.get("text") or str(taken.get("ncco"))
    for word in ("test", "Nice", "Nothing has happened", "need not do anything"):
        assert word.lower() in text.lower()
    document = ended.document
    assert (document["outcome"], document["on_this_machine"]) == ("accepted", True)
    expected = taken.get("message_uuid") or taken.get("uuid") or taken["headers"]["Message-ID"]
    assert document["provider_id"] == expected
    assert to not in ended.out


def test_the_text_takes_no_message_from_the_station(cli: Cli, carrier: Carrier) -> None:
    """The station's name is cut: it cannot carry an alert to people who were not vetted."""
    environ = carrier.environ | {"UMSALERT_STATION": "Nice " + "x" * 400}
    assert cli("channel", "test", "sms", "--to", MOBILE, "--yes", environ=environ).code == 0
    assert carrier.taken()[-1]["text"].count("x") < 40


def test_the_answer_says_accepted_and_no_more(cli: Cli, carrier: Carrier) -> None:
    """A person reads the provider's id, and that accepted is not arrived."""
    ended = cli("channel", "test", "sms", "--to", MOBILE, "--yes", environ=carrier.environ)
    assert carrier.taken()[-1]["message_uuid"] in ended.out
    assert "this machine" in ended.out
    assert "arrives" in ended.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("sms", "--to", MOBILE), 2, "--yes"),
        (("sms", "--to", FIXED, "--yes"), 2, "fixed line"),
        (("sms", "--to", "17", "--yes"), 2, "+33"),
        (("voice", "--to", "08 99 00 00 00", "--yes"), 2, "premium"),
        (("email", "--to", MOBILE, "--yes"), 2, "e-mail address"),
        (("email", "--to", f"{MAILBOX},b@police.example", "--yes"), 2, "e-mail address"),
        (("sms", "--yes"), 2, "--to"),
        (("sms", "--to", MOBILE, "--provider", "smtp", "--yes"), 2, "sms.providers"),
        (("fax", "--to", MOBILE, "--yes"), 2, "'sms', 'voice', 'email'"),
    ],
)
def test_what_is_not_one_recipient_gets_nothing(
    cli: Cli,
    carrier: Carrier,
    new: list[dict[str, Any]],
    *,
    arguments: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    """A slip, or nobody to confirm: a sentence with a way out, and nothing leaves."""
    ended = cli("channel", "test", *arguments, environ=carrier.environ)
    assert ended.code == code
    assert said in ended.err
    assert new == []


@pytest.mark.parametrize(
    ("environ", "code", "said"),
    [
        ({"UMSALERT_STATION": ""}, 4, "station"),
        ({"UMSALERT_SMTP_HOST": ""}, 4, "smtp.host"),
        ({"UMSALERT_SMTP_PASSWORD": "wrong"}, 4, "as every other message would be"),
        ({"UMSALERT_SMTP_PORT": "1"}, 75, "Nothing left this machine"),
    ],
)
def test_a_mail_that_does_not_go_says_why(
    cli: Cli,
    carrier: Carrier,
    new: list[dict[str, Any]],
    *,
    environ: dict[str, str],
    code: int,
    said: str,
) -> None:
    """What is for the settings ends with 4, what is for later with 75; nothing was taken."""
    ended = cli(
        "channel", "test", "email", "--to", MAILBOX, "--yes", environ=carrier.environ | environ
    )
    assert ended.code == code, ended.err
    assert said in ended.out + ended.err
    assert new == []


@pytest.mark.parametrize(
    ("channel", "variable"),
    [("sms", "UMSALERT_VONAGE_MESSAGES_URL"), ("voice", "UMSALERT_VONAGE_CALLS_URL")],
)
def test_a_fictional_number_never_leaves_this_machine(
    cli: Cli, carrier: Carrier, channel: str, variable: str
) -> None:
    """Towards a real provider it is refused by rule before anything is asked or opened."""
    environ = carrier.environ | {variable: "https://api.carrier.example/v1"}
    ended = cli("channel", "test", channel, "--to", MOBILE, "--yes", "--json", environ=environ)
    assert (ended.code, ended.error["code"]) == (5, "fictional_number")


def test_a_lost_answer_is_unknown_and_not_repeated(cli: Cli, carrier: Carrier) -> None:
    """A provider that reads and hangs up may have taken it: exit 1, one request."""
    with hanging_up(carrier.home) as (url, requests):
        environ = carrier.environ | {"UMSALERT_VONAGE_MESSAGES_URL": url}
        ended = cli("channel", "test", "sms", "--to", MOBILE, "--yes", environ=environ)
        assert ended.code == 1
        assert "may or may not have left" in ended.out
    assert requests == [b"POST /v1/messages HTTP/1.1"]


def test_a_provider_without_receipts_says_so(cli: Cli, carrier: Carrier) -> None:
    """Through Apprise a yes is the last word: no id, no receipt, and a code that tells."""
    with hanging_up(carrier.home, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as (
        url,
        requests,
    ):
        environ = carrier.environ | {
            "UMSALERT_SMS_PROVIDERS": "vonage,apprise",
            "UMSALERT_APPRISE_SMS_URL": url.replace("https", "jsons") + "?:to={address}",
            "REQUESTS_CA_BUNDLE": str(carrier.home / "simulator" / "ca.pem"),
        }
        arguments = ("channel", "test", "sms", "--to", MOBILE, "--provider", "apprise", "--yes")
        ended = cli(*arguments, environ=environ)
        assert (ended.code, "no receipts" in ended.err) == (0, True), ended.err
        document = cli(*arguments, "--json", environ=environ).document
    assert (document["outcome"], document["code"]) == ("accepted", "no_receipt")
    assert (document["provider"], document["provider_id"]) == ("apprise", "")
    assert len(requests) == 2
    listed = cli("channel", "list", "--json", environ=environ).document["channels"]
    assert [(item["channel"], item["provider"]) for item in listed[:2]] == [
        ("sms", "vonage"),
        ("sms", "apprise"),
    ]
    assert listed[1]["receipts"] is False


def test_the_documents_are_documented(cli: Cli, carrier: Carrier) -> None:
    """docs/doctor.md names every field of these documents, and no other."""
    page = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text("utf-8")
    for arguments, rows in (
        (("doctor",), "checks"),
        (("config", "show"), "settings"),
        (("channel", "list"), "channels"),
        (("channel", "test", "sms", "--to", MOBILE, "--yes"), ""),
    ):
        document = cli(*arguments, "--json", environ=carrier.environ).document
        fields = {*document, *(document[rows][0] if rows else {})} - {"schema_version"}
        (line,) = re.findall(
            rf"^\| `{' '.join(arguments[:2])} --json` \| (.*) \|$", page, re.MULTILINE
        )
        told = set(re.findall("`([a-z_]+)`", re.sub(r"\([^)]*`[^)]*\)", "", line)))
        assert told == fields
