"""Webhooks: tried again, kept on this machine, dropped at the end."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.simulator.actors import Customer, Receiver, Start
from umsalert.errors import ConfigurationError
from umsalert.simulator import Simulator, SimulatorConfig
from umsalert.simulator.record import Record
from umsalert.simulator.timeline import Timeline
from umsalert.simulator.webhooks import _pauses_s


def posts(record: Record, status: str) -> list[int | None]:
    return [post.status for post in record.webhooks if post.payload["status"] == status]


def taking(answering: asyncio.Event | None = None) -> web.Application:
    """Return an application that takes every webhook, once `answering` is set."""
    app = web.Application()

    async def take(_request: web.Request) -> web.Response:
        if answering:
            await answering.wait()
        return web.Response()

    app.router.add_post("/status", take)
    return app


async def test_a_webhook_is_repeated_until_it_is_taken(
    customer: Customer, receiver: Receiver
) -> None:
    """Errors and redirects are answered with another attempt, a 200 with none."""
    answers = [
        web.Response(status=500),
        web.Response(status=307, headers={"Location": "http://192.0.2.1/"}),
    ]
    receiver.answer = lambda _body: answers.pop(0) if answers else web.Response()
    await customer.sms(webhook_url=receiver.url)
    await customer.until(
        lambda record: 200 in posts(record, "submitted") and 200 in posts(record, "delivered"),
    )
    record = customer.simulator.record
    assert sorted(str(post.status) for post in record.webhooks) == ["200", "200", "307", "500"]


async def test_a_receiver_that_starts_late_gets_everything(
    customer: Customer, unused_tcp_port: int
) -> None:
    """Nothing is lost while `serve` is not running yet."""
    url = f"http://127.0.0.1:{unused_tcp_port}/status"
    await customer.sms(webhook_url=url)
    await customer.until(lambda record: posts(record, "delivered").count(None) >= 2)
    async with TestServer(taking(), port=unused_tcp_port):
        await customer.until(
            lambda record: 200 in posts(record, "submitted") and 200 in posts(record, "delivered"),
        )


async def test_an_https_receiver_is_verified(start: Start, tmp_path: Path) -> None:
    """A receiver under a private authority is reached with its CA, and not without it."""
    authority = trustme.CA()
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(tls)
    server = TestServer(taking(), scheme="https")
    await server.start_server(ssl=tls)
    async with server:
        url = f"https://localhost:{server.port}/status"
        trusting = await start(webhook_ca_file=ca_file)
        await trusting.sms(webhook_url=url)
        await trusting.until(lambda record: 200 in posts(record, "submitted"))
        doubting = await start()
        await doubting.sms(webhook_url=url)
        await doubting.until(lambda record: len(posts(record, "submitted")) > 1)
        assert set(posts(doubting.simulator.record, "submitted")) == {None}


def test_attempts_go_on_for_a_day() -> None:
    """The pauses are Vonage's: 5 s, doubled up to 15 minutes, for 24 hours."""
    pauses = list(_pauses_s())
    assert pauses[:9] == [5, 10, 20, 40, 80, 160, 320, 640, 900]
    assert set(pauses[9:]) == {900}
    assert 24 * 3600 <= sum(pauses) < 24 * 3600 + 900


async def test_stopping_waits_for_what_is_on_the_wire_only(start: Start) -> None:
    """A post that was sent is recorded; what would be due in minutes is dropped."""
    arrived, answering = asyncio.Event(), asyncio.Event()

    @web.middleware
    async def notice(request: web.Request, handler: Any) -> Any:
        arrived.set()
        return await handler(request)

    app = taking(answering)
    app.middlewares.append(notice)
    async with TestServer(app) as server:
        customer = await start(speed=0.01)
        await customer.sms(webhook_url=f"http://127.0.0.1:{server.port}/status")
        await arrived.wait()
        stopping = asyncio.create_task(customer.simulator.stop())
        while await answers(customer):
            pass
        answering.set()
        await stopping
    assert [post.status for post in customer.simulator.record.webhooks] == [200]


async def answers(customer: Customer) -> bool:
    try:
        async with customer.http.get(customer.simulator.health_url):
            return True
    except aiohttp.ClientError:
        return False


async def test_a_bug_in_the_background_comes_to_light() -> None:
    """What fails where nobody waits for it is raised when the simulator stops."""

    async def fail() -> None:
        raise LookupError("a bug")

    timeline = Timeline()
    timeline.spawn(timeline.sleep(3600))
    timeline.spawn(fail())
    with pytest.raises(ExceptionGroup) as caught:
        await timeline.stop(grace_s=30)
    assert [str(bug) for bug in caught.value.exceptions] == ["a bug"]


async def test_a_ca_file_that_is_none_is_named(home: Path, tmp_path: Path) -> None:
    """A file without certificates is refused before anything listens."""
    config = SimulatorConfig(home, webhook_ca_file=tmp_path / "missing.pem")
    with pytest.raises(ConfigurationError) as caught:
        await Simulator(config).start()
    assert caught.value.code == "ca_file_unreadable"
