"""A simulated call: it rings, somebody picks up, listens and presses keys."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from umsalert.simulator import record as seen
from umsalert.simulator.couriers import Courier
from umsalert.simulator.people import Line, People
from umsalert.simulator.record import Record
from umsalert.simulator.timeline import Timeline
from umsalert.simulator.validation import invalid_ncco
from umsalert.simulator.webhooks import Webhooks

RINGS_AFTER_S = 1.0
NETWORK_ANSWERS_AFTER_S = 3.0
"""How long the network takes to say that a line is busy or cannot be reached."""
PRESSES_AFTER_S = 1.0
TALK_CHARACTERS_PER_S = 15.0
"""French text-to-speech, about 150 words a minute."""
DEFAULT_RINGING_S = 60
DEFAULT_LENGTH_S = 7200
DEFAULT_TIMEOUT_S = 3
DEFAULT_MAX_DIGITS = 4
"""What Vonage assumes where a call or an input does not say."""

_NETWORK_SAYS = {Line.UNREACHABLE: "failed", Line.BUSY: "busy", Line.REJECTED: "rejected"}


@dataclass(frozen=True, slots=True)
class Stage:
    """What the simulated world is made of."""

    timeline: Timeline
    record: Record
    webhooks: Webhooks
    people: People


@dataclass(frozen=True, slots=True)
class CallRequest:
    """A valid body of `POST /v1/calls`. Numbers are as in the API: no plus sign."""

    to: str
    caller: str
    ncco: Sequence[dict[str, Any]]
    event_url: str | None
    ringing_s: int
    length_s: int

    @classmethod
    def read(cls, body: dict[str, Any]) -> CallRequest:
        """Read a body in which `invalid_call` finds nothing."""
        return cls(
            to=body["to"][0]["number"],
            caller=body["from"]["number"],
            ncco=body["ncco"],
            event_url=next(iter(body.get("event_url", [])), None),
            ringing_s=body.get("ringing_timer", DEFAULT_RINGING_S),
            length_s=body.get("length_timer", DEFAULT_LENGTH_S),
        )


def timestamp(at: datetime) -> str:
    """Return `at` as Vonage writes times: ISO 8601, milliseconds, Z."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _HungUp(Exception):
    """The call ends here."""


class Call:
    """One call to one person."""

    def __init__(self, stage: Stage, courier: Courier, request: CallRequest) -> None:
        self._courier = courier
        self.uuid = str(uuid.uuid4())
        self.conversation_uuid = f"CON-{uuid.uuid4()}"
        self._stage = stage
        self._request = request
        self._number = "+" + request.to
        self._person = stage.people.person(self._number)
        self._keys = self._person.keys
        self._on_line_s = 0.0

    async def live(self) -> None:
        """Go through the call, from `started` to its last event."""
        sleep = self._stage.timeline.sleep
        self._event("started")
        await sleep(RINGS_AFTER_S)
        if refusal := _NETWORK_SAYS.get(self._person.line):
            await sleep(NETWORK_ANSWERS_AFTER_S)
            self._event(refusal)
            return
        self._event("ringing")
        patience_s = self._request.ringing_s
        if self._person.line is Line.UNANSWERED or self._person.picks_up_after_s > patience_s:
            await sleep(patience_s)
            self._event("unanswered")
            return
        await sleep(self._person.picks_up_after_s)
        await self._talk_through()

    async def _talk_through(self) -> None:
        answered_at = self._stage.timeline.now()
        self._event("answered")
        with contextlib.suppress(_HungUp):
            await self._play()
        self._event(
            "completed",
            duration=str(round(self._on_line_s)),
            start_time=timestamp(answered_at),
            end_time=timestamp(self._stage.timeline.now()),
        )

    async def _play(self) -> None:
        actions = deque(self._request.ncco)
        while actions:
            action = actions.popleft()
            if action["action"] == "talk":
                await self._listen(action)
            elif following := await self._answer_prompt(action):
                actions = deque(following)

    async def _listen(self, action: dict[str, Any]) -> None:
        self._stage.record.add(
            seen.Talk(
                at=self._stage.timeline.now(),
                uuid=self.uuid,
                to=self._number,
                text=action["text"],
                language=action.get("language", "en-US"),
            )
        )
        await self._pass(len(action["text"]) / TALK_CHARACTERS_PER_S)

    async def _answer_prompt(self, action: dict[str, Any]) -> list[dict[str, Any]]:
        """Press what the person presses; return the actions that the application answers with."""
        dtmf = action.get("dtmf", {})
        wanted = dtmf.get("maxDigits", DEFAULT_MAX_DIGITS)
        digits, self._keys = self._keys[:wanted], self._keys[wanted:]
        timed_out = len(digits) < wanted
        await self._pass(dtmf.get("timeOut", DEFAULT_TIMEOUT_S) if timed_out else PRESSES_AFTER_S)
        if digits:
            self._stage.record.add(
                seen.Key(
                    at=self._stage.timeline.now(), uuid=self.uuid, to=self._number, digits=digits
                )
            )
        (url,) = action["eventUrl"]
        payload = self._payload() | {"dtmf": {"digits": digits, "timed_out": timed_out}}
        answer = await self._stage.webhooks.post(self._courier, url, payload)
        if answer is None:
            # nobody waits on the line for a server that is away, but the key is not lost
            self._stage.webhooks.deliver(self._courier, url, payload)
            raise _HungUp
        return self._following(url, answer)

    def _following(self, url: str, answer: bytes) -> list[dict[str, Any]]:
        try:
            ncco = json.loads(answer or b"[]")
        except ValueError:
            ncco = None
        if ncco == {}:
            return []  # nothing to add: the call goes on with the actions it has
        if not isinstance(ncco, list) or (invalid := invalid_ncco(ncco)):
            names = [item.name for item in invalid] if isinstance(ncco, list) else ["ncco"]
            self._stage.record.add(
                seen.Refused(
                    at=self._stage.timeline.now(),
                    where=url,
                    reason="the answer is not an NCCO that can be played",
                    parameters=names,
                )
            )
            raise _HungUp
        return ncco

    async def _pass(self, seconds: float) -> None:
        """Let time pass on the line; an endless NCCO ends with the call's length."""
        left_s = self._request.length_s - self._on_line_s
        passes_s = min(max(seconds, 0.1), left_s)
        self._on_line_s += passes_s
        await self._stage.timeline.sleep(passes_s)
        if self._on_line_s >= self._request.length_s:
            raise _HungUp

    def _event(self, status: str, **more: str) -> None:
        if self._request.event_url:
            payload = self._payload() | {"status": status, "direction": "outbound"} | more
            lost = not self._person.receipts
            url = self._request.event_url
            self._stage.webhooks.report(self._courier, url, payload, lost=lost)

    def _payload(self) -> dict[str, Any]:
        return {
            "from": self._request.caller,
            "to": self._request.to,
            "uuid": self.uuid,
            "conversation_uuid": self.conversation_uuid,
            "timestamp": timestamp(self._stage.timeline.now()),
        }
