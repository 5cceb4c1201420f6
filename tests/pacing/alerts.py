"""Alerts of any shape for the pacing model, and what the estimate is told of them."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence

from umsalert.model import ChannelKind, Load
from umsalert.pacing import Message, dense_cells

SMS, VOICE, EMAIL = ChannelKind.SMS, ChannelKind.VOICE, ChannelKind.EMAIL


def alert(
    guards: Sequence[int],
    *,
    cells: int,
    parts: int = 1,
    channels: Sequence[ChannelKind] = (SMS, VOICE, EMAIL),
    chance: random.Random | None = None,
) -> list[Message]:
    """Return the messages of sites with so many guards each, dealt out to cells.

    With `chance` a guard has each of the channels in three of four cases.
    """
    found = []
    contact = 0
    for site, people in enumerate(guards):
        cell = chance.randrange(cells) if chance else site % cells
        for rank in range(1, people + 1):
            contact += 1
            found += [
                Message(
                    site,
                    contact,
                    rank,
                    float(site),
                    kind,
                    None if kind is EMAIL else cell,
                    parts if kind is SMS else 1,
                )
                for kind in channels
                if chance is None or chance.random() < 0.75
            ]
    return found


def loads(messages: Sequence[Message], burst: int) -> tuple[Load, list[Load]]:
    """Return what is in no dense cell, and every dense cell: a site's e-mails are in its cell."""
    dense = dense_cells(messages, burst)
    of_site = {message.site: message.cell for message in messages if message.cell in dense}
    groups: dict[int | None, list[Message]] = defaultdict(list)
    for message in messages:
        groups[of_site.get(message.site)].append(message)
    return load(groups.pop(None, [])), [load(group) for group in groups.values()]


def load(messages: Sequence[Message]) -> Load:
    """Count some messages, and their sites by the channels of the first contact and the others."""
    first: dict[int, set[ChannelKind]] = defaultdict(set)
    others: dict[int, set[ChannelKind]] = defaultdict(set)
    for message in messages:
        (first if message.rank == 1 else others)[message.site].add(message.channel)
    return Load(
        Counter(message.channel for message in messages),
        Counter(
            (frozenset(first[site]), frozenset(others[site])) for site in first.keys() | others
        ),
    )
