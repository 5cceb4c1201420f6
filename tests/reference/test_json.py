"""docs/json.md is what the program prints with --json, of every command that takes it."""

from __future__ import annotations

import json
import re
import shutil
import signal
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Page
from tests.e2e.office import ALERT, PERSON, Ended, Office, free_ports, open_office, sending
from tests.faults.machine import NoRoom, fold_in
from tests.reference.commands import commands
from tests.reference.shapes import shape_of, union, written
from umsalert import resources
from umsalert.store import schema, versions

HEAD = """\
# JSON

What every command prints with `--json`: one document on standard output, or, where it says so, one
line for each event. Names of fields and codes are never translated; a new field may appear in any
version, one that is here does not go or change its type without a new `schema_version`. `?` marks
what may be absent, `<...>` keys that are data. Times are UTC in ISO 8601, `_m` is metres, `_s`
seconds. Written by the tests: see CONTRIBUTING.md.
"""
ERROR = "Errors"
MIXED_SITES = (
    "ref,name,lat,lon,postcode\n"
    "X1,Un,43.7,7.27,6000\n"
    "X2,,43.7,7.27,06000\n"
    "X3,Trois,43.7,est,06000\n"
)
MIXED_CONTACTS = (
    "site_ref,name,phone,card\n"
    "S0,Ada,06 39 98 01 01,CAR-006\n"
    "S0,Bea,06 39 98 01 0,\n"
    "S0,,06 39 98 01 02,\n"
)
SITE = ("--name", "Galerie des Tilleuls", "--lat", "43.7005", "--lon", "7.2683")
WHOLE_SITE = (
    *("--kind", "mall", "--address", "1 place des Tilleuls", "--postcode", "06000"),
    *("--commune", "Nice", "--agents", "3", "--hours", "24/7", "--leader", "chef de poste"),
    *("--lockdown-procedure", "classeur", "--convention-ref", "CLCS-2025", "--client", "Foncière"),
    *("--company", "Vigie Azur", "--company-authorisation", "AUT-006-2118-05-03-00000000001"),
)
WHOLE_CONTACT = (
    *("--name", "Claude Lavande", "--role", "PC", "--phone", "04 65 71 00 01"),
    *("--email", "pc@tilleuls.example", "--card", "CAR-006-2030-01-31-00000000001"),
    *("--channels", "voice,email", "--hours", "24/7", "--fallback"),
)

Found = dict[str, list[Any]]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Return an office with guards who acknowledge, report, cannot be reached and are busy.

    Nobody knows whether the e-mail of the one who cannot be reached arrives.
    """
    answers = ("1", "02", "unreachable", "busy")
    words = [f"--answer=+3363998{n:04}={answer}" for n, answer in enumerate(answers)]
    home = tmp_path_factory.mktemp("office")
    scenario = home / "scenario.toml"
    scenario.write_text('[mailboxes]\n"agent-2@example.org" = "drop-after-data"\n', "utf-8")
    words += ["--speed", "60", "--scenario", str(scenario)]
    with open_office(home, len(answers), *words) as opened:
        yield opened


class Collector:
    """Runs commands in an office and keeps what they print, by command."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.found: Found = defaultdict(list)

    def __call__(self, command: str, *words: str | Path, **environ: str) -> Ended:
        """Run a command and keep its document, or its events by their names."""
        return self.keep(command, self.office.run(*command.split(), *words, "--json", **environ))

    def keep(self, command: str, ended: Ended) -> Ended:
        """Keep what a command has printed."""
        if ended.err:
            self.found[ERROR].append(json.loads(ended.err))
        title = f"umsalert {command}"
        if ended.out.startswith('{"'):
            for event in ended.events:
                self.found[f"{title}, event {event['event']}"].append(event)
        elif ended.out:
            self.found[title].append(ended.document)
        return ended


@pytest.fixture(scope="module")
def found(office: Office, tmp_path_factory: pytest.TempPathFactory) -> Found:
    """Run every command that takes --json, in its several ways, and return what they print."""
    folder = tmp_path_factory.mktemp("files")
    run = Collector(office)
    _database(run, folder)
    _register(run, folder)
    _templates(run, office.home)
    _machine(run, folder)
    _alerts(run)
    _areas(run, folder)
    _drills(run)
    _waves(run, folder)
    _cancelled_elsewhere(run, office)
    _without_room(run, office, folder)
    _replies(run)
    _second_person(run)
    _bulletins(run)
    _operators(run, folder)
    _refused(run)
    return run.found


def _database(run: Collector, folder: Path) -> None:
    run("init", "--db", folder / "new.db")
    run("db migrate", "--db", folder / "new.db")
    first = versions.migrations()[:1]
    with pytest.MonkeyPatch.context() as past:
        past.setattr(schema, "migrations", lambda: first)
        schema.create(folder / "old.db")
    run("db migrate", "--db", folder / "old.db")
    run("db info")
    assert run("db backup", folder / "copy.db").code == 0
    assert run("db backup", folder / "copy.db").code == 2
    assert run("db restore", "--db", folder / "new.db", folder / "copy.db", "--yes").code == 0
    assert run("db restore", "--db", folder / "other.db", folder / "copy.db", "--yes").code == 0
    run("db purge", "--yes")


def _register(run: Collector, folder: Path) -> None:
    for noun, text in (("site", MIXED_SITES), ("contact", MIXED_CONTACTS)):
        (folder / noun).write_text(text, "utf-8")
        assert run(f"{noun} import", folder / noun).code == 4
        assert run(f"{noun} import", folder / noun, "--skip-invalid").code == 0
    assert run("site add", "--ref", "A B", *SITE).code == 2
    run("site add", "--ref", "BARE", *SITE)
    run("site add", "--ref", "WHOLE", *SITE, *WHOLE_SITE, "--approve")
    assert run("site approve", "BARE", "WHOLE").code == 5
    run("site approve", "WHOLE", "--until", "2099-12-31")
    run("site suspend", "WHOLE", "--reason", "closed", "--until", "2099-06-30")
    run("site list")
    for ref in ("BARE", "WHOLE"):
        run("site review", ref, "--start", "--reason", "new file")
    run("site edit", "WHOLE", "--leader", "adjoint")
    run("site approve", "WHOLE")
    run("site refuse", "X1", "--reason", "no guard")
    run("site reopen", "X1", "--reason", "a guard")
    run("site close", "X1", "--reason", "gone")
    run("contact add", "--site", "WHOLE", *WHOLE_CONTACT)
    run("contact add", "--site", "BARE", "--name", "Ada", "--email", "ada@tilleuls.example")
    assert run("contact certify", "BARE-c1").code == 5
    run("contact certify", "WHOLE-c1")
    run("contact edit", "WHOLE-c1", "--card", "CAR-006-2031-01-31-00000000001")
    run("contact expiring", "--within", "9000d")
    _verified(run, "WHOLE-c1")
    run("contact show", "WHOLE-c1")
    run("contact show", "BARE-c1")
    run("contact revoke", "WHOLE-c1", "--reason", "left")
    for noun in ("site", "contact"):
        run(f"{noun} list")
    for ref in ("BARE", "WHOLE"):
        run("site show", ref)
    assert run("site export", folder / "s.csv", "--contacts", folder / "c.csv").code == 0
    assert run("site export", folder / "s.geojson").code == 0
    run("contact export", "BARE-c1", "--output", folder / "bare.json")
    for _time in range(2):  # the second finds nothing left
        assert run("contact erase", "BARE-c1", "--reason", "request", "--yes").code == 0


def _verified(run: Collector, ref: str) -> None:
    """Prove an e-mail address by the code that the carrier has taken."""
    before = run.office.forget()
    run("contact verify", ref, "--by", "email", "--yes")
    text = json.dumps(run.office.record()[before:])
    code = re.findall(r"Code : ([0-9]{6})", text)[0]
    run("contact verify", ref, "--code", code)


def _templates(run: Collector, home: Path) -> None:
    own = home / "templates" / "search-vehicle"
    shutil.copytree(resources.folder("templates") / own.name, own)
    text = (own / "template.toml").read_text("utf-8")
    (own / "template.toml").write_text(text.replace("limit = 20", 'limit = 20\ndefault = "?"'))
    run("template list")
    run("template show", own.name)
    run("template render", *ALERT[ALERT.index("--template") + 1 :])
    (home / "templates" / "broken").mkdir()
    (home / "templates" / "broken" / "template.toml").write_text("priority = 1", "utf-8")
    run("template check")
    run("template check", own.name, "--var", "vehicle=Jean DUPONT")
    shutil.rmtree(home / "templates" / "broken")


def _machine(run: Collector, folder: Path) -> None:
    empty = {"UMSALERT_HOME": str(folder / "nothing-here")}
    run("doctor", "--online")
    run("doctor", **empty)
    run("config show")
    run("config show", UMSALERT_SMTP_PORT="0")
    run("config init", **empty)
    run("channel list", "--online")
    run("channel list", "--online", UMSALERT_VONAGE_API_SECRET="wrong")
    run("channel list", **empty)
    run("channel test", "sms", "--to", "06 39 98 00 01", "--yes")


def _areas(run: Collector, folder: Path) -> None:
    closed = ("--ref", "CLOSED", *SITE, *WHOLE_SITE, "--hours", "24/7 off", "--approve")
    assert run("site add", *closed).code == 0
    file = folder / "area.geojson"
    ring = [[7.26, 43.69], [7.28, 43.69], [7.28, 43.71], [7.26, 43.71], [7.26, 43.69]]
    file.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}), "utf-8")
    person = ALERT[ALERT.index("--template") :]
    priced = {"UMSALERT_PRICE_SMS_PART_EUR": "0.065"}
    run("alert preview", "--polygon", file, *person, **priced)
    some = folder / "some.txt"
    some.write_text("S1\nWHOLE\n", "utf-8")
    assert run("site edit", "S1", "--kind", "mall").code == 0
    named = ("--commune", "06088", "--kind", "mall", "--sites-file", some)
    run("alert preview", *named, *person)
    assert run("alert send", *named, *person, "--channel", "sms", "--yes").code in (0, 1)
    run("alert show", "last")
    run("report show", "last")
    run("alert preview", "--all", *person)
    telling = ("--var", "description=Jean DUPONT, œil", "--var", "last_seen=bd x")
    words = ("--polygon", file, "--template", "search-person", *telling)
    run("alert send", *words, "--channel", "sms", "--yes")
    run("alert preview", *words)
    run("alert show", "last")
    run("alert list")
    run("report show", "last")


def _replies(run: Collector) -> None:
    words = ("--text", "bus stop", "--direction", "station", "--seen", "00:00")
    run("reply add", "last", "S0", "sighting", *words)
    run("reply add", "last", "S0-c1", "cannot")
    run("reply add", "last", "nobody", "cannot")
    run("reply list", "last")
    run("reply list", "--unmatched")
    run("contact export", "S0-c1")
    later = {"UMSALERT_SIMULATION_CLOCK_OFFSET_S": str(400 * 86_400)}
    assert run("db purge", "--dry-run", **later).code == 0


def _alerts(run: Collector) -> None:
    run("alert preview", *ALERT)
    nowhere = f"https://localhost:{free_ports(1)[0]}/v1/messages"
    broken = {
        "UMSALERT_VONAGE_MESSAGES_URL": nowhere,
        "UMSALERT_ALERT_GIVE_UP_S": "1",
        "UMSALERT_SMS_VONAGE_RATE_PER_S": "1",  # so that some messages were never handed over
        "UMSALERT_SMS_VONAGE_BURST": "1",
    }
    assert run("alert send", *ALERT, "--channel", "sms", "--yes", **broken).code == 75
    run("report show", "last")
    second = {"UMSALERT_SMS_PROVIDERS": "vonage,ovh", "UMSALERT_OVH_API_URL": nowhere}
    second |= {
        f"UMSALERT_OVH_{name}": "x"
        for name in (
            "APPLICATION_KEY", "APPLICATION_SECRET", "CONSUMER_KEY", "SERVICE_NAME", "SMS_SENDER"
        )
    }  # fmt: skip
    assert run("alert send", *ALERT, "--channel", "sms", "--yes", **broken, **second).code == 75
    _watched(run)
    keyed = (*ALERT, "--yes", "--idempotency-key", "K")
    run("alert send", *keyed)
    run("alert send", *keyed)
    assert run("alert send", *keyed, "--exercise").code == 5
    assert run("alert send", *ALERT, "--radius", "800").code == 2
    assert any(_complete(run("report show", "last").document) for _time in range(100))
    run("alert resume", "last", "--resend-unknown")
    assert run("report show", "last").document["repeated"]
    cancelled = run("alert cancel", "last", "--reason", "slip", "--correct", "--yes").events[0]
    run("alert list")
    run("alert cancel", cancelled["alert"], "--yes")
    for ref in ("last", cancelled["alert"]):  # the correction, and what it corrects
        run("alert show", ref)
        run("report show", ref)


def _drills(run: Collector) -> None:
    """Hold two exercises, of which the second is compared with the first."""
    words = (*ALERT, "--channel", "sms", "--exercise", "--yes", "--follow", "3s")
    for _time in range(2):
        ref = run("alert send", *words).events[-1]["alert"]
        run("reply add", ref, "S0", "acknowledged")
        run("reply add", ref, "S1-c1", "wrong_person")
        assert run("report show", ref).document["score"]["to_mend"]
        run("alert close", ref, "--outcome", "Fin de l'exercice.", "--yes")


def _waves(run: Collector, folder: Path) -> None:
    """Play an incident with every kind of wave to its end, and one that went to a polygon."""
    ref = run("alert send", *ALERT, "--yes", "--reason", "drill").events[-1]["alert"]
    seen = ("--text", "at the bus stop", "--direction", "the station", "--seen", "18h22")
    run("reply add", ref, "S3", "sighting", *seen)
    run("reply add", ref, "S1-c1", "acknowledged")
    run("reply list", ref)
    other = ("--yes", "--idempotency-key", "wave", "--var")
    for _time in range(2):  # the second reports the first
        run("alert widen", ref, "--radius", "3km", *other, "direction=the station")
    run("alert recenter", ref, "--site", "S1", "--yes", "--var", "direction=the port")
    again = ("--template", "search-person", "--var", "direction=the airport", "--yes")
    assert run("alert follow-up", ref, "--to", "unanswered", *again).code in (0, 1)
    assert run("alert follow-up", ref, "--to", "all", *again, "--channel", "sms").code in (0, 1)
    run("alert cancel", "last", "--yes", "--no-correct")
    run("alert show", ref)
    run("alert show", "last")
    run("alert close", ref, "--outcome", "La personne a été retrouvée.", "--yes")
    assert run("alert close", ref, "--outcome", "Autre chose.", "--yes").code == 5
    run("report show", ref)
    for by in ("template", "commune"):
        run("report summary", "--by", by)
    run("report summary", "--since", "2026-01-01")
    sealed = folder / "report.csv"
    run.office.run("report", "show", ref, "--seal", "--output", sealed)
    run("report key")
    run("report verify", sealed)
    run("alert list")
    polygon = run("alert send", "--polygon", folder / "area.geojson", *PERSON, "--yes")
    run("report show", polygon.events[-1]["alert"])
    run("alert close", "last", "--outcome", "Fausse alerte.", "--no-message", "--yes")
    run("alert show", "last")


def _watched(run: Collector) -> None:
    """Send what is left of the newest alert, and answer it, while a program watches."""
    watching = run.office.start("alert", "watch", "last", "--for", "10m", "--json")
    assert watching.stdout is not None
    lines = [watching.stdout.readline()]
    run("alert resume", "last")
    run("reply add", "last", "S0", "sighting", "--text", "seen")
    missing = {"counts", "reply", "sites"}
    while missing:
        lines.append(watching.stdout.readline())
        missing.discard(json.loads(lines[-1])["event"])
    watching.send_signal(signal.SIGINT)
    ended = run.office.end(watching)
    assert ended.code == 0
    run.keep("alert watch", replace(ended, out=b"".join(lines).decode() + ended.out))
    run("reply list", "last")


def _cancelled_elsewhere(run: Collector, office: Office) -> None:
    process, _before = sending(office, 1, "--follow", "10m", "--json")
    run("alert cancel", "last", "--yes")
    assert run.keep("alert send", office.end(process)).code == 5


def _second_person(run: Collector) -> None:
    """Let two requests wait for another account, which approves one and refuses the other."""
    limit = {"UMSALERT_APPROVAL_RADIUS_M": "500", "SUDO_USER": "anna"}
    bruno = {"SUDO_USER": "bruno"}
    assert run("alert send", *ALERT, "--yes", **limit).code == 5
    run("alert preview", *ALERT, **limit)
    run("alert approve", "--list")
    run("alert approve", "--yes", **bruno)
    assert run("alert show", "last").document["approved_by"]
    assert run("alert send", *ALERT, "--yes", **limit).code == 5
    run("alert approve", "--refuse", **bruno)
    run("alert approve", "--list")


def _bulletins(run: Collector) -> None:
    """Plan bulletins, one of which waits for a second person; send one, and one too late."""
    bruno = {"SUDO_USER": "bruno"}
    day = {"UMSALERT_BULLETIN_QUIET_BEGIN": "", "UMSALERT_BULLETIN_QUIET_END": ""}
    earlier = {"UMSALERT_SIMULATION_CLOCK_OFFSET_S": "-7200"}
    run("bulletin vigipirate")
    run("bulletin vigipirate", "vigilance")
    words = ("--template", "vigilance", "--var", "message=x", "--channel", "sms", "--yes")
    weekly = ("--cron", "0 8 * * 1", "--until", "2999-01-01", "--spread", "1h")
    run("bulletin add", *ALERT[:6], *words, *weekly)
    run("bulletin list")
    run("bulletin remove", "bul-")
    limit = {"UMSALERT_APPROVAL_RADIUS_M": "700"}
    run("bulletin add", *ALERT[:6], *words, *weekly, **limit)
    run("alert approve", "--list")
    run("alert approve", "--yes", **bruno)
    for late in (3600, 60):
        at = datetime.now(UTC) - timedelta(seconds=late)
        run("bulletin add", *ALERT[:6], *words, "--at", at.isoformat(), **earlier, **day)
    grace = {"UMSALERT_BULLETIN_GRACE_S": "600"}
    night = {"UMSALERT_BULLETIN_QUIET_BEGIN": "00:00", "UMSALERT_BULLETIN_QUIET_END": "23:59"}
    run("bulletin run-due", "--dry-run", **night)
    unready = {"UMSALERT_VONAGE_SMS_SENDER": ""}
    run("bulletin run-due", "--dry-run", **day, **grace)
    run("bulletin run-due", "--dry-run", **day, **unready)
    run("bulletin run-due", **day, **grace, **unready)
    run("bulletin run-due", **day)
    listed = run("bulletin list", "--all").document["bulletins"]
    for item in listed:
        run("bulletin show", item["ref"])


def _operators(run: Collector, folder: Path) -> None:
    run("audit log", "--action", "alert.cancel", "--limit", "1")
    run("audit verify")
    assert run("audit verify", "--head", f"{10**9}:{'0' * 64}").code == 4
    run("audit head")
    new = ("--db", folder / "new.db")
    run("operator list", *new)
    run("operator add", "anna", "--role", "administrator", *new, SUDO_USER="anna")
    run("operator add", "bruno", "--role", "officer", *new, SUDO_USER="anna")
    run("operator list", *new)
    run("operator remove", "bruno", *new, SUDO_USER="anna")


def _refused(run: Collector) -> None:
    """Let Vonage refuse us, last of all: it is left alone for a while."""
    stranger = {"UMSALERT_VONAGE_APPLICATION_ID": "somebody else"}
    words = (*ALERT, "--channel", "sms", "--yes")
    assert run("alert send", *words, **stranger).code == 4
    resting = run("channel list").document["channels"][0]
    assert resting["health"] == "resting"


def _without_room(run: Collector, office: Office, folder: Path) -> None:
    environ = {
        "UMSALERT_ALERT_GIVE_UP_S": "1",
        "UMSALERT_SMS_VONAGE_RATE_PER_S": "2",
        "UMSALERT_SMS_VONAGE_BURST": "1",
        "UMSALERT_LOG_FILE": str(folder / "short.log"),
    }
    fold_in(office.database)
    process, _before = sending(office, 1, "--json", **environ)
    NoRoom(process.pid, office.database)
    assert run.keep("alert send", office.end(process)).code == 75


def _complete(report: Mapping[str, Any]) -> bool:
    """Say whether all receipts and both answers have come."""
    states = {row["state"] for row in report["deliveries"] if row["channel"] != "email"}
    return states == {"delivered", "undelivered"} and len(report["replies"]) == 2


def test_every_document_is_described_as_it_is(found: Found, page: Page) -> None:
    """The page holds the shape of all that any command prints with --json, version first.

    A command that takes --json and was not run above fails the test; --renew writes the page.
    """
    known = {command.words for command in commands() if "--json" in command.options}
    assert {title.partition(",")[0] for title in found} == known | {ERROR}
    parts = []
    for title in sorted(found, key=lambda title: (title == ERROR, title)):
        shape = reduce(union, map(shape_of, found[title]))
        assert next(iter(shape.fields or ())) == ("error" if title == ERROR else "schema_version")
        parts.append(f"\n## {title}\n\n```text\n{written(shape)}\n```\n")
    page("json.md", HEAD + "".join(parts))
