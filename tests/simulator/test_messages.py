"""Messages v1: who may send, what is refused, what comes back."""

from __future__ import annotations

import asyncio
import hashlib
import time
from typing import Any

import jwt
import pytest
import vonage_messages
from cryptography.hazmat.primitives.asymmetric import rsa
from vonage_http_client import HttpClient

from tests.simulator.actors import Customer, Receiver, Start
from umsalert.simulator.desk import Allowance
from umsalert.simulator.keys import API_KEY, APPLICATION_ID
from umsalert.simulator.record import Record, Refused


def statuses(record: Record) -> set[str]:
    return {post.payload["status"] for post in record.webhooks if post.status == 200}


async def test_the_vonage_sdk_sends_an_sms(customer: Customer, sdk: HttpClient) -> None:
    """The official SDK is answered as by Vonage, over TLS that it verifies."""
    message = vonage_messages.Sms(to="33639980001", from_="UMSALERT", text="Bonjour", ttl=600)
    answer = await asyncio.to_thread(vonage_messages.Messages(sdk).send, message)
    (sms,) = customer.simulator.record.sms
    assert answer.message_uuid == sms.message_uuid
    assert (sms.to, sms.sender, sms.text, sms.ttl_s) == ("+33639980001", "UMSALERT", "Bonjour", 600)


async def test_a_message_is_submitted_and_delivered(customer: Customer, receiver: Receiver) -> None:
    """Both statuses come with the fields of the API, and with the price of all parts."""
    status, answer = await customer.sms(webhook_url=receiver.url, text="é" * 161)
    assert status == 202
    await customer.until(lambda record: statuses(record) == {"submitted", "delivered"})
    first = next(r.body for r in receiver.requests if r.body["status"] == "submitted")
    assert first.pop("timestamp").endswith("Z")
    assert first == {
        "message_uuid": answer["message_uuid"],
        "to": "33639980001",
        "from": "UMSALERT",
        "status": "submitted",
        "channel": "sms",
        "client_ref": "20260105-1807-a-1-1",
        "usage": {"currency": "EUR", "price": "0.1300"},
        "sms": {"count_total": "2"},
    }


async def test_who_has_no_network_gets_no_sms(customer: Customer, receiver: Receiver) -> None:
    """The last status of a phone that is off is a rejection with its code."""
    await customer.sms(to="33639980002", webhook_url=receiver.url)
    await customer.until(lambda record: statuses(record) == {"submitted", "rejected"})
    (rejected,) = [r.body for r in receiver.requests if r.body["status"] == "rejected"]
    assert rejected["error"]["title"] == "1180"


async def test_webhooks_are_signed(customer: Customer, receiver: Receiver) -> None:
    """The signature covers the very bytes of the body, by the secret of the home."""
    await customer.sms(webhook_url=receiver.url)
    await customer.until(lambda record: statuses(record) == {"submitted", "delivered"})
    tokens = set()
    for request in receiver.requests:
        scheme, token = request.headers["Authorization"].split()
        claims = jwt.decode(token, customer.keys.signature_secret(), algorithms=["HS256"])
        assert scheme == "Bearer"
        assert claims["payload_hash"] == hashlib.sha256(request.raw).hexdigest()
        assert claims["iss"] == "Vonage"
        assert (claims["application_id"], claims["api_key"]) == (APPLICATION_ID, API_KEY)
        tokens.add(claims["jti"])
    assert len(tokens) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"application_id": "another"},
        {"application_id": None},
        {"jti": None},
        {"exp": None},
        {"iat": None},
        {"iat": "yesterday"},
        {"iat": int(time.time()) - 7200, "exp": int(time.time()) - 3600},
        {"iat": int(time.time()) + 3600, "exp": int(time.time()) + 7200},
        {"exp": int(time.time()) + 2 * 86_400},
    ],
)
async def test_a_token_that_is_not_the_applications_is_refused(
    customer: Customer, changes: dict[str, Any]
) -> None:
    """Every claim of the token counts, and the answer is Vonage's."""
    status, problem = await customer.post(
        customer.simulator.messages_url, {}, customer.token(**changes)
    )
    assert status == 401
    assert problem["type"] == "https://developer.vonage.com/api-errors#unauthorized"
    assert problem["title"] == "Unauthorized"
    assert not customer.simulator.record.sms


async def test_another_key_is_refused(customer: Customer) -> None:
    """The right claims under another key, or under a public secret, do not get in."""
    claims = jwt.decode(customer.token(), options={"verify_signature": False})
    other = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    for token in (
        jwt.encode(claims, other, "RS256"),
        jwt.encode(claims, "s" * 32, "HS256"),
        jwt.encode(claims, "", "none"),
        "garbage",
    ):
        status, _ = await customer.post(customer.simulator.messages_url, {}, token)
        assert status == 401


async def test_the_clock_of_the_demo_decides_how_old_a_token_is(start: Start) -> None:
    """A simulator in another hour takes the tokens of that hour, and not those of ours."""
    customer = await start(clock_offset_s=-86_400.0)
    then = int(time.time()) - 86_400
    token = customer.token(iat=then, exp=then + 900)
    assert (await customer.sms())[0] == 401
    assert (await customer.post(customer.simulator.messages_url, {}, token))[0] == 422


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"to": "+33639980001"}, "to"),
        ({"to": "0639980001"}, "to"),
        ({"from": "Police nationale"}, "from"),
        ({"text": ""}, "text"),
        ({"text": "x" * 3201}, "text"),
        ({"ttl": 19}, "ttl"),
        ({"ttl": 604_801}, "ttl"),
        ({"ttl": True}, "ttl"),
        ({"client_ref": "x" * 101}, "client_ref"),
        ({"channel": "viber_service"}, "channel"),
        ({"message_type": "image"}, "message_type"),
        ({"sms": {"encoding_type": "gsm"}}, "sms"),
        ({"sms": []}, "sms"),
        ({"webhook_version": "v0.1"}, "webhook_version"),
    ],
)
async def test_an_invalid_parameter_is_named(
    customer: Customer, changes: dict[str, Any], name: str
) -> None:
    """A body that Vonage would refuse is refused, by the parameter that is wrong."""
    status, problem = await customer.sms(**changes)
    assert status == 422
    assert problem["type"] == "https://developer.vonage.com/api-errors/messages#1150"
    assert [item["name"] for item in problem["invalid_parameters"]] == [name]
    assert not customer.simulator.record.sms


@pytest.mark.parametrize("body", [None, [], "sms", {}])
async def test_what_is_not_a_message_is_refused(customer: Customer, body: object) -> None:
    """JSON of any shape is answered, not tripped over."""
    status, problem = await customer.post(customer.simulator.messages_url, body)
    assert status == 422
    assert problem["invalid_parameters"]


async def test_what_is_not_json_is_refused(customer: Customer) -> None:
    """Bytes that are not JSON get the same answer."""
    headers = {"Authorization": f"Bearer {customer.token()}"}
    async with customer.http.post(
        customer.simulator.messages_url, data=b"\xff{", headers=headers
    ) as response:
        assert response.status == 422


@pytest.mark.parametrize(
    "url",
    [
        "https://carrier.example/status",
        "http://192.0.2.1/status",
        "http://127.0.0.1@carrier.example/",
        "http://127.0.0.1:secret@127.0.0.1/",
        "http://127.0.0.1.carrier.example/",
        "http://[2001:db8::1]/",
        "http://0.0.0.0/",
        "ftp://127.0.0.1/",
        "//127.0.0.1/",
        "http://[127.0.0.1/",
        "",
    ],
)
async def test_nothing_goes_to_another_machine(customer: Customer, url: str) -> None:
    """A webhook that would leave this machine is refused with its message, and recorded so."""
    status, problem = await customer.sms(webhook_url=url)
    assert status == 422
    assert [item["name"] for item in problem["invalid_parameters"]] == ["webhook_url"]
    (refused,) = customer.simulator.record.of(Refused)
    assert (refused.where, refused.parameters) == ("/v1/messages", ["webhook_url"])
    assert not customer.simulator.record.webhooks


async def test_too_many_messages_are_refused(start: Start) -> None:
    """Over the rate, the answer is Vonage's 429 and the message is not taken."""
    customer = await start(speed=0.001)  # one message, then one in 33 s
    assert (await customer.sms())[0] == 202
    status, problem = await customer.sms()
    assert status == 429
    assert problem.pop("instance")
    assert problem == {
        "type": "https://developer.vonage.com/api-errors#rate-limit",
        "title": "Rate Limit Hit",
        "detail": "Please wait, then retry your request",
    }
    assert len(customer.simulator.record.sms) == 1


def test_one_second_holds_thirty_messages() -> None:
    """Thirty are let through at once, the next one when its thirtieth of a second has passed."""
    allowance = Allowance(30.0)
    assert [allowance.take(100.0) for _ in range(31)] == [True] * 30 + [False]
    assert not allowance.take(100.0 + 0.9 / 30)
    assert allowance.take(100.0 + 1.1 / 30)
    assert [allowance.take(200.0) for _ in range(31)].count(True) == 30


async def test_health_needs_no_login(customer: Customer) -> None:
    """Whoever waits for the simulator can ask how it is."""
    await customer.sms()
    async with customer.http.get(customer.simulator.health_url) as response:
        assert await response.json() == {"status": "ok", "sms": 1, "calls": 0, "emails": 0}
