"""What every channel promises, whatever it speaks: a new adapter passes it with a few lines."""

from __future__ import annotations

import asyncio
import socket
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest
import trustme

from tests.channels.carriers import Behaviour, Carrier
from tests.channels.workshop import NOW, Workshop
from umsalert.model import ChannelKind, Outcome, OutcomeKind, Outgoing
from umsalert.ports import Channel


class ChannelContract:
    """Subclass it, say the kind and the provider, and make a carrier."""

    kind: ChannelKind
    provider = ""

    def carrier(self) -> Carrier:
        """Return a carrier of this kind, not started."""
        raise NotImplementedError

    async def send(self, workshop: Workshop, behaviour: Behaviour) -> tuple[Outcome, Carrier]:
        """Hand one message to a carrier that behaves so."""
        carrier = await workshop.start(self.carrier())
        outgoing = workshop.outgoing(self.kind)
        carrier.behaviour, carrier.address = behaviour, outgoing.address
        channel = await workshop.open(self.kind, carrier, self.provider)
        return await channel.send(outgoing), carrier

    async def test_an_accepted_message_carries_the_providers_id(self, workshop: Workshop) -> None:
        """What the provider accepts is accepted, once, with an id to find it by."""
        outcome, carrier = await self.send(workshop, Behaviour.ACCEPT)
        assert outcome.kind is OutcomeKind.ACCEPTED
        assert outcome.provider_id
        assert len(carrier.taken) == 1

    @pytest.mark.parametrize(
        ("behaviour", "kind"),
        [
            (Behaviour.REFUSE_FOR_NOW, OutcomeKind.TEMPORARY),
            (Behaviour.REFUSE_FOR_GOOD, OutcomeKind.PERMANENT),
            (Behaviour.REFUSE_US, OutcomeKind.MISCONFIGURED),
        ],
    )
    async def test_a_refusal_says_what_can_be_done(
        self, workshop: Workshop, behaviour: Behaviour, kind: OutcomeKind
    ) -> None:
        """Later, never and not with these credentials are three outcomes, none quoting anyone."""
        outcome, carrier = await self.send(workshop, behaviour)
        assert outcome.kind is kind
        assert outcome.code
        assert carrier.address not in repr(outcome)

    @pytest.mark.parametrize("behaviour", [Behaviour.TAKE_AND_DROP, Behaviour.TAKE_AND_RESET])
    async def test_a_lost_answer_is_unknown_and_nothing_is_repeated(
        self, workshop: Workshop, behaviour: Behaviour
    ) -> None:
        """A provider that takes the message and drops the connection gets it exactly once."""
        outcome, carrier = await self.send(workshop, behaviour)
        assert (outcome.kind, outcome.code) == (OutcomeKind.UNKNOWN, "connection_lost")
        assert len(carrier.taken) == 1

    async def test_silence_is_unknown(self, workshop: Workshop) -> None:
        """A provider that takes the message and never answers leaves it unknown."""
        workshop.timeout_s = 2.0
        outcome, carrier = await self.send(workshop, Behaviour.TAKE_AND_KEEP_SILENT)
        assert (outcome.kind, outcome.code) == (OutcomeKind.UNKNOWN, "no_answer")
        assert len(carrier.taken) == 1

    async def test_a_kept_connection_that_breaks_repeats_nothing(self, workshop: Workshop) -> None:
        """A message lost on a reused connection is unknown, and was handed over once."""
        carrier = await workshop.start(self.carrier())
        channel = await workshop.open(self.kind, carrier, self.provider)
        outgoing = workshop.outgoing(self.kind)
        first = await channel.send(outgoing)
        carrier.behaviour = Behaviour.TAKE_AND_DROP
        second = await channel.send(outgoing)
        assert (first.kind, second.kind) == (OutcomeKind.ACCEPTED, OutcomeKind.UNKNOWN)
        assert (len(carrier.taken), carrier.connections) == (2, 1)

    async def test_a_closed_port_is_unreachable(self, workshop: Workshop) -> None:
        """Where nobody listens nothing has left."""
        carrier = self.carrier()
        with closing(socket.socket()) as bound:
            bound.bind(("127.0.0.1", 0))
            carrier.port = bound.getsockname()[1]
            channel = await workshop.open(self.kind, carrier, self.provider)
            outcome = await channel.send(workshop.outgoing(self.kind))
        assert (outcome.kind, outcome.code) == (OutcomeKind.UNREACHABLE, "connection_refused")

    @pytest.mark.parametrize("flaw", ["expired", "host", "authority"])
    async def test_a_bad_certificate_is_for_a_person_to_mend(
        self, workshop: Workshop, flaw: str
    ) -> None:
        """An expired, foreign or unknown certificate is named, and nothing is handed over."""
        host = "other.example" if flaw == "host" else "localhost"
        issuer = trustme.CA() if flaw == "authority" else workshop.authority
        until = NOW - timedelta(days=365 * 5) if flaw == "expired" else None
        carrier = await workshop.start(
            self.carrier(), issuer.issue_cert(host, not_before=until, not_after=until)
        )
        channel = await workshop.open(self.kind, carrier, self.provider)
        outcome = await channel.send(workshop.outgoing(self.kind))
        assert (outcome.kind, outcome.code) == (OutcomeKind.MISCONFIGURED, "tls_certificate")
        assert flaw in outcome.detail
        assert carrier.taken == []

    async def test_no_more_connections_than_in_flight(self, workshop: Workshop) -> None:
        """Twenty messages at once go through as many connections as the settings allow."""
        carrier = await workshop.start(self.carrier())
        channel = await workshop.open(self.kind, carrier, self.provider)
        outgoing = workshop.outgoing(self.kind)
        outcomes = await asyncio.gather(*(self._nth(channel, outgoing, n) for n in range(20)))
        assert {outcome.kind for outcome in outcomes} == {OutcomeKind.ACCEPTED}
        assert (len(carrier.taken), carrier.connections) == (20, workshop.in_flight)

    async def test_nothing_leaves_once_it_is_withdrawn(self, workshop: Workshop) -> None:
        """After `withdraw` a message is held back, also where a connection is kept."""
        carrier = await workshop.start(self.carrier())
        channel = await workshop.open(self.kind, carrier, self.provider)
        outgoing = workshop.outgoing(self.kind)
        await channel.send(outgoing)
        channel.withdraw()
        assert (await channel.send(outgoing)).kind is OutcomeKind.WITHDRAWN
        assert len(carrier.taken) == 1

    async def _nth(self, channel: Channel, outgoing: Outgoing, n: int) -> Outcome:
        return await channel.send(replace(outgoing, reference=f"20261123-1815-{n}-1"))
