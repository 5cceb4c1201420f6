"""The simulator's OVHcloud: the official library can use it, and it refuses as OVHcloud does."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from types import MappingProxyType
from typing import Any

import ovh
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.simulator.actors import Customer, Start
from umsalert.channels.ovh.signing import Request, signed
from umsalert.settings import OvhSettings, Secret
from umsalert.simulator.faults import HTTP_FAULTS, Receipts, Traffic
from umsalert.simulator.keys import OVH_APPLICATION_KEY, OVH_SERVICE_NAME
from umsalert.simulator.record import Misbehaved, Refused
from umsalert.simulator.scenario import Scenario

JOBS = f"/sms/{OVH_SERVICE_NAME}/jobs"
JOB = {
    "message": "Restez sur votre site.",
    "receivers": ["+33639980001"],
    "sender": "UMSALERT",
    "noStopClause": True,
    "tag": "20260105-1807",
    "validityPeriod": 60,
}


def library(customer: Customer, monkeypatch: pytest.MonkeyPatch) -> ovh.Client:
    """Return the official library, set up for this account."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(customer.keys.ca_file))
    keys = customer.keys.ovh()
    client = ovh.Client("ovh-eu", OVH_APPLICATION_KEY, keys.application_secret, keys.consumer_key)
    client._endpoint = customer.simulator.ovh_url
    return client


async def posted(
    customer: Customer,
    body: bytes,
    path: str = JOBS,
    *,
    at_s: int = 0,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> tuple[int, Any]:
    """Post a signed job, some headers replaced after that."""
    keys = customer.keys.ovh()
    settings = OvhSettings(
        application_key=OVH_APPLICATION_KEY,
        application_secret=Secret(keys.application_secret),
        consumer_key=Secret(keys.consumer_key),
    )
    url = customer.simulator.ovh_url + path
    proof = dict(signed(Request("POST", url, body), settings, at_s or int(time.time())))
    proof |= {f"X-Ovh-{name}": value for name, value in headers.items()}
    async with customer.http.post(url, data=body, headers=proof) as response:
        return response.status, await response.json(content_type=None)


async def job(customer: Customer, **changes: Any) -> tuple[int, Any]:
    return await posted(customer, json.dumps(JOB | changes).encode())


async def test_the_official_library_sends_and_reads(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time, job, account and sender, through python-ovh."""
    customer = await start()
    client = library(customer, monkeypatch)
    report = await asyncio.to_thread(client.post, JOBS, **JOB)
    account = await asyncio.to_thread(client.get, f"/sms/{OVH_SERVICE_NAME}")
    sender = await asyncio.to_thread(client.get, f"/sms/{OVH_SERVICE_NAME}/senders/UMSALERT")
    with pytest.raises(ovh.exceptions.ResourceNotFoundError):
        await asyncio.to_thread(client.get, f"/sms/{OVH_SERVICE_NAME}/senders/POLICE")
    client._session.close()
    (sms,) = customer.simulator.record.sms
    assert report["ids"] == [int(sms.message_uuid)]
    assert report["validReceivers"] == ["+33639980001"]
    assert (sms.provider, sms.client_ref, sms.ttl_s) == ("ovh", "20260105-1807", 3600)
    assert (account["status"], sender["status"]) == ("enable", "enable")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"Application": "other"}, 403, "INVALID_KEY"),
        ({"Consumer": "other"}, 403, "INVALID_CREDENTIAL"),
        ({"Signature": "$1$" + "0" * 40}, 400, "INVALID_SIGNATURE"),
        ({"Signature": ""}, 400, "INVALID_SIGNATURE"),
        ({"Timestamp": "yesterday"}, 400, "QUERY_TIME_OUT"),
    ],
)
async def test_what_is_not_proved_is_refused(
    start: Start, change: dict[str, str], status: int, code: str
) -> None:
    """Each of the four headers counts; nothing is taken, and the record says so."""
    customer = await start()
    answered, body = await posted(customer, b"{}", headers=change)
    assert (answered, body["errorCode"]) == (status, code)
    assert len(customer.simulator.record.of(Refused)) == 1
    assert customer.simulator.record.sms == []


async def test_another_time_is_refused(start: Start) -> None:
    """Three minutes are too much, as in life."""
    customer = await start()
    _status, body = await posted(customer, b"{}", at_s=int(time.time()) - 200)
    assert body["errorCode"] == "QUERY_TIME_OUT"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"noStopClause": False}, "noStopClause"),
        ({"sender": "POLICE MUNICIPALE"}, "sender"),
        ({"receivers": ["+33639980001", "+33639980002"]}, "receivers"),
        ({"validityPeriod": 2881}, "validityPeriod"),
        ({"tag": "x" * 21}, "tag"),
        ({"message": ""}, "message"),
    ],
)
async def test_a_job_that_is_wrong_names_what(
    start: Start, change: dict[str, Any], name: str
) -> None:
    """The record has the parameter, never its value."""
    customer = await start()
    assert (await job(customer, **change))[0] == 400
    (entry,) = customer.simulator.record.of(Refused)
    assert entry.parameters == [name]


async def test_another_account_is_not_there(start: Start) -> None:
    """A slip in the service's name is a 404, as is a page that does not exist."""
    customer = await start()
    assert (await posted(customer, b"{}", "/sms/sms-other-1/jobs"))[0] == 404


async def test_above_sixty_a_minute_it_says_429(start: Start) -> None:
    """What its developers call fair use is taken at once, and no more."""
    customer = await start(speed=1)
    statuses = [(await job(customer))[0] for _nth in range(63)]
    assert statuses[:60] == [200] * 60
    assert 429 in statuses[60:]


@pytest.mark.parametrize(
    ("name", "status"),
    [("rate-limit", 429), ("low-balance", 402), ("http-500", 500), ("http-503", 503)],
)
async def test_a_fault_is_told_in_its_words(start: Start, name: str, status: int) -> None:
    """An error code where the API itself answers, a page where a gateway before it does."""
    customer = await start(scenario=Scenario(ovh=Traffic(shares={name: 1.0})))
    answered, body = await job(customer) if name != "http-503" else (503, None)
    if body is None:
        with pytest.raises(ValueError, match="Expecting value"):
            await job(customer)
    else:
        assert (answered, "errorCode" in body) == (status, True)
    assert customer.simulator.record.of(Misbehaved)[0].fault == name
    assert customer.simulator.record.sms == []


async def test_a_bad_number_is_a_report_that_takes_nothing(start: Start) -> None:
    """Inside a 200, as OVHcloud has it; by the number or by the scenario."""
    customer = await start()
    status, body = await job(customer, receivers=["+33639989910"])
    assert (status, body["ids"], body["invalidReceivers"]) == (200, [], ["+33639989910"])
    assert customer.simulator.record.sms == []


async def test_a_scenario_of_its_own_leaves_the_others_alone(start: Start) -> None:
    """OVHcloud fails and Vonage works."""
    traffic = Traffic(shares=dict.fromkeys(("rate-limit", "http-500"), 0.5))
    customer = await start(scenario=Scenario(ovh=traffic))
    assert set(HTTP_FAULTS) >= set(traffic.shares)
    assert (await job(customer))[0] in (429, 500)
    assert (await customer.sms())[0] == 202


@pytest.fixture
async def told() -> AsyncIterator[tuple[str, list[dict[str, str]]]]:
    """Return where `umsalert serve` would be, and the receipts that came there."""
    seen: list[dict[str, str]] = []

    async def take(request: web.Request) -> web.Response:
        assert request.method == "GET"
        assert await request.read() == b""
        seen.append(dict(request.query))
        return web.json_response({})

    app = web.Application()
    app.router.add_get("/webhooks/ovh/message-status", take)
    async with TestServer(app) as server:
        yield f"http://127.0.0.1:{server.port}", seen


@pytest.mark.parametrize(
    ("number", "ptt"), [("+33639989904", "4"), ("+33639989907", "24"), ("+33639989908", "23")]
)
async def test_receipts_come_to_the_accounts_address(
    start: Start, told: tuple[str, list[dict[str, str]]], number: str, ptt: str
) -> None:
    """By GET, with the secret: taken by the network, then what became of it."""
    url, seen = told
    customer = await start(serve_url=url)
    _status, report = await job(customer, receivers=[number])
    await customer.until(lambda record: len(record.webhooks) == 2)
    assert sorted(item["ptt"] for item in seen) == sorted(["3", ptt])
    assert {item["id"] for item in seen} == {str(report["ids"][0])}
    assert {item["token"] for item in seen} == {customer.keys.ovh().webhook_secret}


async def test_a_forged_receipt_has_another_secret(
    start: Start, told: tuple[str, list[dict[str, str]]]
) -> None:
    """It claims the contrary, and so does what cannot be tampered with otherwise."""
    url, seen = told
    receipts = Receipts(forged=1.0, tampered=1.0)
    customer = await start(serve_url=url, scenario=Scenario(receipts=receipts))
    await job(customer, receivers=["+33639989904"])
    await customer.until(lambda record: len(record.webhooks) == 6)
    secret = customer.keys.ovh().webhook_secret
    assert sorted(item["ptt"] for item in seen if item["token"] == secret) == ["3", "4"]
    assert sorted(item["ptt"] for item in seen if item["token"] != secret) == ["4", "4", "5", "5"]


async def test_without_an_address_nobody_is_told(start: Start) -> None:
    """An account without a callback URL says so, and sends no receipt."""
    customer = await start()
    await job(customer)
    await customer.simulator.stop()
    assert customer.simulator.record.webhooks == []
