"""Bulletins as cron runs them, against the real carrier: once, in silence, behind real alerts."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.office import PLACE, Ended, Office, free_ports, open_office, sending
from umsalert import locks
from umsalert.cli.bulletin_look import lock_of
from umsalert.store.spatialite import connect, sqlite

SITES = 20
DAY = {"UMSALERT_BULLETIN_QUIET_BEGIN": "", "UMSALERT_BULLETIN_QUIET_END": ""}
"""The tests run at any hour."""
SLOW = {"UMSALERT_SMS_VONAGE_RATE_PER_S": "10", "UMSALERT_SMS_VONAGE_BURST": "1"}
EARLIER = {"UMSALERT_SIMULATION_CLOCK_OFFSET_S": "-3600"}
"""It was planned an hour ago, so that it is due by now."""
WORDS = ("--template", "vigilance", "--var", "message=Signalez tout colis abandonné.")
SENT = (0, 1)
"""Some telephones of this office cannot be reached, and their receipts may come at once."""


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Return an office with twenty sites, whose SMS leave ten a second."""
    with open_office(tmp_path_factory.mktemp("bureau"), SITES, "--speed", "30") as opened:
        opened.environ |= SLOW | DAY
        yield opened


def ago(minutes: float) -> str:
    at = datetime.now(UTC) - timedelta(minutes=minutes)
    return at.isoformat(timespec="seconds")


def plan(office: Office, *words: str, late: float = 1, **environ: str) -> dict[str, Any]:
    """Plan a bulletin by SMS that has been due for `late` minutes; return it."""
    ended = office.run(
        *("bulletin", "add", *PLACE, *WORDS, "--channel", "sms", "--at", ago(late)),
        *("--yes", "--json", *words),
        **{**EARLIER, **environ},
    )
    assert ended.code == 0, ended.err
    found: dict[str, Any] = ended.document["bulletin"]
    return found


def run_due(office: Office, *words: str, **environ: str) -> Ended:
    return office.run("bulletin", "run-due", *words, **environ)


def stand_still(process: subprocess.Popen[bytes], office: Office) -> None:
    """Stop a process, but not amid a writing: whoever comes after it would wait for its end."""
    while True:
        process.send_signal(signal.SIGSTOP)
        with contextlib.closing(connect(office.database, write=True)) as connection:
            connection.execute("PRAGMA busy_timeout = 0")
            with contextlib.suppress(sqlite().OperationalError):
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("ROLLBACK")
                return
        process.send_signal(signal.SIGCONT)


def shown(office: Office, bulletin: dict[str, Any]) -> dict[str, Any]:
    document = office.run("bulletin", "show", bulletin["ref"], "--json").document
    found: dict[str, Any] = document["bulletin"]
    return found


def test_cron_sends_it_once_in_silence(bureau: Office) -> None:
    """Everybody in the area gets it, once; the next calls find nothing, and say nothing."""
    bulletin = plan(bureau)
    assert (bulletin["state"], bulletin["cron"]) == ("planned", None)
    rehearsed = run_due(bureau, "--dry-run")
    assert f"{SITES} people at {SITES} sites" in rehearsed.out
    before = bureau.forget()
    ended = run_due(bureau)
    assert ended.code in SENT
    assert ended.out == ""
    assert (ended.err == "") == (ended.code == 0), ended.err
    assert set(Counter(event["to"] for event in bureau.sms(before)).values()) == {1}
    assert len(bureau.sms(before)) == SITES
    again = run_due(bureau)
    assert (again.code, again.out, again.err) == (0, "", "")
    document = run_due(bureau, "--json").document
    assert (document["locked"], document["runs"]) == (False, [])
    found = shown(bureau, bulletin)
    (run,) = found["runs"]
    assert (found["state"], found["next_runs"], run["state"]) == ("over", [], "ended")
    alert = bureau.run("alert", "show", run["alert"], "--json").document
    assert (alert["ref"], alert["template"]) == (run["alert"], "vigilance")


def test_started_twice_at_once_and_killed(bureau: Office) -> None:
    """Two of cron's calls and a SIGKILL: nobody is lost, and nobody has it twice."""
    bulletin = plan(bureau)
    before = bureau.forget()
    first, second = bureau.start("bulletin", "run-due"), bureau.start("bulletin", "run-due")
    while len(bureau.sms(before)) < 5:
        assert first.poll() is None or second.poll() is None
    for process in (first, second):
        process.kill()
        process.communicate()
    ended = run_due(bureau, "--json")
    assert ended.code in SENT, ended.err
    (run,) = shown(bureau, bulletin)["runs"]
    assert run["state"] == "ended"
    counted = Counter(event["to"] for event in bureau.sms(before))
    assert set(counted.values()) == {1}
    report = bureau.run("report", run["alert"], "--json").document
    unknown = {row["address"] for row in report["deliveries"] if row["state"] == "unknown"}
    assert {row["address"] for row in report["deliveries"]} - unknown <= set(counted)


def test_a_real_alert_overtakes_it(bureau: Office) -> None:
    """An alert that starts amid a bulletin has its messages out before the bulletin goes on.

    The bulletin stands still until the alert is under way; then both want the tokens of the one
    account. What the bulletin had claimed by then may still leave.
    """
    bulletin = plan(bureau)
    before = bureau.forget()
    process = bureau.start("bulletin", "run-due")
    while len(bureau.sms(before)) < 3:
        assert process.poll() is None, process.communicate()
    stand_still(process, bureau)
    alert, _since = sending(bureau, 2)
    process.send_signal(signal.SIGCONT)
    assert bureau.end(alert).code in SENT
    assert bureau.end(process).code in SENT
    (run,) = shown(bureau, bulletin)["runs"]
    order = [event["client_ref"].startswith(run["alert"]) for event in bureau.sms(before)]
    assert Counter(order) == {True: SITES, False: SITES}
    first = order.index(False)
    last = len(order) - 1 - order[::-1].index(False)
    assert sum(order[first : last + 1]) <= SITES // 5
    assert sum(order[last + 1 :]) > SITES // 2


def test_a_spread_bulletin_waits_and_is_stopped_in_order(bureau: Office) -> None:
    """The first message leaves at once, the next ones later; SIGTERM ends the wait, with 130."""
    bulletin = plan(bureau, "--spread", "3h")
    before = bureau.forget()
    process = bureau.start("bulletin", "run-due", "--json")
    while len(bureau.sms(before)) < 1:
        assert process.poll() is None, process.communicate()
    beside = run_due(bureau)
    assert (beside.code, beside.out, beside.err) == (0, "", "")  # it is being sent
    process.send_signal(signal.SIGTERM)
    ended = bureau.end(process)
    assert ended.code == 130
    (said,) = ended.document["runs"]
    assert (said["bulletin"], said["counts"]["sms"]["queued"]) == (bulletin["ref"], SITES - 1)
    (run,) = shown(bureau, bulletin)["runs"]
    assert run["state"] == "begun"
    assert bureau.run("alert", "cancel", run["alert"], "--no-correct", "--yes").code == 0
    ended = run_due(bureau)
    assert ended.code == 5
    assert f"{SITES - 1} cancelled" in ended.err
    assert shown(bureau, bulletin)["runs"][0]["code"] == "alert_cancelled"


def test_what_was_killed_before_it_was_sent_is_removed_with_its_bulletin(bureau: Office) -> None:
    """Also where the alert was made, and the kill came before the run knew which one it is."""
    bulletin, before = plan(bureau), bureau.forget()
    dying = (
        "import os; from umsalert.store.bulletins import SqlBulletins\n"
        "SqlBulletins.link = lambda *_arguments: os._exit(9)\n"
        "from umsalert.cli.main import run; run(['bulletin', 'run-due'])"
    )
    environ = {**os.environ, "UMSALERT_HOME": str(bureau.home), **bureau.environ}
    killed = subprocess.run([sys.executable, "-c", dying], env=environ, check=False, timeout=60)
    assert killed.returncode == 9
    removed = bureau.run("bulletin", "remove", bulletin["ref"])
    assert "alert" not in removed.err
    ended = run_due(bureau)
    assert (ended.code, bureau.sms(before)) == (5, [])
    (run,) = shown(bureau, bulletin)["runs"]
    assert (run["state"], run["code"]) == ("ended", "bulletin_removed")
    assert bureau.states() == {"cancelled": SITES}


def test_what_is_being_sent_is_named_when_its_bulletin_is_removed(bureau: Office) -> None:
    """The bulletin is not due any more; its alert is stopped as any alert, and nothing by ""."""
    bulletin, before = plan(bureau, "--spread", "3h"), bureau.forget()
    process = bureau.start("bulletin", "run-due")
    while len(bureau.sms(before)) < 1:
        assert process.poll() is None, process.communicate()
    removed = bureau.run("bulletin", "remove", bulletin["ref"], UMSALERT_LANG="en")
    (run,) = shown(bureau, bulletin)["runs"]
    assert f"umsalert alert cancel {run['alert']}" in removed.err
    assert bureau.run("alert", "cancel", run["alert"], "--no-correct", "--yes").code == 0
    assert bureau.end(process).code == 5
    for words, code in (
        (("bulletin", "remove", ""), "bulletin_not_found"),
        (("alert", "cancel", "", "--yes"), "alert_not_found"),
    ):
        empty = bureau.run(*words, "--json", UMSALERT_LANG="en")
        assert (empty.code, empty.error["code"]) == (2, code)
        assert "is empty" in empty.error["message"]


def test_a_lock_that_is_held_is_no_error(bureau: Office) -> None:
    """Whoever comes second ends at once: silent for a person, and says so to a program."""
    bulletin = plan(bureau)
    with locks.alone(lock_of(bureau.database)) as alone:
        assert alone
        ended = run_due(bureau)
        assert (ended.code, ended.out, ended.err) == (0, "", "")
        assert run_due(bureau, "--json").document == {
            "schema_version": 1,
            "locked": True,
            "runs": [],
        }
    assert run_due(bureau).code in SENT
    assert shown(bureau, bulletin)["state"] == "over"


def test_what_is_not_well_is_one_line(bureau: Office) -> None:
    """Late past the grace: exit 5 and one line; as JSON where the log is; then silence again."""
    bulletin = plan(bureau, late=30)
    late = {"UMSALERT_BULLETIN_GRACE_S": "600"}
    ended = run_due(bureau, **late)
    assert (ended.code, ended.out, ended.err.count("\n")) == (5, "", 1)
    assert f"Bulletin {bulletin['ref']} (vigilance), due" in ended.err
    assert "30 min late" in ended.err
    assert run_due(bureau, **late).err == ""
    other = plan(bureau, late=30)
    ended = bureau.run("--log-format", "json", "bulletin", "run-due", "--json", **late)
    (run,) = ended.document["runs"]
    assert (run["bulletin"], run["code"], run["exit_code"]) == (other["ref"], "late", 5)
    (line,) = ended.err.splitlines()
    logged = json.loads(line)
    assert (logged["bulletin"], logged["code"]) == (other["ref"], "late")


def test_a_provider_that_is_not_set_up_is_told_and_tried_again(bureau: Office) -> None:
    """Exit 4 and nothing recorded; once it is set up, the bulletin leaves."""
    bulletin = plan(bureau)
    broken = {"UMSALERT_VONAGE_SMS_SENDER": ""}
    ended = run_due(bureau, **broken)
    assert (ended.code, ended.err.count("\n")) == (4, 1), ended.err
    assert "vonage.sms_sender" in ended.err
    assert run_due(bureau).code in SENT
    assert [run["state"] for run in shown(bureau, bulletin)["runs"]] == ["ended"]


def test_a_provider_that_comes_back_too_late_sends_no_stale_words(bureau: Office) -> None:
    """Recorded in time, but nothing has left by the end of the grace: cancelled, and said."""
    bulletin, before = plan(bureau), bureau.forget()
    nowhere = f"https://127.0.0.1:{free_ports(1)[0]}"
    away = {"UMSALERT_VONAGE_MESSAGES_URL": nowhere, "UMSALERT_ALERT_GIVE_UP_S": "0.2"}
    ended = run_due(bureau, **away)
    assert (ended.code, ended.err.count("\n")) == (75, 1), ended.err
    assert "umsalert doctor --online" in ended.err
    ended = run_due(bureau, UMSALERT_BULLETIN_GRACE_S="30")
    assert (ended.code, ended.err.count("\n")) == (5, 1), ended.err
    assert "given up" in ended.err
    assert bureau.sms(before) == []
    (run,) = shown(bureau, bulletin)["runs"]
    assert (run["state"], run["code"]) == ("ended", "late")
    assert "CANCELLED" in bureau.run("alert", "show", run["alert"], UMSALERT_LANG="en").out
    assert run_due(bureau).err == ""


def test_above_a_limit_a_second_person_approves_all_runs(bureau: Office) -> None:
    """When it is planned, and not when it is due: cron asks nobody."""
    anna, bruno = {"SUDO_USER": "anna"}, {"SUDO_USER": "bruno"}
    limit = {"UMSALERT_APPROVAL_RADIUS_M": "700"}
    weekly = ("--cron", "0 8 * * 1", "--time-zone", "Pacific/Noumea", "--yes", "--json")
    asked = bureau.run("bulletin", "add", *PLACE, *WORDS, *weekly, **anna, **limit)
    assert (asked.code, asked.error["code"]) == (5, "needs_second_person")
    (waiting,) = bureau.run("alert", "approve", "--list", "--json").document["approvals"]
    assert waiting["kind"] == "bulletin"
    assert "1 bulletin waits" in bureau.run("bulletin", "list").err
    assert "bulletin: vigilance" in bureau.run("alert", "approve", "--list").out
    approve = ("alert", "approve", waiting["ref"], "--yes")
    own = bureau.run(*approve, "--json", **anna)
    assert (own.code, own.error["code"]) == (5, "own_request")
    ended = bureau.run(*approve, **bruno)
    assert ended.code == 0, ended.err
    assert "0 8 * * 1 (Pacific/Noumea)" in ended.out
    (bulletin,) = bureau.run("bulletin", "list", "--json").document["bulletins"]
    assert (bulletin["operator"], bulletin["approved_by"]) == ("anna@Nice", "bruno@Nice")
    log = bureau.run("audit", "log", "--noun", "bulletin", "--limit", "1", "--json").events
    assert (log[0]["action"], log[0]["operator"]) == ("bulletin.add", "anna@Nice")
    due = datetime.fromisoformat(bulletin["next_runs"][0]["due_at"])
    assert (due.hour, due.minute) == (21, 0)  # of Sunday, in UTC
    removed = bureau.run("bulletin", "remove", bulletin["ref"])
    assert (removed.code, removed.out) == (0, "")
    assert bureau.run("bulletin", "list", "--json").document["bulletins"] == []


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), "when_missing"),
        (("--cron", "0 8 * * 1", "--at", "2999-01-01T08:00"), "two_times"),
        (("--cron", "* * * * *"), "too_often"),
        (("--cron", "8h"), "cron_invalid"),
        (("--cron", "0 8 * * 1", "--until", "2001-01-01"), "never_due"),
        (("--at", "2001-01-01T08:00"), "time_in_past"),
        (("--at", "2999-01-01T08:00", "--until", "2999-01-02"), "once_and_until"),
        (("--at", "2027-03-28T02:30"), "time_skipped"),
        (("--cron", ""), "when_missing"),
        (("--at", "soon"), "time_invalid"),
        (("--at", "2999-01-01"), "time_invalid"),
        (("--at", "08:00"), "time_invalid"),
        (("--cron", "0 8 * * * *"), "cron_invalid"),
        (("--cron", "0 8 * * 1", "--time-zone", "Paris"), "zone_unknown"),
        (("--cron", "0 8 * * 1", "--spread", "25h"), "spread_too_long"),
        (("--cron", "0 8 * * 1", "--until", ""), "value_empty"),
        (("--cron", "0 8 * * 1", "--from", ""), "value_empty"),
        (("--cron", "0 8 * * 1", "--time-zone", ""), "value_empty"),
        (("--cron", "0 8 * * 1", "--spread", ""), "value_empty"),
        (("--cron", "0 8 * * 1", "--expires", ""), "duration_invalid"),
    ],
)
def test_times_that_cannot_be_meant(bureau: Office, words: tuple[str, ...], code: str) -> None:
    """Each is told with what to type, and nothing is planned."""
    ended = bureau.run("bulletin", "add", *PLACE, *WORDS, "--yes", "--json", *words)
    assert (ended.code, ended.error["code"]) == (2, code)
    assert ended.error["hint"]


def test_a_spread_is_measured_from_the_first_run(bureau: Office) -> None:
    """Two hours before the night and two after it: fourteen, whatever the hour of planning is."""
    night = {"UMSALERT_BULLETIN_QUIET_BEGIN": "22:00", "UMSALERT_BULLETIN_QUIET_END": "08:00"}
    evening = ("--cron", "0 20 * * *", "--spread", "4h", "--expires")
    words = ("bulletin", "add", *PLACE, *WORDS, *evening)
    short = bureau.run(*words, "13h", "--yes", "--json", **night)
    assert (short.code, short.error["code"]) == (2, "spread_too_long")
    asked = bureau.run(*words, "15h", UMSALERT_LANG="en", **night)  # nobody says yes
    assert asked.code == 2
    assert re.search(r"spread over 4 h 00 min: the first run is over \S+ 10:00", asked.out)


def test_nothing_of_it_was_planned(bureau: Office) -> None:
    """What was refused above stands nowhere."""
    assert bureau.run("bulletin", "list", "--json").document["bulletins"] == []


def test_vigipirate_is_said_by_who_set_it(bureau: Office) -> None:
    """Shown, set, and in the words of the next bulletin; a level that there is not is refused."""
    assert bureau.run("bulletin", "vigipirate", "scarlet").code == 2
    assert bureau.run("bulletin", "vigipirate", "--since", "2026-11-02").code == 2
    early = bureau.run("bulletin", "vigipirate", "vigilance", "--since", "2999-01-01", "--json")
    assert (early.code, early.error["code"]) == (2, "time_in_future")
    ended = bureau.run("bulletin", "vigipirate", "urgence-attentat", "--since", "2026-11-02")
    assert "Vigipirate: urgence attentat, since 2026-11-02 00:00" in ended.out
    document = bureau.run("bulletin", "vigipirate", "--json").document["vigipirate"]
    assert (document["level"], document["since"]) == (
        "urgence-attentat",
        "2026-11-01T23:00:00.000Z",
    )
    preview = bureau.run("alert", "preview", *PLACE, *WORDS, "--json")
    assert "Niveau : urgence attentat" in preview.document["texts"]["sms"]["fr"]["body"]
    typed = bureau.run("alert", "preview", *PLACE, *WORDS, "--var", "level=vigilance", "--json")
    assert "Niveau : vigilance" in typed.document["texts"]["sms"]["fr"]["body"]


def test_a_drill_is_planned_as_one(bureau: Office) -> None:
    """Every message of `bulletin add --exercise` says EXERCICE."""
    bulletin = plan(bureau, "--exercise")
    assert bulletin["exercise"]
    before = bureau.forget()
    assert run_due(bureau).code in SENT
    assert len(bureau.sms(before)) == SITES
    assert all(event["text"].startswith("EXERCICE") for event in bureau.sms(before))


def test_nobody_asks_a_script(bureau: Office) -> None:
    """Without --yes and a terminal, nothing is planned."""
    ended = bureau.run("bulletin", "add", *PLACE, *WORDS, "--cron", "0 8 * * 1", "--json")
    assert (ended.code, ended.error["code"]) == (2, "not_confirmed")
    assert "planned" in ended.error["message"]


@pytest.mark.parametrize("typed", ["Paris", "europe/paris", "Europe/Pari", "Europ/Paris"])
def test_a_time_zone_with_a_letter_wrong_is_guessed(bureau: Office, typed: str) -> None:
    """The one that is meant stands first."""
    words = ("--cron", "0 8 * * 1", "--time-zone", typed, "--json")
    ended = bureau.run("bulletin", "add", *PLACE, *WORDS, *words, UMSALERT_LANG="en")
    assert (ended.code, ended.error["code"]) == (2, "zone_unknown")
    assert "perhaps: Europe/Paris" in ended.error["hint"]
