"""A guard presses a key: the webhook stops what has not left for his site."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests import support, workbench
from tests.web.vonage import Serving, key
from umsalert.model import ChannelKind, DeliveryState, NewContact
from umsalert.store.store import Store

VOICE, SMS = ChannelKind.VOICE, ChannelKind.SMS
SECOND = NewContact("TILLEULS", "Alix Thym", phone="+33639980003", phone_kind="mobile")
CALLED, SECOND_GUARD, NEXT_SITE = "TILLEULS-c1", "TILLEULS-c2", "PORT-c1"
QUEUED = {DeliveryState.QUEUED}


async def ringing(store: Store, *, stop: bool = True) -> str:
    """Call the first guard of a site of two; return the reference of the call."""
    await store.register.add_contacts([SECOND], support.OPERATOR, certify=True)
    alert = await support.make_alert(store, VOICE, SMS, stop=stop)
    sender_id = await store.outbox.open_sender(alert.id, support.OPERATOR)
    (call,) = (await workbench.take(store, sender_id, VOICE, support.AMPLE, limit=1)).outgoing
    await support.accept(store, [call])
    return call.reference


async def states(store: Store) -> Mapping[str, set[str]]:
    """Return the states of every contact's messages."""
    alert = await store.alerts.alert("last")
    found: dict[str, set[str]] = {}
    for row in await store.record.deliveries(alert.id):
        found.setdefault(row.contact_ref, set()).add(row.state)
    return found


@pytest.mark.parametrize("digit", ["1", "2"], ids=["confirm", "report"])
async def test_a_key_stops_the_rest_of_the_site(serving: Serving, store: Store, digit: str) -> None:
    """His own SMS and the second guard's messages are not needed; the next site gets its own."""
    call = await ringing(store)
    assert (await serving.say("voice-input", key(digit), ref=call)).status == 200
    await serving.stop()
    assert await states(store) == {
        CALLED: {DeliveryState.ACCEPTED, DeliveryState.NOT_NEEDED},
        SECOND_GUARD: {DeliveryState.NOT_NEEDED},
        NEXT_SITE: QUEUED,
    }


@pytest.mark.parametrize("digit", ["0", ""], ids=["repeat", "nothing"])
async def test_who_has_not_confirmed_stops_nothing(
    serving: Serving, store: Store, digit: str
) -> None:
    """Asking to hear it again, or pressing nothing, is no answer."""
    call = await ringing(store)
    await serving.say("voice-input", key(digit), ref=call)
    await serving.stop()
    assert (await states(store))[SECOND_GUARD] == QUEUED


async def test_a_repeated_webhook_stops_once(serving: Serving, store: Store) -> None:
    """The provider repeats what it is not sure of: one reply, one stop."""
    call = await ringing(store)
    for _time in range(2):
        await serving.say("voice-input", key("1"), ref=call)
    await serving.stop()
    alert = await store.alerts.alert("last")
    assert len(await store.answers.of_alert(alert.id)) == 1
    assert (await states(store))[SECOND_GUARD] == {DeliveryState.NOT_NEEDED}


async def test_a_forged_key_stops_nothing(serving: Serving, store: Store) -> None:
    """Who is not the provider cannot keep an alert from a site."""
    call = await ringing(store)
    assert (await serving.post("voice-input", b'{"dtmf": {"digits": "1"}}', ref=call)).status == 401
    await serving.stop()
    assert (await states(store))[SECOND_GUARD] == QUEUED


async def test_without_the_rule_everybody_is_written_to(serving: Serving, store: Store) -> None:
    """A template that does not say so reaches every guard, whoever has confirmed."""
    call = await ringing(store, stop=False)
    await serving.say("voice-input", key("1"), ref=call)
    await serving.stop()
    assert (await states(store))[SECOND_GUARD] == QUEUED
