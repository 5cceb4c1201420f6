"""After an alert was cancelled: let what is on the wire end, then say who has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from umsalert.events import Counts
from umsalert.leases import Watch
from umsalert.model import ChannelKind, DeliveryState
from umsalert.ports import Clock, Holder, Outbox

POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class Person:
    """A contact whom the alert has reached by some channel, or may have.

    `certain` says that a provider took at least one message; without it no answer was seen.
    `to_correct` holds the channels that brought it, may still be used and brought no correction.
    """

    contact_ref: str
    site_ref: str
    site_name: str
    distance_m: float
    messages: Mapping[ChannelKind, DeliveryState]
    certain: bool
    to_correct: frozenset[ChannelKind]


def on_the_wire(counts: Counts) -> int:
    """Return how many messages wait for their provider's answer."""
    return sum(states.get(DeliveryState.SENDING, 0) for states in counts.values())


async def settle(outbox: Outbox, clock: Clock, alert_id: int, limit_s: float) -> int:
    """Wait until nothing of an alert is on the wire; return how many still are after `limit_s`.

    What a dead process held becomes `unknown` as soon as it is known to be dead.
    """
    watch = Watch(clock)
    end_s = clock.steady_s() + limit_s
    while (left := on_the_wire(await outbox.counts(alert_id))) and clock.steady_s() < end_s:
        dead = watch.dead(await outbox.senders(alert_id))
        if dead:
            await outbox.recover(alert_id, dead)
        await clock.sleep(POLL_S)
    return left


def people(holders: Sequence[Holder]) -> tuple[Person, ...]:
    """Return the people behind the messages that left or may have left, in the same order."""
    by_contact: dict[str, list[Holder]] = {}
    for holder in holders:
        by_contact.setdefault(holder.contact_ref, []).append(holder)
    return tuple(
        Person(
            contact_ref=ref,
            site_ref=held[0].site_ref,
            site_name=held[0].site_name,
            distance_m=held[0].distance_m,
            messages={item.channel: item.state for item in held},
            certain=any(item.certain for item in held),
            to_correct=frozenset(
                item.channel for item in held if item.vetted and not item.corrected
            ),
        )
        for ref, held in by_contact.items()
    )
