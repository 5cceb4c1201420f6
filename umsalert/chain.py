"""The hash chain of the audit log: each entry's hash covers the hash of the one before."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, pairwise

from umsalert.model import AuditEntry, AuditHead, Break, Fault, Verdict

GENESIS = AuditHead(0, "0" * 64)
"""What the first entry of a database follows."""

PURGE = "db.purge"
"""The action of a purge's own entry: its detail has the number, `checkpoint`, and `sha256` of the
last entry that is gone, where any is."""

NEARBY = 1000
"""How far from its place an entry is recognised that was moved without being written anew."""

_as_json = json.JSONEncoder(separators=(",", ":")).encode  # `json.dumps` would make one each time
_as_json_text = json.encoder.encode_basestring_ascii  # what it does with a text


def link(previous: AuditHead, at: datetime, fields: tuple[str, str, str, str, str]) -> AuditHead:
    """Return the head after one more entry.

    Args:
        previous: the head before it.
        at: when it was done, aware; milliseconds count.
        fields: operator, action, noun, ref and detail, the last as JSON text.
    """
    n = previous.n + 1
    text = _as_json([n, round(at.timestamp() * 1000), *fields, previous.sha256])
    return AuditHead(n, hashlib.sha256(text.encode("ascii")).hexdigest())


def links(
    previous: AuditHead, at: datetime, fields: tuple[str, str, str, str], refs: Iterable[str]
) -> Iterator[tuple[int, str, str]]:
    """Yield number, hash and ref of each of many entries that differ in their ref only.

    Args:
        previous: the head before them.
        at: as for `link`, once for all.
        fields: operator, action, noun and detail.
        refs: one for each entry.
    """
    operator, action, noun, detail = fields
    moment = round(at.timestamp() * 1000)
    before = _as_json([moment, operator, action, noun])[1:-1]
    after = _as_json([detail])[1:-1]
    n, digest = previous.n, previous.sha256
    for ref in refs:
        n += 1
        text = f'[{n},{before},{_as_json_text(ref)},{after},"{digest}"]'
        digest = hashlib.sha256(text.encode("ascii")).hexdigest()
        yield n, digest, ref


def verify(
    entries: Iterable[AuditEntry],
    checkpoints: Sequence[AuditHead] = (),
    kept: AuditHead | None = None,
) -> Verdict:
    """Read a chain from its beginning, one entry at a time, and return its first broken link.

    Args:
        entries: in the order of their numbers.
        checkpoints: what purges have left, in the order of their numbers.
        kept: a head that was kept elsewhere. Without one, a tail that was cut off and a chain that
            was written anew from some entry on cannot be told from a true one.
    """
    walk = _Walk(checkpoints, kept)
    fault = walk.fault_of_checkpoints() or walk.along(entries) or walk.fault_at_end()
    purged = kept is not None and kept.n < walk.start.n and kept.n not in walk.checkpoints
    return Verdict(walk.start.n + 1, walk.entries, walk.previous, fault, head_purged=purged)


class _Walk:
    """One way along a chain; it remembers the last two heads and what purges say."""

    def __init__(self, checkpoints: Sequence[AuditHead], kept: AuditHead | None) -> None:
        self.checkpoints: Mapping[int, str] = {item.n: item.sha256 for item in checkpoints}
        self.start = checkpoints[-1] if checkpoints else GENESIS
        self.previous = self.start
        self.entries = 0
        self._kept = kept
        self._before: AuditHead | None = None
        self._purges: dict[int, str] = {}

    def fault_of_checkpoints(self) -> Fault | None:
        """Hold the kept head against the checkpoint of its number."""
        if self._kept is None or self._kept.n not in self.checkpoints:
            return None
        return self._against_kept(AuditHead(self._kept.n, self.checkpoints[self._kept.n]))

    def along(self, entries: Iterable[AuditEntry]) -> Fault | None:
        """Follow the chain to its end, or to the first link that is broken."""
        pairs = pairwise(chain(entries, (None,)))
        for entry, following in pairs:
            if entry is None:  # only the last one is
                break
            self.entries += 1
            head = _own(entry, self.previous)
            sound = (entry.n, entry.previous_sha256) == (head.n, self.previous.sha256)
            if not sound or entry.sha256 != head.sha256:
                rest = (item for item, _next in pairs if item is not None)
                return self._fault(entry, following, rest)
            self._note(entry)
            self._before, self.previous = self.previous, head
            if fault := self._against_kept(head):
                return fault
        return None

    def fault_at_end(self) -> Fault | None:
        """Say whether every checkpoint is what its purge says, and whether the tail is there."""
        newest = {self.start.n} if self.checkpoints else set[int]()
        for n in sorted(newest | set(self._purges)):
            if self.checkpoints.get(n) != self._purges.get(n):
                return Fault(n, Break.CHECKPOINT)
        if self._kept is not None and self._kept.n > self.previous.n:
            return Fault(self.previous.n + 1, Break.CUT)
        return None

    def _against_kept(self, head: AuditHead) -> Fault | None:
        if self._kept is None or self._kept.n != head.n or self._kept == head:
            return None
        return Fault(head.n, Break.REWRITTEN)

    def _note(self, entry: AuditEntry) -> None:
        if entry.action == PURGE and (checkpoint := _checkpoint(entry)):
            self._purges[checkpoint.n] = checkpoint.sha256

    def _fault(
        self, entry: AuditEntry, following: AuditEntry | None, rest: Iterator[AuditEntry]
    ) -> Fault:
        """Name what is wrong with the first link that does not hold."""
        due = self.previous.n + 1
        if entry.n != due:
            return self._gap(entry, chain((following,) if following else (), rest))
        place = _place(entry)
        if place is None or entry.previous_sha256 == self.previous.sha256:
            between = following and following.previous_sha256 == self.previous.sha256
            return Fault(due, Break.INSERTED if between else Break.ALTERED)
        if self._before and entry.previous_sha256 == self._before.sha256:
            return Fault(self.previous.n, Break.INSERTED)
        if place == due:
            return self._other_before()
        if (place > due and following is None) or _moved_alike(entry, following, place):
            return Fault(due, Break.REMOVED if place > due else Break.REORDERED)
        return Fault(due, Break.REORDERED)

    def _other_before(self) -> Fault:
        """Name what stands in the place of the one that a sound entry follows."""
        if self._before is not None:
            return Fault(self.previous.n, Break.ALTERED)
        if self.checkpoints:
            return Fault(self.start.n, Break.CHECKPOINT)
        return Fault(1, Break.ALTERED)

    def _gap(self, entry: AuditEntry, rest: Iterator[AuditEntry]) -> Fault:
        """Tell entries that are gone, or too many, from a checkpoint that a later purge belies."""
        if self._before is None:
            missing = AuditHead(entry.n - 1, entry.previous_sha256)
            purges = (item for item in chain((entry,), rest) if item.action == PURGE)
            if any(_checkpoint(item) == missing for item in purges):
                return Fault(missing.n, Break.CHECKPOINT)
        if entry.n <= self.previous.n:
            return Fault(entry.n, Break.INSERTED)
        return Fault(self.previous.n + 1, Break.REMOVED)


def _own(entry: AuditEntry, previous: AuditHead) -> AuditHead:
    """Return the head that an entry would be after `previous`."""
    fields = (entry.operator, entry.action, entry.noun, entry.ref, entry.detail)
    return link(previous, entry.at, fields)


def _place(entry: AuditEntry) -> int | None:
    """Return under which number near its own the entry is whole, None: it was altered."""
    near = sorted(
        range(max(1, entry.n - NEARBY), entry.n + NEARBY + 1), key=lambda n: abs(n - entry.n)
    )
    for n in near:
        if _own(entry, AuditHead(n - 1, entry.previous_sha256)).sha256 == entry.sha256:
            return n
    return None


def _moved_alike(entry: AuditEntry, following: AuditEntry | None, place: int) -> bool:
    """Say whether the next entry has moved as far as this one, which stood at `place`."""
    if following is None:
        return False
    then = _place(following)
    return then is not None and then - following.n == place - entry.n


def _checkpoint(entry: AuditEntry) -> AuditHead | None:
    """Return the checkpoint that the entry of a purge names; it may have cut nothing off."""
    with contextlib.suppress(ValueError, TypeError, KeyError):
        detail = json.loads(entry.detail)
        return AuditHead(int(detail["checkpoint"]), str(detail["sha256"]))
    return None
