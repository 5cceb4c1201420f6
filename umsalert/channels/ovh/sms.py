"""SMS by OVHcloud: https://eu.api.ovh.com/console/?section=/sms.

The official library posts through requests, with a time-out of 180 s and without a way to tell
whether a lost request had left; here every hand-over is one POST of our own policy, and a test
holds its signature against the library's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import orjson

from umsalert.channels.fiction import held_back
from umsalert.channels.http import Answer, JsonPoster, Now, Policy, Post, unknown
from umsalert.channels.network import client_context
from umsalert.channels.ovh.signing import Request, ServerTime, signed
from umsalert.i18n import _
from umsalert.model import ChannelKind, Outcome, OutcomeKind, Outgoing
from umsalert.ports import Clock
from umsalert.settings import OvhSettings, Settings, endpoint_host, is_loopback

PROVIDER = "ovh"

MAX_VALIDITY_MIN = 2880
"""Two days: how long OVHcloud keeps a message by itself."""

_REFUSALS: Mapping[int, OutcomeKind] = {
    # A bad number is told inside a 200; a refused request is our keys, our sender, our account.
    400: OutcomeKind.MISCONFIGURED,
    404: OutcomeKind.MISCONFIGURED,
    409: OutcomeKind.MISCONFIGURED,
    460: OutcomeKind.MISCONFIGURED,  # the service has expired
}
_WRONG_TIME = "query_time_out"


@dataclass(frozen=True, slots=True)
class Tools:
    """What the channel works with."""

    clock: Clock
    time: ServerTime
    poster: JsonPoster


async def open_channel(settings: Settings, clock: Clock) -> OvhSms:
    """Open the SMS channel. Raises ConfigurationError."""
    ovh = settings.ovh
    poster = await open_poster(settings, clock.now)
    simulated = is_loopback(endpoint_host(settings, ChannelKind.SMS, PROVIDER))
    return OvhSms(ovh, Tools(clock, ServerTime(ovh.api_url, poster, clock.now), poster), simulated)


async def open_poster(settings: Settings, now: Now) -> JsonPoster:
    """Return what speaks to the API. Raises ConfigurationError for an unreadable authority."""
    policy = Policy.of(settings.sms.ovh)
    # Their time may be asked for first: both together must keep to the time-out.
    policy = replace(policy, timeout_s=policy.timeout_s - policy.connect_timeout_s)
    return JsonPoster(policy, await client_context(settings.ovh.ca_file), now)


class OvhSms:
    """`ports.Channel` for SMS."""

    kind = ChannelKind.SMS
    provider = PROVIDER

    def __init__(self, settings: OvhSettings, tools: Tools, simulated: bool) -> None:
        self._settings = settings
        self._tools = tools
        self._simulated = simulated
        self._url = f"{settings.api_url.rstrip('/')}/sms/{settings.service_name}/jobs"

    async def send(self, outgoing: Outgoing) -> Outcome:
        """Hand over once."""
        refusal = held_back(outgoing.address, simulated=self._simulated)
        if refusal:
            return refusal
        body = request_body(outgoing, self._settings, self._tools.clock.now())
        request = Request("POST", self._url, orjson.dumps(body))
        at_s = await self._tools.time.now_s()
        if isinstance(at_s, Outcome):
            return at_s
        headers = signed(request, self._settings, at_s)
        post = Post(request.url, headers, request.body, read_report, _REFUSALS)
        outcome = await self._tools.poster.post(post)
        if outcome.code != _WRONG_TIME:
            return outcome
        self._tools.time.forget()
        return replace(outcome, kind=OutcomeKind.TEMPORARY)

    def withdraw(self) -> None:
        """Let nothing more leave."""
        self._tools.poster.withdraw()

    async def close(self) -> None:
        """Release the connections."""
        await self._tools.poster.close()


def request_body(outgoing: Outgoing, settings: OvhSettings, now: datetime) -> Mapping[str, object]:
    """Return the request for one SMS.

    Without `noStopClause` OVHcloud adds "STOP 36111" and holds the message at night and on
    Sundays. Its life is counted in minutes: what ends within one is kept for one. The tag finds
    all messages of an alert in the account's history.
    """
    alert = outgoing.reference.rsplit("-", 2)[0]
    remaining_min = int((outgoing.expires_at - now).total_seconds()) // 60
    return {
        "charset": "UTF-8",
        "class": "phoneDisplay",
        "coding": "8bit" if outgoing.text.encoding == "UCS-2" else "7bit",
        "message": outgoing.body,
        "noStopClause": True,
        "priority": "high",
        "receivers": [outgoing.address],
        "sender": settings.sms_sender,
        "senderForResponse": False,
        "tag": alert,
        "validityPeriod": min(max(remaining_min, 1), MAX_VALIDITY_MIN),
    }


def read_report(report: Answer) -> Outcome:
    """Read a sending report: which number was taken, under which id."""
    ids, invalid = report.get("ids"), report.get("invalidReceivers")
    if isinstance(ids, list) and len(ids) == 1 and type(ids[0]) is int:
        return Outcome(OutcomeKind.ACCEPTED, provider_id=str(ids[0]))
    if ids == [] and isinstance(invalid, list) and len(invalid) == 1:
        return Outcome(
            OutcomeKind.PERMANENT, "invalid_receiver", _("OVHcloud calls this number invalid.")
        )
    return unknown("answer_unreadable")
