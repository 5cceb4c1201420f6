"""What the simulator saw: in memory, and as NDJSON in a file that only its owner can read."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, TextIO, TypeVar

from umsalert.errors import ConfigurationError
from umsalert.i18n import _, system_reason
from umsalert.simulator.faults import Fate


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened. `at` is UTC; the other fields are the keys of the NDJSON line."""

    kind: ClassVar[str]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sms(Entry):
    """An SMS taken. `to` is E.164 with its plus sign; OVHcloud's `client_ref` is a tag."""

    kind = "sms"
    provider: str
    message_uuid: str
    to: str
    sender: str
    text: str
    client_ref: str
    ttl_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Entry):
    """A call taken. `ncco` is what it was asked to play, `event_url` where it reports.

    Vonage's has no `client_ref`: the URL carries it.
    """

    kind = "call"
    provider: str
    uuid: str
    to: str
    caller: str
    ncco: list[dict[str, Any]]
    event_url: str | None
    client_ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk(Entry):
    """A sentence the person heard."""

    kind = "talk"
    uuid: str
    to: str
    text: str
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Key(Entry):
    """Keys the person pressed at one prompt."""

    kind = "key"
    uuid: str
    to: str
    digits: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Written(Entry):
    """An SMS that a guard wrote back: `sender` is the guard's number, `to` the customer's."""

    kind = "written"
    sender: str
    to: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed(Entry):
    """A button that a guard pressed on the page of a link; `status` None: there was none."""

    kind = "pressed"
    to: str
    button: str
    status: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Email(Entry):
    """A mail taken. Of a header that repeats, `headers` holds the last one."""

    kind = "email"
    mail_from: str
    rcpt_to: list[str]
    headers: dict[str, str]
    text: str
    html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply(Entry):
    """A mail that came back to a letter. `reference` is the envelope's sender of that letter."""

    kind = "reply"
    sender: str
    to: str
    habit: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookPost(Entry):
    """One attempt to post a webhook. `status` is the HTTP answer, None without one.

    `fault` says what the scenario did: `lost` (never posted), `twice` (the repetition),
    `out-of-order` (kept back till now), `forged`, `tampered`; empty for an honest one.
    """

    kind = "webhook"
    url: str
    payload: dict[str, Any]
    status: int | None
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(Entry):
    """A request that was answered with an error, or a webhook that may not leave."""

    kind = "refused"
    where: str
    reason: str
    parameters: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Misbehaved(Entry):
    """What the scenario did to a request: the `request_n`-th of its channel.

    `fault` is its name, empty where the answer was only late by `delay_s` simulated seconds.
    `taken` says whether the carrier has the message, whatever it answered: then there is an entry
    of its kind beside this one. `to` and `reference` (client_ref, the URL for events, the
    envelope's sender) are empty where the request was not read.
    """

    kind = "fault"
    where: str
    request_n: int
    fault: str
    delay_s: float
    taken: bool
    to: str
    reference: str

    @classmethod
    def of(cls, fate: Fate, at: datetime, where: str, to: str, reference: str) -> Misbehaved:
        """Return the entry of one request's fate."""
        return cls(
            at=at,
            where=where,
            request_n=fate.n,
            fault=fate.fault.name if fate.fault else "",
            delay_s=round(fate.delay_s, 3),
            taken=fate.taken,
            to=to,
            reference=reference,
        )


_E = TypeVar("_E", bound=Entry)


class Record:
    """Everything that happened, in order."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._changed = asyncio.Event()
        self._file: TextIO | None = None

    def append_to(self, path: Path) -> None:
        """Write to `path` too, until `close`. Raises ConfigurationError when that fails."""
        self._file = _open_private(path)

    def add(self, entry: Entry) -> None:
        """Keep `entry`, in the file before anything else can happen."""
        self._entries.append(entry)
        if self._file:
            values = {item.name: getattr(entry, item.name) for item in dataclasses.fields(entry)}
            line = {"kind": entry.kind, **values, "at": entry.at.isoformat()}
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._changed.set()
        self._changed = asyncio.Event()

    def of(self, kind: type[_E]) -> list[_E]:
        """Return the entries of one kind, oldest first."""
        return [entry for entry in self._entries if isinstance(entry, kind)]

    @property
    def sms(self) -> list[Sms]:
        """Return every SMS taken."""
        return self.of(Sms)

    @property
    def calls(self) -> list[Call]:
        """Return every call taken."""
        return self.of(Call)

    @property
    def emails(self) -> list[Email]:
        """Return every mail taken."""
        return self.of(Email)

    @property
    def replies(self) -> list[Reply]:
        """Return every mail that came back."""
        return self.of(Reply)

    @property
    def webhooks(self) -> list[WebhookPost]:
        """Return every attempt to post a webhook."""
        return self.of(WebhookPost)

    async def until(self, condition: Callable[[Record], bool]) -> None:
        """Wait until `condition` holds; it is asked again after each entry."""
        while not condition(self):
            await self._changed.wait()

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()


def _open_private(path: Path) -> TextIO:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.fchmod(descriptor, 0o600)  # the file may be older than this run, and wider
    except OSError as error:
        raise ConfigurationError(
            "record_unwritable",
            _("The record {path} cannot be written: {error}").format(
                path=path, error=system_reason(error)
            ),
            hint=_("Name a file in a folder of your own with --record."),
        ) from error
    return os.fdopen(descriptor, "w", encoding="utf-8", buffering=1)  # a flush at each line
