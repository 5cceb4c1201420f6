"""A simulator at full speed, somebody who calls it, and somebody who receives its webhooks."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from vonage_http_client import Auth, HttpClient, HttpClientOptions

from tests.simulator.actors import Customer, Receiver, Start
from umsalert.simulator.keys import APPLICATION_ID


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with keys: an RSA key is made once for all tests."""
    return tmp_path_factory.mktemp("simulator-home")


@pytest.fixture
async def start(home: Path) -> AsyncIterator[Start]:
    """Return a function that starts a simulator and returns its customer."""
    async with contextlib.AsyncExitStack() as stack:
        yield Start(home, stack)


@pytest.fixture
async def customer(start: Start) -> Customer:
    """Return a customer of a simulator in which one guard acknowledges and one has no network."""
    return await start(answers={"+33639980001": "1", "+33639980002": "unreachable"})


@pytest.fixture
def sdk(customer: Customer, monkeypatch: pytest.MonkeyPatch) -> Iterator[HttpClient]:
    """Return the official SDK's client, set up for the simulator of `customer`."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(customer.keys.ca_file))
    client = HttpClient(
        Auth(
            application_id=APPLICATION_ID,
            private_key=customer.keys.application_key_file.read_text(),
        ),
        HttpClientOptions(api_host=f"localhost:{customer.simulator.http_port}"),
    )
    yield client
    client._session.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Return a receiver of webhooks, with its URL."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/{tail:.*}", receiver.take)
    async with TestServer(app) as server:
        receiver.url = f"http://127.0.0.1:{server.port}/status"
        yield receiver
