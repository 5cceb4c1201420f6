"""The demo runs the program's own commands in a temporary home; only the hosts are simulated."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import shlex
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from umsalert import resources
from umsalert.cli.output import console
from umsalert.errors import ExitCode, TemporaryError
from umsalert.i18n import _, language

READY_WITHIN_S = 30.0
STOPS_WITHIN_S = 10.0
# Simulated seconds until the slowest guard has picked up, listened and pressed a key.
FOLLOW_S = 100.0


@dataclass(frozen=True, slots=True)
class Case:
    """A founding case.

    `answers` maps a site to what its first guard does: keys, an SMS, a button of the link's page.
    `mailboxes` maps a site to what comes back from the mailbox of its first guard. `outcome` is how
    it ends.
    """

    story: str
    lat: float
    lon: float
    radius: str
    template: str
    values: Mapping[str, str]
    incident: str
    sent: str
    reason: str
    answers: Mapping[str, str]
    outcome: str
    mailboxes: Mapping[str, str] = field(default_factory=dict)


CASES = {
    "person": Case(
        story=_("18:07, a woman is attacked in the centre of Nice. 18:15, the officer alerts."),
        lat=43.7005,
        lon=7.2683,
        radius="800m",
        template="search-person",
        values={
            "description": "homme, 30 ans, 1,80 m, blouson rouge, jean bleu",
            "last_seen": "place Masséna",
            "direction": "gare",
        },
        incident="18:07",
        sent="18:15",
        reason="agression d'une femme",
        answers={
            "NCE-001": "1",
            "NCE-003": "sms:OK bien reçu",
            "NCE-044": "link:sighting:à l'arrêt de bus en face",
        },
        outcome="La personne a été interpellée à 18h30.",
        mailboxes={"NCE-002": "answers-ok"},
    ),
    "attack": Case(
        story=_("10:05, an armed attack. 10:12, every site within 30 km is told to lock down."),
        lat=43.6956,
        lon=7.2706,
        radius="30km",
        template="lockdown",
        values={},
        incident="10:05",
        sent="10:12",
        reason="attaque armée",
        answers={"NCE-001": "3", "NCE-002": "01"},
        outcome="La menace est levée.",
    ),
    "vehicle": Case(
        story=_("16:10, a hit-and-run. 16:16, sites within 3 km look out for the car."),
        lat=43.7102,
        lon=7.2620,
        radius="3km",
        template="search-vehicle",
        values={
            "vehicle": "break gris, aile avant droite enfoncée",
            "plate": "AB-1",
            "last_seen": "boulevard Gambetta",
        },
        incident="16:10",
        sent="16:16",
        reason="délit de fuite",
        answers={"NCE-001": "1", "NCE-044": "2"},
        outcome="Le véhicule a été retrouvé.",
    ),
}


def play(case: Case, speed: float) -> ExitCode:
    """Play one case and return the report's exit code.

    Raises TemporaryError when the simulator or the web server does not come up.
    """
    with tempfile.TemporaryDirectory(prefix="umsalert-demo-") as folder:
        return _Stage(case, speed, Path(folder)).play()


class _Stage:
    """A temporary home, its servers and the commands run in it."""

    def __init__(self, case: Case, speed: float, home: Path) -> None:
        self._case = case
        self._speed = speed
        self._home = home
        self._ports = dict(zip(("carrier", "smtp", "serve"), _free_ports(3), strict=True))
        self._environ = os.environ | {
            "UMSALERT_HOME": str(home),
            "UMSALERT_LANG": language(),
            "UMSALERT_STATION": "Nice",
        }

    def play(self) -> ExitCode:
        case, fixtures = self._case, resources.folder("fixtures")
        _say(case.story)
        with contextlib.ExitStack() as servers:
            servers.enter_context(self._server("carrier", *self._simulator_words()))
            self._run("init", quiet=True)
            servers.enter_context(self._server("serve", "serve"))
            self._run("site", "import", str(fixtures / "sites.csv"), "--approve")
            self._run("contact", "import", str(fixtures / "contacts.csv"), "--certify")
            self._run(*self._send_words())
            self._run("reply", "list", "last")
            ref = self._newest()
            self._run("alert", "close", ref, "--outcome", case.outcome, "--yes", quiet=True)
            return ExitCode(self._run("report", ref))

    def _simulator_words(self) -> list[str]:
        words = ["simulator", "--home", str(self._home), "--speed", f"{self._speed:g}"]
        words += ["--port", str(self._ports["carrier"]), "--smtp-port", str(self._ports["smtp"])]
        words += ["--serve-port", str(self._ports["serve"])]
        words += [f"--clock-offset={_clock_offset_s(self._case.sent)}"]
        words += ["--scenario", str(self._scenario())]
        for number, keys in _answers(case=self._case).items():
            words += ["--answer", f"{number}={keys}"]
        return words

    def _scenario(self) -> Path:
        """Write what comes back from mailboxes; return the file."""
        wanted = self._case.mailboxes
        found = {_contacts()[site]["email"]: word for site, word in wanted.items()}
        lines = ["[mailboxes]", *(f'"{mailbox}" = "{word}"' for mailbox, word in found.items())]
        file = self._home / "demo-scenario.toml"
        file.write_text("\n".join(lines), "utf-8")
        return file

    def _send_words(self) -> list[str]:
        case = self._case
        words = ["alert", "send", "--lat", str(case.lat), "--lon", str(case.lon)]
        words += ["--radius", case.radius, "--template", case.template]
        for name, text in case.values.items():
            words += ["--var", f"{name}={text}"]
        words += ["--incident-time", case.incident, "--reason", case.reason, "--yes"]
        return [*words, "--follow", f"{max(1, round(FOLLOW_S / self._speed))}s"]

    def _newest(self) -> str:
        """Return the reference of the newest alert."""
        words = [sys.executable, "-m", "umsalert", "alert", "show", "last", "--json"]
        shown = subprocess.run(  # noqa: S603 - our own program with our own words
            words, env=self._environ, check=True, stdout=subprocess.PIPE
        )
        return str(json.loads(shown.stdout)["ref"])

    def _run(self, *words: str, quiet: bool = False) -> int:
        _say(f"$ umsalert {shlex.join(words)}")
        done = subprocess.run(  # noqa: S603 - our own program with our own words
            [sys.executable, "-m", "umsalert", *words],
            env=self._environ,
            check=False,
            stdout=subprocess.DEVNULL if quiet else None,
            stderr=subprocess.DEVNULL if quiet else None,
        )
        if done.returncode not in (ExitCode.OK, ExitCode.SOME_FAILED):
            raise TemporaryError(
                "demo_failed",
                _("The demo's command ended with exit code {code}.").format(code=done.returncode),
                hint=_("Its message above says why."),
            )
        return done.returncode

    @contextlib.contextmanager
    def _server(self, name: str, *words: str) -> Iterator[None]:
        _say(f"$ umsalert {shlex.join(words)} &")
        log = self._home / f"{name}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(  # noqa: S603 - our own program with our own words
                [sys.executable, "-m", "umsalert", *words],
                env=self._environ,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        try:
            self._wait_for(name, process, log)
            yield
        finally:
            process.terminate()
            try:
                process.wait(STOPS_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _wait_for(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        end = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < end and process.poll() is None:
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", self._ports[name]), timeout=1),
            ):
                return
            time.sleep(0.05)
        raise TemporaryError(
            "demo_server_down",
            _("The demo's {name} did not start: {log}").format(
                name=name, log=log.read_text("utf-8", errors="replace").strip()
            ),
            hint=_("Try again; another program may have taken its port."),
        )


def _say(sentence: str) -> None:
    console(stderr=True).print(sentence, style="bold cyan", markup=False, soft_wrap=True)


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _number in range(count)]
        for held in sockets:
            held.bind(("127.0.0.1", 0))
        return [held.getsockname()[1] for held in sockets]


def _clock_offset_s(local_time: str) -> int:
    """Return how far to move the clock so that it is that time in Nice, on the last weekday."""
    now = datetime.now(UTC)
    hour, minute = map(int, local_time.split(":"))
    then = now.astimezone(ZoneInfo("Europe/Paris"))
    then = then.replace(hour=hour, minute=minute, second=0, microsecond=0)
    while then.weekday() > 4:
        then -= timedelta(days=1)
    return round((then - now).total_seconds())


def _answers(case: Case) -> dict[str, str]:
    """Return which number does what: the first contact of each site that answers."""
    first = _contacts()
    return {_e164(first[site]["phone"]): answer for site, answer in case.answers.items()}


def _contacts() -> dict[str, dict[str, str]]:
    """Return the first contact of every site that has a telephone and a mailbox."""
    found: dict[str, dict[str, str]] = {}
    with (resources.folder("fixtures") / "contacts.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["phone"] and row["email"]:
                found.setdefault(row["site_ref"], row)
    return found


def _e164(number: str) -> str:
    from umsalert.phones import parse_phone

    return parse_phone(number, "FR").e164
