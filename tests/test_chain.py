"""What a verification of the audit log finds, whatever is done to a chain."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from umsalert.chain import GENESIS, PURGE, link, verify
from umsalert.model import AuditEntry, AuditHead, Break, Fault

NOON = datetime(2026, 3, 17, 12, tzinfo=UTC)
TEXTS = ("operator", "action", "noun", "ref", "detail")
HASHES = ("previous_sha256", "sha256")

Chain = list[AuditEntry]
Mutation = Callable[[Chain, int, st.DataObject], Chain]


def fields(entry: AuditEntry) -> tuple[str, str, str, str, str]:
    return (entry.operator, entry.action, entry.noun, entry.ref, entry.detail)


def hashed(entry: AuditEntry, previous: AuditHead) -> AuditEntry:
    """Return the entry as it is right after `previous`."""
    own = link(previous, entry.at, fields(entry))
    return replace(entry, n=own.n, previous_sha256=previous.sha256, sha256=own.sha256)


def entry(ref: str, action: str = "site.add", detail: str = "{}") -> AuditEntry:
    return AuditEntry(0, NOON, "marie", action, "site", ref, detail, "", "")


def head_of(chain: Sequence[AuditEntry], start: AuditHead = GENESIS) -> AuditHead:
    return AuditHead(chain[-1].n, chain[-1].sha256) if chain else start


def grown(entries: Sequence[AuditEntry], start: AuditHead = GENESIS) -> Chain:
    """Return a true chain of these entries."""
    chain: Chain = []
    for item in entries:
        chain.append(hashed(item, head_of(chain, start)))
    return chain


def renumbered(chain: Sequence[AuditEntry], first: int = 1) -> Chain:
    """Return the entries with their numbers closed up, and nothing else changed."""
    return [replace(item, n=n) for n, item in enumerate(chain, first)]


TRUE = grown([entry(f"S{i}") for i in range(6)])
FAULTS = {
    "altered": ([*TRUE[:2], replace(TRUE[2], ref="S9"), *TRUE[3:]], Fault(3, Break.ALTERED)),
    "altered, hashed anew": (
        [*TRUE[:2], hashed(replace(TRUE[2], ref="S9"), head_of(TRUE[:2])), *TRUE[3:]],
        Fault(3, Break.ALTERED),
    ),
    "first altered, hashed anew": (
        [hashed(replace(TRUE[0], ref="S9"), GENESIS), *TRUE[1:]],
        Fault(1, Break.ALTERED),
    ),
    "first removed": (TRUE[1:], Fault(1, Break.REMOVED)),
    "first removed, closed up": (renumbered(TRUE[1:]), Fault(1, Break.REMOVED)),
    "one removed": ([*TRUE[:2], *TRUE[3:]], Fault(3, Break.REMOVED)),
    "one removed, closed up": (renumbered([*TRUE[:2], *TRUE[3:]]), Fault(3, Break.REMOVED)),
    "two removed, closed up": (renumbered([*TRUE[:2], *TRUE[4:]]), Fault(3, Break.REMOVED)),
    "inserted": (
        renumbered([*TRUE[:2], hashed(entry("X"), head_of(TRUE[:2])), *TRUE[2:]]),
        Fault(3, Break.INSERTED),
    ),
    "inserted without a hash": (
        renumbered([*TRUE[:2], replace(entry("X"), sha256="0" * 64), *TRUE[2:]]),
        Fault(3, Break.INSERTED),
    ),
    "swapped": (
        renumbered([*TRUE[:2], TRUE[3], TRUE[2], *TRUE[4:]]),
        Fault(3, Break.REORDERED),
    ),
    "moved to the end": (renumbered([*TRUE[:2], *TRUE[3:], TRUE[2]]), Fault(3, Break.REMOVED)),
    "moved to the front": (
        renumbered([TRUE[4], *TRUE[:4], TRUE[5]]),
        Fault(1, Break.REORDERED),
    ),
}


@pytest.mark.parametrize("what", FAULTS)
def test_the_first_broken_link_is_named(what: str) -> None:
    """The verdict says which entry is wrong and how, and where the chain is sound up to."""
    chain, fault = FAULTS[what]
    verdict = verify(chain)
    assert verdict.fault == fault
    assert verdict.head.n < len(TRUE)
    assert verdict.head in [GENESIS, *(AuditHead(item.n, item.sha256) for item in chain)]


def test_a_true_chain_is_whole() -> None:
    """Nothing is found in it, with its own head or any earlier one."""
    for kept in (None, *(AuditHead(item.n, item.sha256) for item in TRUE)):
        verdict = verify(TRUE, kept=kept)
        assert (verdict.fault, verdict.entries, verdict.head) == (None, 6, head_of(TRUE))
    assert verify([]).fault is None


def test_a_cut_tail_and_a_rewritten_chain_need_a_kept_head() -> None:
    """Without a head nobody can tell; with one both are found."""
    kept = head_of(TRUE)
    assert verify(TRUE[:4]).fault is None
    assert verify(TRUE[:4], kept=kept).fault == Fault(5, Break.CUT)
    assert verify([], kept=kept).fault == Fault(1, Break.CUT)
    anew = grown([*TRUE[:2], entry("X"), *TRUE[3:]])
    assert verify(anew).fault is None
    assert verify(anew, kept=kept).fault == Fault(6, Break.REWRITTEN)
    assert verify(grown(TRUE[1:]), kept=kept).fault == Fault(6, Break.CUT)


def purged(until: int = 3) -> tuple[Chain, AuditHead]:
    """Return what a purge leaves of a chain, and its checkpoint."""
    checkpoint = head_of(TRUE[:until])
    detail = json.dumps({"checkpoint": checkpoint.n, "sha256": checkpoint.sha256})
    purge = entry("", PURGE, detail)
    return [*TRUE[until:], *grown([purge, entry("S7")], head_of(TRUE))], checkpoint


def test_a_purge_leaves_a_chain_that_is_whole() -> None:
    """It begins after the checkpoint, and is held against every head since."""
    chain, checkpoint = purged()
    verdict = verify(chain, [checkpoint], head_of(TRUE))
    assert (verdict.fault, verdict.first, verdict.entries) == (None, 4, 5)
    assert not verdict.head_purged
    assert not verify(chain, [checkpoint], checkpoint).head_purged
    assert verify(chain, [checkpoint], head_of(TRUE[:2])).head_purged


def test_a_checkpoint_is_bound_to_the_entry_of_its_purge() -> None:
    """One that is gone, altered, moved or made up is found."""
    chain, checkpoint = purged()
    other = AuditHead(3, "f" * 64)
    assert verify(chain, []).fault == Fault(3, Break.CHECKPOINT)
    assert verify(chain, [other]).fault == Fault(3, Break.CHECKPOINT)
    for n in (1, 2, 4, 9):
        moved = AuditHead(n, checkpoint.sha256)
        assert verify(chain, [moved]).fault == Fault(3, Break.CHECKPOINT)
    assert verify(TRUE[3:], [checkpoint]).fault == Fault(3, Break.CHECKPOINT)
    assert verify(chain, [checkpoint], other).fault == Fault(3, Break.REWRITTEN)
    assert verify(chain[1:], [checkpoint]).fault == Fault(4, Break.REMOVED)
    assert verify([*TRUE[2:3], *chain], [checkpoint]).fault == Fault(3, Break.INSERTED)


def test_every_purge_has_its_checkpoint() -> None:
    """An older checkpoint counts as long as its purge is in the log."""
    chain, checkpoint = purged()
    newer = head_of(chain[:1])
    detail = json.dumps({"checkpoint": newer.n, "sha256": newer.sha256})
    again = [*chain[1:], *grown([entry("", PURGE, detail)], head_of(chain))]
    assert verify(again, [checkpoint, newer]).fault is None
    assert verify(again, [newer]).fault == Fault(3, Break.CHECKPOINT)
    assert verify(again, [checkpoint]).fault == Fault(4, Break.CHECKPOINT)


texts = st.text(max_size=8)
entries = st.builds(
    AuditEntry,
    n=st.just(0),
    at=st.integers(0, 10**9).map(lambda ms: NOON + timedelta(milliseconds=ms)),
    operator=texts,
    action=st.sampled_from(["site.add", "alert.create", PURGE]),
    noun=texts,
    ref=texts,
    detail=texts,
    previous_sha256=st.just(""),
    sha256=st.just(""),
)


def altered(chain: Chain, i: int, data: st.DataObject) -> Chain:
    """Change a text of an entry, and perhaps its hash accordingly."""
    name = data.draw(st.sampled_from(TEXTS), "field")
    text: Any = data.draw(texts.filter(lambda text: text != getattr(chain[i], name)))
    changed = replace(chain[i], **{name: text})
    if data.draw(st.booleans(), "hashed anew"):
        changed = hashed(changed, head_of(chain[:i]))
    return [*chain[:i], changed, *chain[i + 1 :]]


def hash_altered(chain: Chain, i: int, data: st.DataObject) -> Chain:
    name = data.draw(st.sampled_from(HASHES), "hash")
    before = getattr(chain[i], name)
    value: Any = ("1" if before[0] == "0" else "0") + before[1:]
    return [*chain[:i], replace(chain[i], **{name: value}), *chain[i + 1 :]]


def later(chain: Chain, i: int, data: st.DataObject) -> Chain:
    by = timedelta(milliseconds=data.draw(st.integers(1, 10**6), "ms"))
    return [*chain[:i], replace(chain[i], at=chain[i].at + by), *chain[i + 1 :]]


def removed(chain: Chain, i: int, data: st.DataObject) -> Chain:
    rest = [*chain[:i], *chain[i + 1 :]]
    return renumbered(rest) if data.draw(st.booleans(), "closed up") else rest


def inserted(chain: Chain, i: int, data: st.DataObject) -> Chain:
    return renumbered([*chain[:i], hashed(data.draw(entries), head_of(chain[:i])), *chain[i:]])


def swapped(chain: Chain, i: int, data: st.DataObject) -> Chain:
    j = data.draw(st.integers(0, len(chain) - 1), "with")
    mutated = list(chain)
    mutated[i], mutated[j] = chain[j], chain[i]
    return renumbered(mutated)


def anew(chain: Chain, i: int, data: st.DataObject) -> Chain:
    """Alter an entry and hash everything after it anew."""
    mutated = altered(chain, i, data)
    return [*mutated[:i], *grown(mutated[i:], head_of(mutated[:i]))]


def cut(chain: Chain, i: int, data: st.DataObject) -> Chain:
    return chain[:i]


@pytest.mark.parametrize(
    "mutate", [altered, hash_altered, later, removed, inserted, swapped, anew, cut]
)
@given(found=st.lists(entries, min_size=1, max_size=8), data=st.data())
def test_any_single_mutation_is_found(
    mutate: Mutation, found: list[AuditEntry], data: st.DataObject
) -> None:
    """Whatever is done to one entry of a random chain, a verification with its head finds it."""
    chain = grown(found)
    kept = head_of(chain)
    assert verify(chain, kept=kept).fault is None
    mutated = mutate(chain, data.draw(st.integers(0, len(chain) - 1), "which"), data)
    fault = verify(mutated, kept=kept).fault
    if mutated == chain:  # swapped with itself
        assert fault is None
    else:
        assert fault is not None
        assert 1 <= fault.n <= len(chain) + 1
