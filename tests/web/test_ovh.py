"""OVHcloud's receipts through the real server: no body, no reference, a secret in the address."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from tests.support import accept, claim, make_alert
from tests.web.conftest import running
from tests.workbench import FixedClock
from umsalert.model import ChannelKind, DeliveryState, Receipt
from umsalert.settings import OvhSettings, Secret, Settings
from umsalert.store.store import Store

SECRET = "secret in the address"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Return settings of which OVHcloud may tell us something."""
    return settings._replace(ovh=OvhSettings(webhook_secret=Secret(SECRET)))


async def accepted(store: Store) -> None:
    """Let two guards' SMS be accepted, each under its own id."""
    alert = await make_alert(store, ChannelKind.SMS)
    for number, outgoing in enumerate(await claim(store, alert, ChannelKind.SMS)):
        await accept(store, [outgoing], "ovh", f"8392001{number}")


async def states(store: Store) -> list[str]:
    alert = await store.alerts.alert("last")
    rows = await store.record.deliveries(alert.id)
    return [row.state for row in sorted(rows, key=lambda row: row.delivery_id)]


async def told(settings: Settings, method: str, **query: str) -> tuple[int, bytes]:
    """Send one receipt to a server that then stops, and so applies it."""
    async with running(settings) as serving, aiohttp.ClientSession() as client:
        url = f"{serving.url}/webhooks/ovh/message-status"
        async with client.request(method, url, params={"token": SECRET} | query) as response:
            return response.status, await response.read()


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_receipt_finds_its_message_by_the_providers_id(
    store: Store, settings: Settings, method: str
) -> None:
    """By whichever method it comes, it is about the one message that OVHcloud calls so."""
    await accepted(store)
    assert await told(settings, method, id="83920011", ptt="4") == (200, b"{}")
    assert await states(store) == ["accepted", "delivered"]


async def test_an_id_of_another_provider_is_not_ours(store: Store, settings: Settings) -> None:
    """The same id means another message elsewhere, and an unknown one nothing."""
    alert = await make_alert(store, ChannelKind.SMS)
    await accept(store, await claim(store, alert, ChannelKind.SMS), "vonage", "83920011")
    assert (await told(settings, "GET", id="83920011", ptt="4"))[0] == 200
    assert (await told(settings, "GET", id="1", ptt="4"))[0] == 200
    assert set(await states(store)) == {"accepted"}


async def test_a_receipt_that_overtakes_our_commit_waits_for_it(
    store: Store, settings: Settings
) -> None:
    """OVHcloud's id means nothing yet: the receipt is kept, and applied once it does."""
    alert = await make_alert(store, ChannelKind.SMS)
    first, second = await claim(store, alert, ChannelKind.SMS)
    await accept(store, [second], "ovh", "83920010")
    assert (await told(settings, "GET", id="83920011", ptt="4"))[0] == 200
    assert (await told(settings, "GET", id="83920010", ptt="4"))[0] == 200
    assert sorted(await states(store)) == ["delivered", "sending"]
    await accept(store, [first], "ovh", "83920011")
    async with running(settings):
        pass
    assert set(await states(store)) == {"delivered"}


async def test_an_id_that_nobody_knows_is_given_up_after_a_minute(
    store: Store, settings: Settings
) -> None:
    """The account may be shared with other programs: their receipts are not tried for ever."""
    await make_alert(store, ChannelKind.SMS)
    assert (await told(settings, "GET", id="1", ptt="4"))[0] == 200
    (stored,) = await store.inbox.pending(1)
    at = datetime.now(UTC)
    receipt = Receipt("ovh", "1", "", DeliveryState.DELIVERED, "", at, by_id=True)
    assert await store.inbox.apply(stored.id, [receipt]) is None
    assert await store.inbox.pending(1, stored.id) == ()
    later = FixedClock(datetime.now(UTC) + timedelta(seconds=61))
    async with Store(settings.database, later) as afterwards:
        assert await afterwards.inbox.apply(stored.id, [receipt]) == 0
    assert await store.inbox.pending(1) == ()


async def test_a_receipt_without_the_secret_is_refused(store: Store, settings: Settings) -> None:
    """401, and nothing is kept."""
    await accepted(store)
    assert (await told(settings, "GET", id="83920011", ptt="4", token="guess"))[0] == 401
    assert await states(store) == ["accepted", "accepted"]


async def test_the_one_source_is_enough_to_serve(settings: Settings) -> None:
    """A station that has OVHcloud alone can run `umsalert serve`."""
    alone = settings._replace(vonage=type(settings.vonage)())
    assert (await told(alone, "GET", id="1", ptt="4"))[0] == 200
