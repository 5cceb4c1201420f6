"""One request policy for every provider that is spoken to over HTTPS.

Exactly one POST per hand-over: no retry, no redirect. What a failure means depends on one
question, "did bytes leave?", and aiohttp answers it by type: whatever its connector raises came
before the first byte, everything else may have come after.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import aiohttp
import orjson
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

from umsalert import __version__
from umsalert.channels.network import Withdrawn, no_connection
from umsalert.channels.patience import Patience
from umsalert.i18n import _
from umsalert.model import Outcome, OutcomeKind
from umsalert.settings import RateSettings

MAX_ANSWER_BYTES = 65_536
"""A provider answers in a few hundred bytes; a longer answer must not fill our memory."""

MAX_WAIT_S = 999_999_999.0
"""31 years: beyond any alert, and `now` can be moved by it without leaving the calendar."""

KEEP_ALIVE_S = 4.0
"""Below the idle time of common servers (Node 5 s, load balancers 60 s): a connection that the
server closes while our request is on its way costs an `unknown`."""

MAX_CONNECT_S = 5.0
"""A third of the default time-out: a dead address must not use up the time of the answer."""

MAX_CODE_CHARS = 60

_REFUSALS: Mapping[int, OutcomeKind] = {
    HTTPStatus.UNAUTHORIZED: OutcomeKind.MISCONFIGURED,
    HTTPStatus.PAYMENT_REQUIRED: OutcomeKind.MISCONFIGURED,
    HTTPStatus.FORBIDDEN: OutcomeKind.MISCONFIGURED,
    HTTPStatus.NOT_FOUND: OutcomeKind.MISCONFIGURED,  # the URL is wrong, not the number
    HTTPStatus.REQUEST_TIMEOUT: OutcomeKind.TEMPORARY,  # it gave up before it had all of it
    HTTPStatus.TOO_MANY_REQUESTS: OutcomeKind.TEMPORARY,
    HTTPStatus.SERVICE_UNAVAILABLE: OutcomeKind.TEMPORARY,
}

_RECIPIENT = re.compile(r"(to|number|recipients?|receivers?)\b", re.IGNORECASE)
"""How APIs call the member that names who is written to."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Limits of one channel. `timeout_s` covers connecting, sending and the whole answer."""

    in_flight: int
    connect_timeout_s: float
    timeout_s: float

    @classmethod
    def of(cls, pace: RateSettings) -> Policy:
        """Return the limits that the settings give."""
        return cls(pace.in_flight, min(MAX_CONNECT_S, pace.timeout_s / 3), pace.timeout_s)


Now = Callable[[], datetime]
"""The present in UTC."""

Answer = Mapping[str, object]
"""The JSON object of an answer, empty where there is none."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of a question. `value` is the JSON of the answer, None where there is none."""

    status: int
    value: object


@dataclass(frozen=True, slots=True)
class Post:
    """One request with a JSON body.

    `read` says what a 2xx answer means. `refusals` are the statuses that mean something else to
    this provider than to most.
    """

    url: str
    headers: Mapping[str, str]
    body: bytes
    read: Callable[[Answer], Outcome]
    refusals: Mapping[int, OutcomeKind] = field(default_factory=dict)


class _Connector(aiohttp.TCPConnector):
    """Hands out no connection once `withdrawn`: connecting takes its time, a request does not."""

    withdrawn = False

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,
    ) -> Connection:
        connection = await super().connect(req, traces, timeout)
        if self.withdrawn:
            connection.release()
            raise Withdrawn
        return connection


class JsonPoster:
    """Posts JSON over kept connections; one per channel, made inside a running loop."""

    def __init__(self, policy: Policy, context: ssl.SSLContext, now: Now) -> None:
        self._now = now
        self._connect_timeout_s = policy.connect_timeout_s
        self._patience = Patience(policy.timeout_s)
        self._connector = _Connector(
            limit=policy.in_flight, ssl=context, keepalive_timeout=KEEP_ALIVE_S
        )
        self._session = aiohttp.ClientSession(
            connector=self._connector,
            timeout=aiohttp.ClientTimeout(total=None, connect=policy.connect_timeout_s),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "Content-Type": "application/json",
                "User-Agent": f"umsalert/{__version__}",
            },
        )

    async def post(self, post: Post) -> Outcome:
        """Hand over once. Never raises for what the network or the server does."""
        try:
            with self._patience.wait():
                async with self._session.post(
                    post.url, data=post.body, headers=post.headers, allow_redirects=False
                ) as response:
                    answer = await _read(response)
        except Withdrawn as withdrawn:
            return withdrawn.outcome
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return no_connection(error)
        except TimeoutError:
            return unknown("no_answer")
        except (aiohttp.ClientError, OSError):
            return unknown("connection_lost")
        if 200 <= response.status < 300:
            return post.read(answer)
        return self._refused(response, answer, post.refusals)

    async def fetch(self, url: str, headers: Mapping[str, str]) -> Fetched | Outcome:
        """Ask for what changes nothing, as long as connecting may take; an Outcome says why not."""
        limit = aiohttp.ClientTimeout(total=self._connect_timeout_s)
        try:
            async with self._session.get(
                url, headers=headers, allow_redirects=False, timeout=limit
            ) as response:
                return Fetched(response.status, await _value(response))
        except Withdrawn as withdrawn:
            return withdrawn.outcome
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return no_connection(error)
        except TimeoutError:
            return Outcome(OutcomeKind.UNREACHABLE, "connect_timeout")
        except (aiohttp.ClientError, OSError):
            return Outcome(OutcomeKind.UNREACHABLE, "connection_failed")

    def withdraw(self) -> None:
        """Let no request leave that has not."""
        self._connector.withdrawn = True

    async def close(self) -> None:
        """Release the connections."""
        await self._session.close()

    def _refused(
        self,
        response: aiohttp.ClientResponse,
        answer: Answer,
        refusals: Mapping[int, OutcomeKind],
    ) -> Outcome:
        status = response.status
        code = problem_code(answer) or f"http_{status}"
        detail = _("HTTP status {status}").format(status=status)
        kind = refusals.get(status) or _kind(status)
        if kind is OutcomeKind.TEMPORARY:
            wait_s = retry_after_s(response.headers.get("Retry-After", ""), self._now())
            throttled = status == HTTPStatus.TOO_MANY_REQUESTS
            return Outcome(kind, code, detail, retry_after_s=wait_s, throttled=throttled)
        if kind is OutcomeKind.PERMANENT:
            named = _parameters(answer)
            if named and not any(map(_RECIPIENT.match, named)):
                kind = OutcomeKind.MISCONFIGURED  # our sender, our text: the same for everybody
            return Outcome(kind, code, _with_parameters(detail, named))
        return Outcome(kind, code, detail)


def by_id(key: str) -> Callable[[Answer], Outcome]:
    """Return how to read an answer that names the hand-over in its member `key`.

    Some say inside a 2xx that we were too fast (`{"status": "throttled"}`): nothing was taken.
    """

    def read(answer: Answer) -> Outcome:
        provider_id = answer.get(key)
        if isinstance(provider_id, str) and provider_id:
            return Outcome(OutcomeKind.ACCEPTED, provider_id=provider_id)
        if answer.get("status") == "throttled":
            wait_s = _wait_s(answer.get("retry_after_s"))
            return Outcome(OutcomeKind.TEMPORARY, "throttled", retry_after_s=wait_s, throttled=True)
        return unknown("answer_unreadable")

    return read


def bearer(token: str) -> Mapping[str, str]:
    """Return the header that carries a token (RFC 6750)."""
    return {"Authorization": f"Bearer {token}"}


def retry_after_s(value: str, now: datetime) -> float | None:
    """Return the wait of a Retry-After header (seconds or an HTTP date), None when unreadable."""
    if re.fullmatch("[0-9]{1,9}", value.strip()):
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)  # RFC 5322 writes -0000 for "no zone known"
    return min(max(0.0, (at - now).total_seconds()), MAX_WAIT_S)


def _wait_s(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
        return None
    return min(float(value), MAX_WAIT_S)


def problem_code(problem: Answer) -> str:
    """Return a snake_case code for a problem (RFC 9457), empty when it names none.

    The tail of `type` comes first (`.../api-errors#rate-limit` is `rate_limit`, `.../messages#1150`
    is `messages_1150`), then the title; both are the provider's own vocabulary. `detail` is left
    alone: it may quote the number.
    """
    kind = str(problem.get("type", ""))
    head, _hash, tail = kind.partition("#")
    last = head.rstrip("/").rpartition("/")[2]
    words = tail if tail and not tail.isdecimal() else f"{last} {tail}"
    words = "" if kind == "about:blank" else words  # RFC 9457: says no more than the status
    names = ("title", "error_title", "errorCode", "class")  # the last two are OVHcloud's
    for text in (words, *(str(problem.get(name) or "") for name in names)):
        if code := plain_code(text):
            return code
    return ""


def plain_code(text: str) -> str:
    """Return a provider's word in snake_case, empty where it is none or may hold a number."""
    code = re.sub("[^a-z0-9]+", "_", text.lower()).strip("_")
    return code if len(code) <= MAX_CODE_CHARS and not _looks_private(code) else ""


def _looks_private(text: str) -> bool:
    return len(re.findall("[0-9]", text)) > 5  # a telephone number, with or without separators


def _kind(status: int) -> OutcomeKind:
    if 300 <= status < 400:  # a redirect: the URL is wrong
        return OutcomeKind.MISCONFIGURED
    if 400 <= status < 500:
        return _REFUSALS.get(status, OutcomeKind.PERMANENT)
    return _REFUSALS.get(status, OutcomeKind.UNKNOWN)


def _parameters(problem: Answer) -> list[str]:
    """Return the names of the members that were refused; none where it does not say."""
    found = problem.get("invalid_parameters")
    if isinstance(found, Mapping):  # Vonage's Voice API: name -> reason
        return [str(name) for name in found]
    items = found if isinstance(found, list) else []  # its Messages API: [{"name", "reason"}]
    return [str(item.get("name", "")) for item in items if isinstance(item, Mapping)]


def _with_parameters(detail: str, names: list[str]) -> str:
    safe = [n for n in names[:8] if re.fullmatch(r"[\w.\[\]-]{1,40}", n) and not _looks_private(n)]
    if not safe:
        return detail
    return _("{detail}; refused: {names}").format(detail=detail, names=", ".join(safe))


async def _read(response: aiohttp.ClientResponse) -> Answer:
    """Return the JSON object of an answer, empty when it is cut off, too long or something else.

    The status line has been read: what it says stands, whatever becomes of the body.
    """
    value = await _value(response)
    return value if isinstance(value, dict) else {}


async def _value(response: aiohttp.ClientResponse) -> object:
    body = bytearray()
    try:
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > MAX_ANSWER_BYTES:
                return None
        return orjson.loads(body)
    except (aiohttp.ClientError, OSError, ValueError):
        return None


def unknown(code: str) -> Outcome:
    """Return that the message may have left, and why nobody knows."""
    return Outcome(
        OutcomeKind.UNKNOWN, code, _("The request may have left; no readable answer came.")
    )
