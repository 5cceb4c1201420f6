"""What bulletins are run with, and what one look at the clock brings."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime

from umsalert.errors import ExitCode
from umsalert.messages import Template
from umsalert.model import Alert, Bulletin, BulletinRun, ChannelKind, Operator
from umsalert.ports import AlertBook, Bulletins, Clock, Operators
from umsalert.selection import Plan, Planner
from umsalert.timetables import Customs


@dataclass(frozen=True, slots=True)
class House:
    """What bulletins are run with. `ready` raises where a channel is not set up."""

    book: Bulletins
    alerts: AlertBook
    operators: Operators
    planner: Planner
    clock: Clock
    template: Callable[[str], Template]
    ready: Callable[[Collection[ChannelKind]], None]
    customs: Customs
    by: Operator


@dataclass(frozen=True, slots=True)
class Told:
    """Something about a due time that is not as it should be, in a sentence.

    `dues`: how many due times in a row it is about. `alert_ref` is empty where there is none.
    `tried_until`: it is tried again at each run-due until then. None: it is over.
    """

    bulletin: Bulletin
    due_at: datetime
    code: str
    message: str
    exit_code: ExitCode
    alert_ref: str = ""
    dues: int = 1
    tried_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """A run that is to be sent, or gone on with."""

    bulletin: Bulletin
    run: BulletinRun
    alert: Alert


@dataclass(slots=True)
class Round:
    """What one look at the clock has brought."""

    started: list[Started] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Intended:
    """What would be sent now."""

    bulletin: Bulletin
    due_at: datetime
    plan: Plan


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is due and waits for the end of quiet hours."""

    bulletin: Bulletin
    due_at: datetime
    starts_at: datetime


@dataclass(slots=True)
class Outlook:
    """What a look at the clock would bring now. `under_way`: what has an alert, and no end yet."""

    plans: list[Intended] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    under_way: list[tuple[Bulletin, BulletinRun]] = field(default_factory=list)
