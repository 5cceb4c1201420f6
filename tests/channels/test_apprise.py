"""Apprise: one request, yes or no, and no more said of it than is known."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import threading
from dataclasses import replace

import pytest

from tests.channels.carriers import Behaviour, HttpAnswer, HttpCarrier
from tests.channels.workshop import TEXTS, Workshop
from umsalert.channels import registry
from umsalert.channels.apprise import AppriseChannel, Service
from umsalert.errors import ConfigurationError
from umsalert.model import ChannelKind, Outcome, OutcomeKind, Outgoing
from umsalert.settings import MessageRateSettings, Secret, Settings

SMS, EMAIL = ChannelKind.SMS, ChannelKind.EMAIL
KINDS = [SMS, EMAIL]
PACE = MessageRateSettings(1, 1, 2)


@pytest.fixture(autouse=True)
def _trust(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let requests, which Apprise posts through, trust the carriers."""
    ca_file = workshop.settings(443).vonage.ca_file
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(ca_file))


async def handed_to(
    workshop: Workshop, kind: ChannelKind, answer: HttpAnswer | None = None
) -> tuple[Outcome, HttpCarrier]:
    """Hand one message to a carrier that gives this answer."""
    carrier = await workshop.start(HttpCarrier(200, "id"))
    carrier.answers = [answer] if answer else []
    channel = await workshop.open(kind, carrier, "apprise")
    return await channel.send(workshop.outgoing(kind)), carrier


def configured(settings: Settings, kind: ChannelKind, url: str) -> Settings:
    """Return settings with another URL of Apprise for a channel."""
    changed = settings.apprise._replace(**{f"{kind}_url": Secret(url)})
    return settings._replace(apprise=changed)


@pytest.mark.parametrize("kind", KINDS)
async def test_yes_is_accepted_and_no_more(workshop: Workshop, kind: ChannelKind) -> None:
    """Accepted without an id, under a code that says that no receipt will come."""
    outcome, carrier = await handed_to(workshop, kind)
    assert outcome == Outcome(OutcomeKind.ACCEPTED, "no_receipt")
    assert len(carrier.taken) == 1
    sent = json.loads(carrier.taken[0])
    assert sent["message"].strip() == TEXTS[kind].body.strip()
    assert sent["title"] == TEXTS[kind].subject
    assert sent["to"] == workshop.outgoing(kind).address


@pytest.mark.parametrize("kind", KINDS)
def test_it_tells_nothing_later(workshop: Workshop, kind: ChannelKind) -> None:
    """The list of channels shows neither receipts nor answers."""
    state = registry.state(kind, "apprise", workshop.settings(443))
    assert (state.capabilities.receipts, state.capabilities.answers) == (False, False)
    assert state.webhooks_missing == ()


@pytest.mark.parametrize("status", [400, 401, 402, 404, 422, 429, 500, 503, 302])
async def test_no_is_unknown_and_not_repeated(workshop: Workshop, status: int) -> None:
    """A refusal cannot be told from an answer that was lost; one request, no redirect."""
    answer = HttpAnswer(status, headers={"Location": "/elsewhere", "Retry-After": "1"})
    outcome, carrier = await handed_to(workshop, SMS, answer)
    assert (outcome.kind, outcome.code) == (OutcomeKind.UNKNOWN, "apprise_failed")
    assert outcome.detail
    assert len(carrier.heads) == 1


@pytest.mark.parametrize("behaviour", [Behaviour.TAKE_AND_DROP, Behaviour.TAKE_AND_RESET])
async def test_a_lost_answer_is_unknown(workshop: Workshop, behaviour: Behaviour) -> None:
    """The carrier has it exactly once."""
    carrier = await workshop.start(HttpCarrier(200, "id"))
    carrier.behaviour = behaviour
    channel = await workshop.open(SMS, carrier, "apprise")
    outcome = await channel.send(workshop.outgoing(SMS))
    assert (outcome.kind, outcome.code) == (OutcomeKind.UNKNOWN, "apprise_failed")
    assert len(carrier.taken) == 1


async def test_silence_is_unknown_and_holds_up_nobody(workshop: Workshop) -> None:
    """The loop goes on while a thread waits, and does not wait longer than the settings say."""
    workshop.timeout_s = 2.0
    carrier = await workshop.start(HttpCarrier(200, "id"))
    carrier.behaviour = Behaviour.TAKE_AND_KEEP_SILENT
    channel = await workshop.open(SMS, carrier, "apprise")
    outcome = await channel.send(workshop.outgoing(SMS))
    assert outcome.kind is OutcomeKind.UNKNOWN
    assert outcome.code in ("no_answer", "apprise_failed")  # whose time-out ends first
    assert len(carrier.taken) == 1


async def test_no_more_threads_than_in_flight(workshop: Workshop) -> None:
    """Nine messages at once are nine requests, from as many threads as the settings allow."""
    workshop.in_flight = 2
    carrier = await workshop.start(HttpCarrier(200, "id"))
    channel = await workshop.open(SMS, carrier, "apprise")
    sending = [channel.send(workshop.outgoing(SMS)) for _nth in range(9)]
    outcomes = await asyncio.gather(*sending)
    assert {outcome.kind for outcome in outcomes} == {OutcomeKind.ACCEPTED}
    assert len(carrier.taken) == 9


class Silent(Service):
    """A service that takes a message and says nothing until `answer` is set."""

    def __init__(self) -> None:
        self.answer = threading.Event()
        self.taken: list[str] = []

    def notify(self, outgoing: Outgoing) -> Outcome:
        """Wait."""
        self.taken.append(f"{outgoing.address}: {outgoing.body}")
        self.answer.wait()
        return Outcome(OutcomeKind.ACCEPTED)


async def test_what_found_no_thread_has_not_left(workshop: Workshop) -> None:
    """Behind a message whose answer does not come, the next may be sent another way."""
    service = Silent()
    channel = AppriseChannel(
        SMS, service, MessageRateSettings(1, 1, 1, timeout_s=0.2), simulated=True
    )
    try:
        first, second = await asyncio.gather(
            channel.send(workshop.outgoing(SMS)), channel.send(workshop.outgoing(SMS))
        )
    finally:
        service.answer.set()
        await channel.close()
    assert (first.kind, first.code) == (OutcomeKind.UNKNOWN, "no_answer")
    assert second == Outcome(OutcomeKind.UNREACHABLE, "no_thread")
    assert len(service.taken) == 1


async def test_nothing_leaves_once_it_is_withdrawn(workshop: Workshop) -> None:
    """After `withdraw` a message is held back, in its thread too."""
    carrier = await workshop.start(HttpCarrier(200, "id"))
    channel = await workshop.open(SMS, carrier, "apprise")
    channel.withdraw()
    assert (await channel.send(workshop.outgoing(SMS))).kind is OutcomeKind.WITHDRAWN
    assert carrier.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "jsons://carrier.example/sms?to={address}",
        "twilio://AC0123456789012345678901234567890123:"
        "01234567890123456789012345678901@33639980001/{address}",
    ],
)
async def test_no_fictional_number_leaves_for_a_real_service(workshop: Workshop, url: str) -> None:
    """Whatever stands in the place of a host: the guard would raise."""
    settings = configured(workshop.settings(443), SMS, url)
    channel = await registry.open_channel(SMS, "apprise", settings, workshop.clock)
    workshop.channels.append(channel)
    outcome = await channel.send(workshop.outgoing(SMS))
    assert (outcome.kind, outcome.code) == (OutcomeKind.PERMANENT, "fictional_number")


@pytest.mark.parametrize(
    "url",
    [
        "nothing://localhost/{address}",
        "jsons://localhost/{address}?retry=3",
        "smseagle://token@localhost/{address}/+33639980043",
        "twilio://{address}",
    ],
    ids=["no-service", "repeats", "a-second-recipient", "incomplete"],
)
async def test_an_unfit_url_is_told_at_the_start(workshop: Workshop, url: str) -> None:
    """Nobody but the one recipient gets it, once: other URLs are refused, and not shown."""
    settings = configured(workshop.settings(443), SMS, url)
    with pytest.raises(ConfigurationError) as caught:
        await registry.open_channel(SMS, "apprise", settings, workshop.clock)
    assert caught.value.code == "apprise_url_unfit"
    assert "{address}" in caught.value.hint
    assert "token" not in str(caught.value)


def test_an_address_that_the_service_does_not_know_is_refused(workshop: Workshop) -> None:
    """Nothing is sent where Apprise finds no recipient."""
    service = Service(SMS, Secret("d7sms://token@{address}"), PACE)
    outcome = service.notify(replace(workshop.outgoing(SMS), address="garde"))
    assert (outcome.kind, outcome.code) == (OutcomeKind.PERMANENT, "address_refused")


async def test_without_the_extra_it_says_what_to_install(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing library is a sentence with the command."""
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ConfigurationError) as caught:
        await registry.open_channel(SMS, "apprise", workshop.settings(443), workshop.clock)
    assert caught.value.code == "apprise_missing"
    assert "umsalert[apprise]" in caught.value.hint


async def test_nothing_of_a_person_enters_the_log(
    workshop: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    """Apprise's own log names recipients; it is kept silent, also at debug."""
    caplog.set_level(logging.DEBUG)
    for answer in (None, HttpAnswer(500)):
        await handed_to(workshop, SMS, answer)
    records = [record for record in caplog.records if record.name.startswith("apprise")]
    assert records == []
