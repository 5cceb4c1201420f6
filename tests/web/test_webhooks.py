"""What providers post, and what becomes of it in the record."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from io import StringIO

import pytest

import umsalert
from tests.support import TEXTS, accept, claim, make_alert
from tests.web.conftest import running
from tests.web.vonage import SECRET, Serving, key, receipt, signature
from umsalert.channels.vonage.webhooks import VonageWebhooks
from umsalert.logs.formats import TextFormatter
from umsalert.model import Alert, Answer, ChannelKind, DeliveryState, Receipt, Said
from umsalert.ports import StoredWebhook
from umsalert.settings import Settings
from umsalert.store import spatialite
from umsalert.store.spatialite import Connection
from umsalert.store.store import Store
from umsalert.web import app


@pytest.fixture
async def reference(store: Store) -> str:
    """Return the reference of an SMS that the provider has accepted."""
    outgoing = await claim(store, await make_alert(store, ChannelKind.SMS), ChannelKind.SMS)
    await accept(store, outgoing)
    return outgoing[0].reference


@pytest.fixture
async def call(store: Store) -> str:
    """Return the reference of a call that the provider has accepted."""
    outgoing = await claim(store, await make_alert(store, ChannelKind.VOICE), ChannelKind.VOICE)
    await accept(store, outgoing)
    return outgoing[0].reference


@pytest.fixture
async def other(settings: Settings) -> AsyncIterator[Connection]:
    """Return a writing connection of somebody else."""
    connection = spatialite.connect(settings.database, write=True)
    yield connection
    connection.close()


@pytest.fixture
def log() -> Iterator[StringIO]:
    """Return what the program logs at the finest level."""
    lines = StringIO()
    handler = logging.StreamHandler(lines)
    handler.setFormatter(TextFormatter())
    logger = logging.getLogger()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield lines
    logger.setLevel(level)
    logger.removeHandler(handler)


async def state_of(store: Store, reference: str) -> str:
    """Return the state of the delivery that a reference is about."""
    alert = await store.alerts.alert("last")
    delivery_id = int(reference.split("-")[-2])
    rows = await store.record.deliveries(alert.id)
    return next(row.state for row in rows if row.delivery_id == delivery_id)


async def replies_to(store: Store) -> list[tuple[str, str, str]]:
    """Return who answered what, with which reading."""
    alert: Alert = await store.alerts.alert("last")
    rows = await store.answers.of_alert(alert.id)
    return [(row.site_ref, row.source, row.kind) for row in rows]


async def becomes(ask: Callable[[], Awaitable[str]], expected: str) -> None:
    """Ask the database until it says what is expected."""
    async with asyncio.timeout(10):
        while await ask() != expected:
            pass


async def test_receipt_delivers(serving: Serving, store: Store, reference: str) -> None:
    """A receipt moves a delivery from accepted to delivered without any further request."""
    assert await state_of(store, reference) == DeliveryState.ACCEPTED
    answered = await serving.say("message-status", receipt(reference, "delivered"))
    assert (answered.status, answered.body) == (200, b"{}")
    assert answered.headers["Content-Type"] == "application/json"
    await becomes(lambda: state_of(store, reference), DeliveryState.DELIVERED)


@pytest.mark.parametrize(
    "foreign",
    ["ORDER-2024-" + "9" * 20, "ORDER-" + "9" * 20 + "-1", "x-1-" + "9" * 5000, "\ud800-1-1"],
    ids=["large", "large delivery", "huge", "no Unicode"],
)
async def test_a_reference_of_another_program_holds_up_nothing(
    serving: Serving, store: Store, reference: str, foreign: str
) -> None:
    """Whatever another program of the account calls its messages, our receipts are applied."""
    assert (await serving.say("message-status", receipt(foreign, "delivered"))).status == 200
    await serving.say("message-status", receipt(reference, "delivered"))
    await becomes(lambda: state_of(store, reference), DeliveryState.DELIVERED)


async def test_headers(serving: Serving) -> None:
    """Every answer forbids caching and sniffing, and none names the server."""
    for path in ("health", "nowhere"):
        async with serving.client.get(f"{serving.url}/{path}") as response:
            assert response.headers["Cache-Control"] == "no-store"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert "Server" not in response.headers


async def test_repeated_key_is_one_reply(serving: Serving, store: Store, call: str) -> None:
    """A webhook that is repeated gets the same answer and adds no second reply."""
    first = await serving.say("voice-input", key("1"), ref=call)
    second = await serving.say("voice-input", key("1"), ref=call)
    await serving.stop()
    assert (second.status, second.body) == (first.status, first.body)
    assert await replies_to(store) == [("TILLEULS", "voice", "acknowledged")]


async def test_out_of_order(serving: Serving, store: Store, reference: str) -> None:
    """A receipt that comes late does not take a delivery back."""
    for status in ("delivered", "submitted", "rejected"):
        answered = await serving.say("message-status", receipt(reference, status))
        assert answered.status == 200
    await serving.stop()
    assert await state_of(store, reference) == DeliveryState.DELIVERED


@pytest.mark.parametrize(
    ("digit", "kind"), [("1", "acknowledged"), ("2", "sighting")], ids=["confirm", "report"]
)
async def test_key(serving: Serving, store: Store, call: str, digit: str, kind: str) -> None:
    """A key is thanked in the call and kept as the guard's reply."""
    answered = await serving.say("voice-input", key(digit), ref=call)
    actions = json.loads(answered.body)
    assert [action["action"] for action in actions] == ["talk"]
    await serving.stop()
    assert await replies_to(store) == [("TILLEULS", "voice", kind)]


async def test_key_0_repeats(serving: Serving, store: Store, call: str) -> None:
    """Key 0 says the very words of the alert again, asks again, and is no reply."""
    answered = await serving.say("voice-input", key("0"), ref=call)
    talk, ask = json.loads(answered.body)
    words = next(text.body for text in TEXTS if text.channel is ChannelKind.VOICE)
    assert (talk["text"], ask["action"]) == (words, "input")
    await serving.stop()
    assert await replies_to(store) == []


@pytest.mark.parametrize("forgery", ["", "Bearer nonsense", "other secret", "other body"])
async def test_forged(serving: Serving, store: Store, reference: str, forgery: str) -> None:
    """What Vonage did not sign is refused without saying why, and nothing is kept of it."""
    body = json.dumps(receipt(reference, "delivered")).encode()
    authorization = {
        "other secret": signature(body, SECRET[::-1]),
        "other body": signature(body.replace(b"delivered", b"submitted")),
    }.get(forgery, forgery)
    answered = await serving.post("message-status", body, authorization=authorization)
    assert (answered.status, answered.body) == (401, b"Unauthorized")
    await serving.stop()
    assert await state_of(store, reference) == DeliveryState.ACCEPTED


async def test_absent(serving: Serving) -> None:
    """Unknown providers, topics and pages are told apart by nothing."""
    body = b"{}"
    headers = {"Authorization": signature(body)}
    answers = []
    for path in ("webhooks/vonage/news", "webhooks/other/message-status", "nowhere"):
        url = f"{serving.url}/{path}"
        async with serving.client.post(url, data=body, headers=headers) as response:
            answers.append((response.status, await response.read(), len(response.headers)))
    assert answers[0][0] == 404
    assert len(set(answers)) == 1


@pytest.mark.parametrize("topic", ["message-status", "voice-input"])
async def test_not_json(serving: Serving, call: str, other: Connection, topic: str) -> None:
    """A signed body that cannot be read is answered, kept and marked, for no repeat is better."""
    body = b"status=delivered"
    answered = await serving.post(topic, body, authorization=signature(body), ref=call)
    assert (answered.status, answered.body) == (200, b"{}")
    await serving.stop()
    rows = other.execute("SELECT body, problem FROM inbox").fetchall()
    assert [tuple(row) for row in rows] == [(body, "unreadable")]


async def test_largest_body(serving: Serving) -> None:
    """The largest body that is allowed is read as a whole."""
    body = b" " * app.MAX_BODY_BYTES
    answered = await serving.post("message-status", body, authorization=signature(body))
    assert answered.status == 200


async def test_endless_body(serving: Serving) -> None:
    """A body above the limit is refused before its end, and its connection is closed."""
    never = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b" " * (app.MAX_BODY_BYTES + 1)
        await never.wait()

    url = f"{serving.url}/webhooks/vonage/message-status"
    async with serving.client.post(url, data=endless()) as response:
        assert response.status == 413
        assert response.headers["Connection"] == "close"


async def test_trickled_body(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that does not come is not waited for longer than the limit."""
    monkeypatch.setattr(app, "BODY_TIMEOUT_S", 0.01)
    never = asyncio.Event()

    async def trickle() -> AsyncIterator[bytes]:
        yield b"{"
        await never.wait()

    url = f"{serving.url}/webhooks/vonage/message-status"
    async with serving.client.post(url, data=trickle()) as response:
        assert response.status == 408


async def test_database_busy(
    settings: Settings,
    reference: str,
    other: Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """While the database cannot take a webhook the provider is asked to repeat it, and may."""
    monkeypatch.setattr(spatialite, "BUSY_TIMEOUT_MS", 1)
    async with running(settings) as serving:
        other.execute("BEGIN IMMEDIATE")
        assert (await serving.say("message-status", receipt(reference, "read"))).status == 503
        other.execute("ROLLBACK")
        assert (await serving.say("message-status", receipt(reference, "read"))).status == 200


async def test_left_by_a_crash(settings: Settings, store: Store, reference: str) -> None:
    """What an earlier process stored and did not apply is applied at the start."""
    await leave_pending(store, reference)
    async with running(settings):
        await becomes(lambda: state_of(store, reference), DeliveryState.DELIVERED)


async def test_a_bug_holds_up_one_webhook_only(
    settings: Settings, store: Store, reference: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should one make us fail, it is kept with that problem, and those behind it are applied."""
    read = VonageWebhooks.read

    def fail(self: VonageWebhooks, stored: StoredWebhook) -> tuple[Receipt | Answer | Said, ...]:
        if stored.reference == "first":
            raise KeyError
        return read(self, stored)

    monkeypatch.setattr(VonageWebhooks, "read", fail)
    await store.inbox.store(StoredWebhook("vonage", "message-status", "first", b"{}"), "first")
    await leave_pending(store, reference)
    async with running(settings):
        await becomes(lambda: state_of(store, reference), DeliveryState.DELIVERED)
    assert await store.inbox.pending(1) == ()


async def test_failure_to_apply_is_retried(
    settings: Settings,
    store: Store,
    reference: str,
    other: Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A failure to apply is logged by its code and tried again without a new webhook."""
    monkeypatch.setattr(spatialite, "BUSY_TIMEOUT_MS", 1)
    monkeypatch.setattr(app, "RETRY_S", 0.01)
    await leave_pending(store, reference)
    other.execute("BEGIN IMMEDIATE")
    async with running(settings):
        assert re.search(r" code=database_busy pid=\d+ webhooks not applied$", await logged())
        other.execute("ROLLBACK")
        await becomes(lambda: state_of(store, reference), DeliveryState.DELIVERED)


async def test_last_try_at_the_stop(
    settings: Settings,
    store: Store,
    reference: str,
    other: Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What could not be applied until the stop is tried once more before the end."""
    monkeypatch.setattr(spatialite, "BUSY_TIMEOUT_MS", 1)
    monkeypatch.setattr(app, "RETRY_S", float("inf"))
    await leave_pending(store, reference)
    other.execute("BEGIN IMMEDIATE")
    async with running(settings) as serving:
        await logged()
        other.execute("ROLLBACK")
        await serving.stop()
    assert await state_of(store, reference) == DeliveryState.DELIVERED


async def test_health(serving: Serving, other: Connection) -> None:
    """A database that cannot be read is no health, and no reason to lose a webhook."""
    url = f"{serving.url}/health"
    async with serving.client.get(url) as response:
        said = await response.json()
        assert said == {"status": "ok", "version": umsalert.__version__, "mailbox": "off"}
    other.execute("PRAGMA foreign_keys = OFF")
    other.execute("DROP TABLE inbox")
    async with serving.client.get(url) as response:
        assert response.status == 503
    assert (await serving.say("message-status", receipt("", "read"))).status == 503


async def test_log_names_nobody(serving: Serving, call: str, log: StringIO) -> None:
    """A refusal is logged with its code; no line holds a number, a body or a whole reference."""
    await serving.say("voice-input", key("1"), ref=call)
    await serving.post("voice-input", b"33639980001", ref=call)
    await serving.stop()
    assert " code=signature_missing provider=vonage topic=voice-input " in log.getvalue()
    assert call not in log.getvalue()
    assert "33639980001" not in log.getvalue()


async def leave_pending(store: Store, reference: str) -> None:
    """Store a receipt as a process does that dies before it is applied."""
    body = json.dumps(receipt(reference, "delivered")).encode()
    await store.inbox.store(StoredWebhook("vonage", "message-status", reference, body), "key")


async def logged() -> str:
    """Wait for the next line of the app's log."""
    line: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if not line.done():
                line.set_result(TextFormatter().format(record))

    logger, handler = logging.getLogger(app.__name__), Handler()
    logger.addHandler(handler)
    try:
        async with asyncio.timeout(10):
            return await line
    finally:
        logger.removeHandler(handler)
