"""A scenario: how the simulator misbehaves, read from a TOML file whose problems are told at once.

docs/simulator.md is the page for whoever writes one.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from umsalert import resources
from umsalert.errors import InvalidData, Problem, UmsalertError
from umsalert.i18n import _, ngettext, system_reason
from umsalert.phones import parse_phone
from umsalert.simulator.correspondents import Habit
from umsalert.simulator.faults import (
    GATEWAY_FAULTS,
    HTTP_FAULTS,
    MAILBOX_FAULTS,
    SMTP_FAULTS,
    Fault,
    Receipts,
    Span,
    Traffic,
)
from umsalert.simulator.people import answers_hint, is_answer

_T = TypeVar("_T")

LONGEST_S = 24 * 3600.0
"""No delay is longer than Vonage goes on trying a webhook."""

CHANNELS: Mapping[str, Mapping[str, Fault]] = {
    "sms": HTTP_FAULTS,
    "voice": HTTP_FAULTS,
    "ovh": HTTP_FAULTS,
    "gateway": GATEWAY_FAULTS,
    "email": SMTP_FAULTS,
}


@dataclass(frozen=True, slots=True)
class Scenario:
    """How the simulator misbehaves. The default is not at all.

    `sms` and `voice` are Vonage's; `gateway` is of its SMS and calls alike.

    `numbers` maps E.164 numbers to what `People` takes as answers, `mailboxes` maps addresses in
    lower case to names of `MAILBOX_FAULTS`. `seed` None: the command's.
    """

    seed: int | None = None
    sms: Traffic = field(default_factory=Traffic)
    voice: Traffic = field(default_factory=Traffic)
    ovh: Traffic = field(default_factory=Traffic)
    gateway: Traffic = field(default_factory=Traffic)
    email: Traffic = field(default_factory=Traffic)
    receipts: Receipts = field(default_factory=Receipts)
    numbers: Mapping[str, str] = field(default_factory=dict)
    mailboxes: Mapping[str, str] = field(default_factory=dict)

    @property
    def account_empty(self) -> bool:
        """Say whether 402 is the answer to any request: the account has nothing left then."""
        return any(traffic.shares.get("low-balance") for traffic in (self.sms, self.voice))


def shipped() -> dict[str, Path]:
    """Return the scenarios that come with the program, by name."""
    return {file.stem: file for file in sorted(resources.folder("fixtures").glob("*.toml"))}


def load(name: str) -> Scenario:
    """Read the file `name`, or the shipped scenario of that name.

    Raises InvalidData with every problem of the file; nothing is guessed.
    """
    file = Path(name)
    if not file.exists():
        file = shipped().get(name, file)
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = system_reason(error) if isinstance(error, OSError) else _("it is not UTF-8 text")
        raise InvalidData(
            "scenario_unreadable",
            _("The scenario {file} cannot be read: {reason}.").format(file=file, reason=reason),
            hint=_("Name a TOML file, or one of: {names}").format(names=", ".join(shipped())),
        ) from error
    return parse(text, str(file))


def parse(text: str, source: str) -> Scenario:
    """Read a scenario; `source` names it in messages. Raises InvalidData."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidData(
            "scenario_not_toml",
            _("The scenario {file} is not TOML: {reason}.").format(file=source, reason=error),
            hint=_("docs/simulator.md has examples to copy."),
        ) from error
    reader = _Reader()
    scenario = reader.scenario(data)
    if reader.problems:
        count = len(reader.problems)
        raise InvalidData(
            "scenario_invalid",
            ngettext(
                "The scenario {file} has a problem:",
                "The scenario {file} has {n} problems:",
                count,
            ).format(file=source, n=count)
            + "".join(f"\n  {problem.column}: {problem.message}" for problem in reader.problems),
            hint=_("Correct the file; docs/simulator.md lists what it may hold."),
            problems=tuple(reader.problems),
        )
    return scenario


class _Reader:
    """Reads one file; collects what is wrong with it."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def scenario(self, data: dict[str, object]) -> Scenario:
        top = _Table(self, "", data)
        seed = top.take("seed", None, _whole)
        channels = {
            name: self._traffic(top.table(name), faults) for name, faults in CHANNELS.items()
        }
        receipts = self._receipts(top.table("receipts"))
        numbers = dict(self._numbers(top.table("numbers")))
        mailboxes = dict(self._mailboxes(top.table("mailboxes")))
        top.end()
        return Scenario(seed, **channels, receipts=receipts, numbers=numbers, mailboxes=mailboxes)

    def problem(self, code: str, column: str, message: str) -> None:
        self.problems.append(Problem(code, message, column=column))

    def _traffic(self, table: _Table, faults: Mapping[str, Fault]) -> Traffic:
        greylist = table.take("greylist", 0.0, _share) if faults is SMTP_FAULTS else 0.0
        retry_after_s = (
            table.take("retry_after_s", None, _whole) if faults is not SMTP_FAULTS else None
        )
        traffic = Traffic(
            shares=dict(self._shares(table.table("shares"), faults)),
            taken=dict(self._taken(table.table("taken"), faults)),
            delay_s=table.take("delay_s", (0.0, 0.0), _span),
            retry_after_s=retry_after_s,
            greylist=greylist,
        )
        total = math.fsum(traffic.shares.values())
        if total > 1 + 1e-9:
            message = _("together they are {total:g}: one request has one fault, 1 is all of them")
            self.problem("shares_above_1", f"{table.name}.shares", message.format(total=total))
        table.end()
        return traffic

    def _shares(self, table: _Table, faults: Mapping[str, Fault]) -> Iterator[tuple[str, float]]:
        for name in table.known(faults):
            yield name, table.take(name, 0.0, _share)

    def _taken(self, table: _Table, faults: Mapping[str, Fault]) -> Iterator[tuple[str, bool]]:
        for name in table.known(faults):
            value = table.take(name, False, _flag)
            if faults[name].taken.may_differ:
                yield name, value
            elif value:
                message = _("this is a refusal: it never takes a message")
                self.problem("refusal_takes_nothing", table.path(name), message)

    def _receipts(self, table: _Table) -> Receipts:
        receipts = Receipts(
            delay_s=table.take("delay_s", (0.0, 0.0), _span),
            lost=table.take("lost", 0.0, _share),
            twice=table.take("twice", 0.0, _share),
            out_of_order=table.take("out_of_order", 0.0, _share),
            forged=table.take("forged", 0.0, _share),
            tampered=table.take("tampered", 0.0, _share),
        )
        table.end()
        return receipts

    def _numbers(self, table: _Table) -> Iterator[tuple[str, str]]:
        for name, value in table.rest():
            try:
                number = parse_phone(name, "FR").e164
            except UmsalertError as error:
                self.problem(error.code, table.path(name), error.message)
                continue
            if isinstance(value, str) and is_answer(value):
                yield number, value
            else:
                self.problem("outcome_unknown", table.path(name), _unknown(value, answers_hint()))

    def _mailboxes(self, table: _Table) -> Iterator[tuple[str, str]]:
        words = (*MAILBOX_FAULTS, *Habit)
        known = _("Give one of: {names}").format(names=", ".join(words))
        for name, value in table.rest():
            if name.count("@") != 1 or any(char.isspace() for char in name):
                message = _("this is not an e-mail address")
                self.problem("address_invalid", table.path(name), message)
            elif isinstance(value, str) and value in words:
                yield name.lower(), value
            else:
                self.problem("outcome_unknown", table.path(name), _unknown(value, known))


class _Table:
    """One table of the file, from which values are taken until nothing is left."""

    def __init__(self, reader: _Reader, name: str, values: object) -> None:
        self.name = name
        self._reader = reader
        self._values: dict[str, object] = {}
        self._asked: list[str] = []
        if isinstance(values, dict):
            self._values = dict(values)
        else:
            message = _("expected a table [{name}]").format(name=name)
            reader.problem("not_a_table", name, message)

    def path(self, key: str) -> str:
        return f"{self.name}.{key}" if self.name else key

    def table(self, key: str) -> _Table:
        self._asked.append(key)
        return _Table(self._reader, self.path(key), self._values.pop(key, {}))

    def take(self, key: str, default: _T, read: Callable[[object], _T]) -> _T:
        """Return the value of `key`; a wrong one is told, and the default stands in."""
        self._asked.append(key)
        value = self._values.pop(key, None)
        if value is None:
            return default
        try:
            return read(value)
        except ValueError as error:
            self._reader.problem("bad_value", self.path(key), str(error))
            return default

    def known(self, names: Mapping[str, object]) -> list[str]:
        """Return the keys that are in `names`, and tell of the others."""
        found = [key for key in self._values if key in names]
        for key in [key for key in self._values if key not in names]:
            message = _("no such fault; there are: {names}").format(names=", ".join(names))
            self._reader.problem("fault_unknown", self.path(key), message)
        return found

    def rest(self) -> list[tuple[str, object]]:
        return list(self._values.items())

    def end(self) -> None:
        """Tell of the keys that nothing asked for."""
        for key in self._values:
            message = _("no such key; there are: {names}").format(names=", ".join(self._asked))
            self._reader.problem("unknown_key", self.path(key), message)


def _unknown(value: object, known: str) -> str:
    return _("{value!r} is no outcome. {known}").format(value=value, known=known)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(_("{value!r} is not a number").format(value=value))
    return float(value)


def _share(value: object) -> float:
    share = _number(value)
    if not 0 <= share <= 1:
        raise ValueError(_("{value!r} is not a share from 0 to 1").format(value=value))
    return share


def _span(value: object) -> Span:
    if isinstance(value, list) and len(value) == 2:
        least, most = _number(value[0]), _number(value[1])
    else:
        least = most = _number(value)
    if not 0 <= least <= most <= LONGEST_S:
        message = _("{value!r} is not a time from 0 to {longest:g} s, nor [least, most]")
        raise ValueError(message.format(value=value, longest=LONGEST_S))
    return least, most


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(_("{value!r} is not a whole number from 0 on").format(value=value))
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(_("{value!r} is neither true nor false").format(value=value))
    return value
