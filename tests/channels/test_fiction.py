"""Numbers reserved for fiction leave only through the simulator, whatever asks for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.channels.carriers import HttpCarrier
from tests.channels.workshop import Workshop
from umsalert.channels import registry
from umsalert.model import ChannelKind, OutcomeKind
from umsalert.ports import Channel

PREFIXES = ("63998", "19900", "26191", "35301", "46571", "53649")
KINDS = [ChannelKind.SMS, ChannelKind.VOICE]
PRETENDERS = (
    "https://api.carrier.example/v1",
    "https://localhost.example/v1",
    "https://127.0.0.1.example/v1",
    "https://localhost@carrier.example/v1",
    "https://carrier.example/localhost?127.0.0.1",
    "https://192.0.2.1/v1",
    "https://[2001:db8::1]/v1",
)


async def opened(workshop: Workshop, kind: ChannelKind, url: str) -> Channel:
    """Open the real channel towards a provider at this address; nothing is sent."""
    settings = workshop.settings(443)
    vonage = settings.vonage._replace(messages_url=url, calls_url=url)
    channel = await registry.open_channel(
        kind, "vonage", settings._replace(vonage=vonage), workshop.clock
    )
    workshop.channels.append(channel)
    return channel


@pytest.mark.parametrize("kind", KINDS)
async def test_no_fictional_number_leaves_for_a_real_provider(
    workshop: Workshop, kind: ChannelKind
) -> None:
    """All 60,000 numbers of the six ranges are refused without a connection."""
    channel = await opened(workshop, kind, PRETENDERS[0])
    outgoing = workshop.outgoing(kind)
    outcomes = set()
    for prefix in PREFIXES:
        for rest in range(10_000):
            outcome = await channel.send(replace(outgoing, address=f"+33{prefix}{rest:04}"))
            outcomes.add((outcome.kind, outcome.code))
    assert outcomes == {(OutcomeKind.PERMANENT, "fictional_number")}


@pytest.mark.parametrize("url", PRETENDERS)
@pytest.mark.parametrize("kind", KINDS)
async def test_an_address_that_only_looks_like_this_machine_is_a_real_provider(
    workshop: Workshop, kind: ChannelKind, url: str
) -> None:
    """A name, a login or a path that says localhost opens no way out: the guard would raise."""
    outcome = await (await opened(workshop, kind, url)).send(workshop.outgoing(kind))
    assert (outcome.kind, outcome.code) == (OutcomeKind.PERMANENT, "fictional_number")


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize(
    ("kind", "status", "id_key"),
    [(ChannelKind.SMS, 202, "message_uuid"), (ChannelKind.VOICE, 201, "uuid")],
)
async def test_a_fictional_number_reaches_the_simulator(
    workshop: Workshop, kind: ChannelKind, status: int, id_key: str, prefix: str
) -> None:
    """A provider on this machine gets a number of every range, as it stands."""
    carrier = await workshop.start(HttpCarrier(status, id_key))
    channel = await workshop.open(kind, carrier)
    outcome = await channel.send(replace(workshop.outgoing(kind), address=f"+33{prefix}0042"))
    assert outcome.kind is OutcomeKind.ACCEPTED
    assert f"33{prefix}0042".encode() in carrier.taken[0]
