"""The simulator's gateway keeps to docs/gateway.md, and its guards press keys."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.simulator.actors import Customer, Received, Receiver, Start
from tests.workbench import reference_of
from umsalert.channels import registry
from umsalert.errors import RefusedByRule
from umsalert.model import Answer, DeliveryState, Receipt, Said
from umsalert.ports import StoredWebhook, Webhook
from umsalert.settings import GatewaySettings, Secret, Settings
from umsalert.simulator.faults import Receipts, Traffic
from umsalert.simulator.record import Key, Misbehaved, Refused, Talk
from umsalert.simulator.scenario import Scenario

MESSAGE = {
    "reference": "20260105-1807-1-1",
    "to": "+33639980001",
    "text": "Restez sur votre site.",
    "language": "fr",
    "ttl_s": 3600,
}
SMS = MESSAGE | {"encoding": "GSM-7", "parts": 1}
CALL = MESSAGE | {
    "ringing_s": 45,
    "length_s": 300,
    "keys": {"1": "Merci.", "2": "Merci, restez sur votre site."},
    "repeat_key": "0",
    "other_key": "Nous n'avons pas compris.",
}


async def posted(
    customer: Customer, url: str, body: object, token: str | None = None
) -> tuple[int, Any]:
    token = customer.keys.gateway_token() if token is None else token
    return await customer.post(url, body, token)


async def sms(customer: Customer, **changes: Any) -> tuple[int, Any]:
    return await posted(customer, customer.simulator.gateway_sms_url, SMS | changes)


async def call(customer: Customer, **changes: Any) -> tuple[int, Any]:
    return await posted(customer, customer.simulator.gateway_voice_url, CALL | changes)


def understood(customer: Customer, received: Received) -> tuple[Receipt | Answer | Said, ...]:
    """Return what umsalert makes of an event. Raises RefusedByRule."""
    secret = customer.keys.gateway_webhook_secret_file.read_text()
    settings = Settings(
        home=Path(),
        database=Path(),
        gateway=GatewaySettings(webhook_url="http://x", webhook_secret=Secret(secret)),
    )
    source = registry.webhook_source("gateway", settings)
    headers = {name.lower(): value for name, value in received.headers.items()}
    webhook = Webhook("event", headers, {}, received.raw)
    source.verify(webhook, datetime.now(UTC))
    return source.read(StoredWebhook("gateway", "event", source.reference(webhook), received.raw))


async def test_a_message_and_a_call_are_taken(start: Start) -> None:
    """Each with an id, and our reference in the record."""
    customer = await start()
    (status, message), (called, phone) = await sms(customer), await call(customer)
    assert (status, called) == (202, 202)
    (taken,), (rung,) = customer.simulator.record.sms, customer.simulator.record.calls
    assert (taken.message_uuid, rung.uuid) == (message["id"], phone["id"])
    assert (taken.provider, rung.provider) == ("gateway", "gateway")
    assert taken.client_ref == rung.client_ref == "20260105-1807-1-1"
    assert (taken.ttl_s, rung.ncco[0]["text"]) == (3600, "Restez sur votre site.")


@pytest.mark.parametrize("token", ["", "other", "é"])
async def test_the_token_opens_it(start: Start, token: str) -> None:
    """Another one is 401, for a message as for a question."""
    customer = await start()
    url = customer.simulator.gateway_sms_url
    assert (await posted(customer, url, SMS, token.encode().decode("latin-1")))[0] == 401
    headers = {"Authorization": f"Bearer {customer.keys.gateway_token()}"}
    async with customer.http.get(url, headers=headers) as response:
        assert response.status == 200
    async with customer.http.get(url) as response:
        assert response.status == 401
    assert customer.simulator.record.sms == []


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"to": "0639980001"}, "to"),
        ({"language": "de"}, "language"),
        ({"ttl_s": 0}, "ttl_s"),
        ({"parts": "1"}, "parts"),
        ({"webhook_url": "https://alert.example.org/x"}, "webhook_url"),
    ],
)
async def test_a_wrong_request_names_what(start: Start, change: dict[str, Any], name: str) -> None:
    """400 with the parameter; the simulator sends nowhere else either."""
    customer = await start()
    status, problem = await sms(customer, **change)
    assert (status, problem["invalid_parameters"][0]["name"]) == (400, name)
    assert customer.simulator.record.of(Refused)[0].parameters == [name]


async def test_a_call_is_checked_too(start: Start) -> None:
    """Keys are keys, each with what is said after it."""
    customer = await start()
    status, problem = await call(customer, keys={"one": "x"})
    assert (status, problem["invalid_parameters"][0]["name"]) == (400, "keys")


async def test_throttled_is_said_inside_a_200(start: Start) -> None:
    """Nothing is taken, and how long to wait stands beside it."""
    traffic = Traffic(shares={"throttled": 1.0}, retry_after_s=7)
    customer = await start(scenario=Scenario(gateway=traffic))
    assert await sms(customer) == (200, {"status": "throttled", "retry_after_s": 7})
    entry = customer.simulator.record.of(Misbehaved)[0]
    assert (entry.fault, entry.taken, entry.reference) == ("throttled", False, "20260105-1807-1-1")
    assert customer.simulator.record.sms == []


@pytest.mark.parametrize(
    ("name", "status"),
    [("rate-limit", 429), ("invalid-number", 422), ("low-balance", 402), ("http-500", 500)],
)
async def test_a_fault_is_a_problem(start: Start, name: str, status: int) -> None:
    """RFC 9457, for SMS and calls alike."""
    customer = await start(scenario=Scenario(gateway=Traffic(shares={name: 1.0})))
    for answered, problem in (await sms(customer), await call(customer)):
        assert (answered, problem["status"]) == (status, status)


async def test_above_thirty_a_minute_it_says_429(start: Start) -> None:
    """As an Android telephone would; calls have a limit of their own."""
    customer = await start(speed=1)
    statuses = [(await sms(customer))[0] for _nth in range(32)]
    assert statuses[:30] == [202] * 30
    assert 429 in statuses[30:]
    assert (await call(customer))[0] == 202


@pytest.mark.parametrize(
    ("number", "state", "code"),
    [
        ("+33639989904", DeliveryState.DELIVERED, ""),
        ("+33639989907", DeliveryState.UNDELIVERED, "absent"),
        ("+33639989908", DeliveryState.UNDELIVERED, "barred"),
    ],
)
async def test_an_sms_has_receipts_that_umsalert_believes(
    start: Start, receiver: Receiver, number: str, state: DeliveryState, code: str
) -> None:
    """Signed by the specification, with our reference: accepted, then what became of it."""
    customer = await start()
    await sms(customer, to=number, webhook_url=receiver.url)
    await customer.until(lambda record: len(record.webhooks) == 2)
    items = [item for one in receiver.requests for item in understood(customer, one)]
    assert {(item.state, item.code) for item in items if isinstance(item, Receipt)} == {
        (DeliveryState.ACCEPTED, ""),
        (state, code),
    }
    said = [item for item in items if not isinstance(item, Said)]
    assert {reference_of(item) for item in said} == {"20260105-1807-1-1"}


@pytest.mark.parametrize(
    ("number", "keys", "said"),
    [
        ("+33639989901", ["1"], 2),
        ("+33639989902", ["2"], 2),
        ("+33639989903", ["2"], 3),
        ("+33639989904", [], 3),
    ],
)
async def test_a_guard_presses_keys(
    start: Start, receiver: Receiver, number: str, keys: list[str], said: int
) -> None:
    """The key that means something is told; 0 repeats, and silence is asked again once."""
    customer = await start()
    await call(customer, to=number, webhook_url=receiver.url)
    await customer.until(
        lambda record: len(record.webhooks) >= 2 + len(keys) and len(record.of(Talk)) == said
    )
    items = [item for one in receiver.requests for item in understood(customer, one)]
    assert [item.raw for item in items if isinstance(item, Answer)] == keys
    assert DeliveryState.DELIVERED in {item.state for item in items if isinstance(item, Receipt)}
    pressed = [entry.digits for entry in customer.simulator.record.of(Key)]
    assert pressed == (["0", "2"] if number.endswith("03") else keys)


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("+33639989905", "busy"),
        ("+33639989906", "no_answer"),
        ("+33639989907", "failed"),
        ("+33639989908", "rejected"),
    ],
)
async def test_a_call_that_nobody_takes_is_undelivered(
    start: Start, receiver: Receiver, number: str, code: str
) -> None:
    """The receipt says why."""
    customer = await start()
    await call(customer, to=number, webhook_url=receiver.url)
    await customer.until(
        lambda record: any(post.payload["type"] == "undelivered" for post in record.webhooks)
    )
    items = [item for one in receiver.requests for item in understood(customer, one)]
    last = [item for item in items if isinstance(item, Receipt)][-1]
    assert (last.state, last.code) == (DeliveryState.UNDELIVERED, code)


async def test_without_an_address_nothing_is_told(start: Start) -> None:
    """No key is asked for where nobody could hear of it."""
    customer = await start()
    silent = {name: value for name, value in CALL.items() if "key" not in name}
    await posted(customer, customer.simulator.gateway_voice_url, silent | {"to": "+33639989901"})
    await customer.until(lambda record: bool(record.of(Talk)))
    await customer.simulator.stop()
    assert customer.simulator.record.webhooks == []
    assert customer.simulator.record.of(Key) == []


async def test_forged_and_tampered_events_are_refused(start: Start, receiver: Receiver) -> None:
    """Each claims the contrary; umsalert believes neither, and the honest one all the same."""
    receipts = Receipts(forged=1.0, tampered=1.0)
    customer = await start(scenario=Scenario(receipts=receipts))
    receiver.answer = lambda _body: web.json_response({})
    await sms(customer, to="+33639989904", webhook_url=receiver.url)
    await customer.until(lambda record: len(record.webhooks) == 6)
    believed: list[Receipt | Answer | Said] = []
    refused = 0
    for one in receiver.requests:
        try:
            believed += understood(customer, one)
        except RefusedByRule:
            refused += 1
            assert json.loads(one.raw)["type"] in ("undelivered", "delivered")
    assert refused == 4
    assert len(believed) == 2


async def test_a_repeated_event_keeps_its_id(start: Start, receiver: Receiver) -> None:
    """`twice`: the same webhook-id, signed anew."""
    customer = await start(scenario=Scenario(receipts=Receipts(twice=1.0)))
    await sms(customer, to="+33639989904", webhook_url=receiver.url)
    await customer.until(lambda record: len(record.webhooks) == 4)
    ids = [one.headers["webhook-id"] for one in receiver.requests]
    assert (len(ids), len(set(ids))) == (4, 2)
