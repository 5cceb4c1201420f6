"""One run: an office, a carrier, a sender that is killed, resumes that are killed, the last one."""

from __future__ import annotations

import contextlib
import math
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from tests.e2e.office import PERSON, POLL_S, Ended, Office
from tests.proof.world import Books
from tests.torture.carrier import Carriers, WatchedRecord
from tests.torture.evidence import Evidence, gather
from tests.torture.plan import APART, SLOW, End, Kill, RunPlan
from tests.torture.points import OF_ITSELF, Mark, Point
from tests.torture.premises import Remains, environ_of, open_by_channel, radius, remains
from tests.torture.verdict import Facts, complaints
from umsalert.model import ChannelKind, UnknownPolicy
from umsalert.simulator import SimulatorConfig
from umsalert.simulator.training import Training, prepare_home
from umsalert.store.spatialite import connect

SPAN_S = 3.0
"""A process is killed at any time of its first seconds; most have ended after them."""
HANGS_S = 120.0
"""A process that has not ended after that never will."""
COMMITS, STATEMENTS = 6, 9
"""Among so many a commit, or a statement of a takeover, is chosen."""
RESUMES_AT_MOST = 4
TEMPLATE_WORDS = {
    UnknownPolicy.HOLD: PERSON,
    UnknownPolicy.RESEND: ("--template", "lockdown"),
}
ENDS = {0, 1, 75}
EXPIRED = 5
"""How a resume may end once the alert has expired."""
TOO_LATE = "already_expired"
"""What a send says that took so long that nothing was recorded."""
TAKEN_BY = """
SELECT (SELECT count(*) FROM sender WHERE pid = :pid)
        + (SELECT count(*) FROM attempt WHERE code = 'sender_died') AS rows_taken,
    (
        SELECT count(*) FROM attempt JOIN sender ON sender.id = attempt.sender_id
        WHERE sender.pid = :pid AND attempt.n = 1
    ) AS never_sent
"""
"""Of `never_sent` a sender that has come to its end leaves none."""


@dataclass(frozen=True, slots=True)
class Death:
    """One process that was killed. `point` is where it really was.

    `durable`: of a kill in mid-commit, whether the commit counts. `ambiguous` is None where other
    processes were at work.
    """

    point: Point
    pid: int
    ambiguous: frozenset[str] | None
    durable: bool | None = None


@dataclass
class Outcome:
    """What a run came to."""

    plan: RunPlan
    folder: Path
    deaths: list[Death] = field(default_factory=list)
    missed: list[Point] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    refused_intruders: int = 0
    two_at_once: int = 0
    facts: Facts | None = None
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """What all runs share. `home` is the prepared office, runs lie in `folder`."""

    carriers: Carriers
    home: Path
    folder: Path


def play(stage: Stage, plan: RunPlan) -> Outcome:
    """Play one run; its folder stays when something is wrong."""
    outcome = Outcome(plan, stage.folder / f"run-{plan.seed}")
    shutil.rmtree(outcome.folder, ignore_errors=True)
    shutil.copytree(stage.home, outcome.folder)
    config = SimulatorConfig(
        outcome.folder,
        speed=plan.speed,
        scenario=plan.scenario,
        record_path=outcome.folder / "carrier.ndjson",
    )
    with stage.carriers.open(config) as (simulator, record):
        ports = Training(outcome.folder, simulator.http_port, simulator.smtp_port, speed=plan.speed)
        prepare_home(ports)
        office = Office(outcome.folder, environ_of(), fresh=True)
        run = _Run(plan, office, record, outcome)
        try:
            report = run.through()
            outcome.evidence = gather(Books.of(simulator), office.database, report)
            outcome.facts = run.facts()
            outcome.complaints += complaints(outcome.facts, outcome.evidence)
        except subprocess.TimeoutExpired:
            outcome.complaints.append("a process has not ended")
        except Exception as error:  # noqa: BLE001 - one run that fell over is one that failed
            outcome.complaints.append(f"{type(error).__name__}: {error}")
        finally:
            _sweep(office)
    if not outcome.complaints:
        shutil.rmtree(outcome.folder)
    return outcome


def _sweep(office: Office) -> None:
    for process in office.processes:
        if process.poll() is None:
            process.kill()
        process.communicate()


class _Run:
    """The steps of a run, each after the other."""

    def __init__(
        self, plan: RunPlan, office: Office, record: WatchedRecord, outcome: Outcome
    ) -> None:
        self._plan = plan
        self._office = office
        self._record = record
        self._outcome = outcome
        self._left = Remains()
        self._asked_to_repeat = plan.may_repeat
        self._mark = office.home / "mark"

    def through(self) -> dict[str, object]:
        """Go through all of it; return the report."""
        if self._plan.intruder:
            self._intrude()
        for kill in self._plan.kills:
            self._die(kill)
            if self._left.alert and not self._left.open_in_all:
                break
        self._finish()
        ended = self._office.run("report", "last", "--json")
        report: dict[str, object] = ended.document
        return report

    def facts(self) -> Facts:
        """Return what is known without asking umsalert."""
        plan = self._plan
        expected = {
            (
                kind.value,
                f"agent-{n}@example.org" if kind is ChannelKind.EMAIL else f"+3363998{n:04}",
            )
            for kind in plan.channels
            for n in range(plan.people)
        }
        killed = {death.pid for death in self._outcome.deaths}
        return Facts(frozenset(expected), killed, self._asked_to_repeat, plan.expires_s is not None)

    def _words(self, *, last: bool = False) -> tuple[str, ...]:
        """Return the next command: send while no alert stands in the database, then resume."""
        plan = self._plan
        if self._left.alert:
            resend = ("--resend-unknown",) * (last and plan.resend_unknown)
            return ("alert", "resume", self._left.alert, "--json", *resend)
        words = ["--lat", "43.7005", "--lon", "7.2683", "--radius", radius(plan.people)]
        words += TEMPLATE_WORDS[plan.policy]
        for kind in plan.channels:
            words += ["--channel", kind]
        if plan.expires_s:
            words += ["--expires", f"{plan.expires_s}s"]
        return ("alert", "send", *words, "--idempotency-key", f"run-{plan.seed}", "--yes", "--json")

    def _open(self) -> dict[str, int]:
        with contextlib.closing(connect(self._office.database, write=False)) as connection:
            return open_by_channel(connection)

    def _intrude(self) -> None:
        """Resume beside a living sender, which is killed after that."""
        sender = self._office.start(*self._words(), **SLOW)
        while not self._record.taken:
            if sender.poll() is not None:
                raise AssertionError(f"the sender ended: {sender.communicate()}")
            time.sleep(POLL_S)
        intruder = self._office.start("alert", "resume", "last", "--json", "--resend-unknown")
        ended = self._office.end(intruder)
        self._judge_intruder(intruder.pid, ended, lives=sender.poll() is None)
        if sender.poll() is None:
            sender.send_signal(signal.SIGKILL)
        self._bury(sender, Point.ANY_TIME)

    def _judge_intruder(self, pid: int, ended: Ended, *, lives: bool) -> None:
        with contextlib.closing(connect(self._office.database, write=False)) as connection:
            took, never_sent = connection.execute(TAKEN_BY, {"pid": pid}).fetchone()
        if ended.code == 75 and "still_sending" in ended.err and not took:
            self._outcome.refused_intruders += 1
            return
        if lives or never_sent:
            self._complain(f"a resume took from a living sender: exit {ended.code}, {took} rows")
        self._asked_to_repeat = True  # it came after the sender's end

    def _die(self, kill: Kill) -> None:
        """Start the next process and let it be killed, unless it ends before it is there."""
        if kill.point is Point.IN_TAKEOVER and not self._left.alert:
            kill = replace(kill, point=Point.ANY_TIME)  # there is nothing to take over
        words, before = self._words(), self._record.taken
        environ = APART if kill.point is Point.BETWEEN_CHANNELS else {}
        if kill.point in OF_ITSELF:
            self._mark.write_bytes(Mark().packed())
            turn = f"{self._turn(kill)}"
            own = (kill.point.name, turn, f"{kill.share}", str(self._mark))
            process = self._office.start(*own, *words, module="tests.torture.dying")
            process.wait(HANGS_S)
        else:
            process = self._office.start(*words, **environ)
            self._kill_from_outside(process, kill, before)
        self._bury(process, kill.point)

    def _turn(self, kill: Kill) -> int:
        if kill.point is Point.IN_COMMIT:
            most = COMMITS
        elif kill.point is Point.IN_TAKEOVER:
            most = STATEMENTS
        else:
            most = self._left.open_in_all or self._plan.people * len(self._plan.channels)
        return max(1, math.ceil(kill.turn * most))

    def _kill_from_outside(self, process: subprocess.Popen[bytes], kill: Kill, before: int) -> None:
        match kill.point:
            case Point.AFTER_REQUEST:
                self._record.arm(process, self._turn(kill))
                process.wait(HANGS_S)
                self._record.disarm()
            case Point.BETWEEN_CHANNELS:
                while process.poll() is None and not self._between_channels():
                    time.sleep(POLL_S)
                process.send_signal(signal.SIGKILL)
            case _:
                # half of them from the start, half from the first message
                while kill.share < 0.5 and process.poll() is None and self._record.taken == before:
                    time.sleep(POLL_S)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(kill.turn * SPAN_S)
                process.send_signal(signal.SIGKILL)

    def _between_channels(self) -> bool:
        open_in = self._open().values()
        return 0 in open_in and any(open_in)

    def _bury(self, process: subprocess.Popen[bytes], point: Point) -> None:
        """Look at what a dead process left, and count where it really was."""
        ended = self._office.end(process)
        self._left = remains(self._office.database, process.pid)
        if ended.code != -signal.SIGKILL:
            self._outcome.missed.append(point)
            self._judge_end(ended)
            return
        durable = None
        if point in OF_ITSELF and not Mark.read(self._mark).hit:
            point = Point.ANY_TIME
        elif point is Point.IN_COMMIT:
            durable = Mark.read(self._mark).counts == self._left.counts
        elif point is Point.BETWEEN_CHANNELS and not self._left.between_channels:
            point = Point.ANY_TIME
        if point is Point.BEFORE_REQUEST and not self._left.ambiguous:
            self._complain("a request was about to leave, and no attempt was in the database")
        self._outcome.deaths.append(Death(point, process.pid, self._left.ambiguous, durable))

    def _judge_end(self, ended: Ended) -> None:
        if self._plan.expires_s and (ended.code == EXPIRED or TOO_LATE in ended.err):
            return
        if ended.code not in ENDS:
            self._complain(f"exit {ended.code}: {ended.err.strip()}")

    def _finish(self) -> None:
        """Let somebody end it, alone or two at once."""
        if self._plan.expires_s and self._left.alert:
            expires_at = datetime.fromisoformat(self._left.expires_at)
            time.sleep(max(0.0, (expires_at - datetime.now(UTC)).total_seconds()) + 0.1)
        if self._plan.end is not End.ONE:
            self._two_at_once()
        for _again in range(RESUMES_AT_MOST):
            ended = self._office.run(*self._words(last=True))
            self._judge_end(ended)
            self._left = remains(self._office.database)
            if self._left.alert and not self._left.open_in_all:
                return
        self._complain(f"{self._left.open} have not ended after {RESUMES_AT_MOST} resumes")

    def _two_at_once(self) -> None:
        self._outcome.two_at_once += 1
        both = [self._office.start(*self._words()) for _number in range(2)]
        killed = None
        if self._plan.end is End.TWO_AND_A_KILL:
            killed = both[self._plan.seed % 2]
            with contextlib.suppress(subprocess.TimeoutExpired):
                killed.wait(self._plan.kills[0].share * SPAN_S)
            killed.send_signal(signal.SIGKILL)
        codes = []
        for process in both:
            ended = self._office.end(process)
            if ended.code == -signal.SIGKILL:
                self._outcome.deaths.append(Death(Point.ANY_TIME, process.pid, None))
            else:
                codes.append(ended.code)
                self._judge_end(ended)
        if killed is None and set(codes) == {75}:
            self._complain("of two resumes at once neither went on")

    def _complain(self, sentence: str) -> None:
        self._outcome.complaints.append(sentence)
