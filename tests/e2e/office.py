"""A police office in a folder: its home, the simulated carrier, `umsalert serve`, the program."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.running.process import fresh, started

READY_WITHIN_S = 60.0
POLL_S = 0.02
PLACE = ("--lat", "43.7005", "--lon", "7.2683", "--radius", "800m")
PERSON = (
    "--template",
    "search-person",
    "--var",
    "description=homme, 1,80 m, blouson rouge",
    "--var",
    "last_seen=place Masséna",
)
ALERT = (*PLACE, *PERSON)
FACT_COLUMNS = "agents,hours,leader,lockdown_procedure,convention_ref,client,company"
FACT_COLUMNS += ",company_authorisation"
FACTS = "2,24/7,chef de poste,classeur,CLCS-2025,Foncière,Vigie Azur,AUT-006-2118-05-03-00000000001"
"""What the approval of a site takes."""
LINK = re.compile(r"(?<=/r/)[A-Za-z0-9_-]{22}")
"""What is each guard's own in the link of a message."""


@dataclass(frozen=True)
class Ended:
    """A run of the program that is over."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def error(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.err.splitlines()[-1])["error"]
        return found


@dataclass
class Office:
    """Everything that one office has; `environ` is what its commands see."""

    home: Path
    environ: dict[str, str] = field(default_factory=dict)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    fresh: bool = False
    """Whether each of its processes is a new Python, as users start it: tests of the process."""

    @property
    def database(self) -> Path:
        return self.home / "umsalert.db"

    def start(
        self, *words: str, module: str = "umsalert", **environ: str
    ) -> subprocess.Popen[bytes]:
        """Start the program, or another module that ends in it, without waiting for it."""
        start = fresh if self.fresh else started
        process = start(*words, environ=self._environment(environ), module=module)
        self.processes.append(process)
        return process

    def run(self, *words: str | Path, **environ: str) -> Ended:
        """Run the program to its end; a person never sees a traceback."""
        return self.end(self.start(*map(str, words), **environ))

    def end(self, process: subprocess.Popen[bytes]) -> Ended:
        """Wait for the end of a started program."""
        out, err = process.communicate(timeout=120)
        ended = Ended(process.returncode, out.decode(), err.decode())
        assert "Traceback" not in ended.err, ended.err
        return ended

    def record(self, kind: str | None = None) -> list[dict[str, Any]]:
        """Return what the carrier saw."""
        text = (self.home / "carrier.ndjson").read_text("utf-8")
        whole = text[: text.rfind("\n") + 1]  # the last line may be on its way
        events = [json.loads(line) for line in whole.splitlines()]
        return [event for event in events if kind in (None, event["kind"])]

    def forget(self) -> int:
        """Return how much the carrier has seen, to look only at what comes after."""
        return len(self.record())

    def sms(self, before: int) -> list[dict[str, Any]]:
        """Return the SMS that the carrier took after it had seen `before` events."""
        return [event for event in self.record()[before:] if event["kind"] == "sms"]

    def states(self, channel: str = "sms") -> dict[str, int]:
        """Return the newest alert's deliveries by state."""
        counts = self.run("alert", "show", "last", "--json").document["counts"]
        found: dict[str, int] = counts[channel]
        return found

    def _environment(self, environ: Mapping[str, str]) -> dict[str, str]:
        return {**os.environ, "UMSALERT_HOME": str(self.home), **self.environ, **environ}


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _number in range(count)]
        for item in held:
            item.bind(("127.0.0.1", 0))
        return [item.getsockname()[1] for item in held]


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < end:
        assert process.poll() is None, process.communicate()
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", port), timeout=1),
        ):
            return
        time.sleep(POLL_S)
    raise AssertionError(f"nothing listens on port {port}")


@contextlib.contextmanager
def open_office(home: Path, sites: int, *carrier: str) -> Iterator[Office]:
    """Open an office with `sites` vetted sites in 800 m, two channels each, and its carrier."""
    home.mkdir(parents=True, exist_ok=True)
    # The mailboxes of people answer by chance, and an answer stops what is queued for a site.
    # People answer letters by chance, and an answer stops what is queued for their site.
    without_mailbox = {"UMSALERT_IMAP_HOST": "", "UMSALERT_IMAP_USERNAME": ""}
    office = Office(home, {"UMSALERT_STATION": "Nice"} | without_mailbox)
    ports = dict(zip(("--port", "--smtp-port", "--serve-port"), free_ports(3), strict=True))
    words = [word for option, port in ports.items() for word in (option, str(port))]
    words += ["--home", str(home), "--record", str(home / "carrier.ndjson"), *carrier]
    try:
        wait_for_port(ports["--port"], office.start("simulator", *words))
        assert office.run("init").code == 0
        wait_for_port(ports["--serve-port"], office.start("serve"))
        fill(office, sites)
        yield office
    finally:
        for process in office.processes:
            if process.poll() is None:
                process.terminate()
                process.send_signal(signal.SIGCONT)
            process.communicate(timeout=30)


def fill(office: Office, sites: int, step_deg: float = 1e-5) -> None:
    """Import `sites` vetted sites northwards, each with a guard who has a mobile and an address."""
    rows = [f"S{i},Site {i},{43.7005 + i * step_deg:.5f},7.2683,{FACTS}" for i in range(sites)]
    people = [f"S{i},Agent {i},+3363998{i:04},agent-{i}@example.org" for i in range(sites)]
    for noun, flag, lines in (
        ("site", "--approve", [f"ref,name,lat,lon,{FACT_COLUMNS}", *rows]),
        ("contact", "--certify", ["site_ref,name,phone,email", *people]),
    ):
        file = office.home / f"{noun}s.csv"
        file.write_text("\n".join(lines), "utf-8")
        ended = office.run(noun, "import", str(file), flag)
        assert ended.code == 0, ended.err


def sending(
    office: Office, enough: int, *words: str, **environ: str
) -> tuple[subprocess.Popen[bytes], int]:
    """Start an alert by SMS; return it once the carrier has taken `enough` of its messages."""
    before = office.forget()
    words = ("--channel", "sms", "--yes", *words)
    process = office.start("alert", "send", *ALERT, *words, **environ)
    while len(office.sms(before)) < enough:
        assert process.poll() is None, process.communicate()
        time.sleep(POLL_S)
    return process, before


def numbers(events: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return who was called or written to, sorted."""
    return sorted(str(event["to"]) for event in events)
