"""Which answer of a guard counts, and which of a site: the last word, and the best.

A guard's last answer wins. Only a bare "received" by another way takes nothing back: who has
reported a sighting by the link and then confirms the call has still seen somebody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from umsalert.model import READ_BY_SITE, ChannelKind, ReplyKind, ReplySource

if TYPE_CHECKING:
    from umsalert.ports import ReplyRow

_ORDER = tuple(ReplyKind)


def speaks_for_site(kind: ReplyKind, source: ReplySource, channel: ChannelKind | None) -> bool:
    """Say whether an answer to a message of `channel` shows that its site has read the alert.

    One by the link of an e-mail does not: mail scanners follow links, and some press what they
    find.
    """
    scanned = source is ReplySource.LINK and channel is ChannelKind.EMAIL
    return kind in READ_BY_SITE and not scanned


def of_guards(replies: Iterable[ReplyRow]) -> Mapping[tuple[str, str], ReplyRow]:
    """Return the answer that counts by site and contact; `replies` come oldest first.

    What was taken back counts for nothing. A site that phoned in is a guard without a name.
    """
    standing: dict[tuple[str, str], ReplyRow] = {}
    for reply in replies:
        guard = (reply.site_ref, reply.contact_ref)
        before = standing.get(guard)
        if reply.undone_at is None and not (before and _only_confirms(reply, before)):
            standing[guard] = reply
    return standing


def of_sites(replies: Iterable[ReplyRow]) -> Mapping[str, ReplyRow]:
    """Return the best of the answers that count, by site: the first of equals."""
    best: dict[str, ReplyRow] = {}
    for reply in of_guards(replies).values():
        other = best.get(reply.site_ref)
        if other is None or _rank(reply) < _rank(other):
            best[reply.site_ref] = reply
    return best


def _only_confirms(reply: ReplyRow, before: ReplyRow) -> bool:
    return (
        reply.kind is ReplyKind.ACKNOWLEDGED
        and before.kind in (ReplyKind.SIGHTING, ReplyKind.LOCKED_DOWN)
        and reply.source is not before.source
    )


def _rank(reply: ReplyRow) -> tuple[int, int]:
    return _ORDER.index(reply.kind), reply.id
