"""What `audit verify` says: what is proven, what is not, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator

from umsalert.i18n import _, ngettext
from umsalert.model import AuditHead, Break, Fault, Verdict


def result(verdict: Verdict) -> str:
    """Return the result in one line."""
    if verdict.fault:
        return _("BROKEN at entry {n}: {what}").format(n=verdict.fault.n, what=fault(verdict.fault))
    entries = ngettext("{n} entry", "{n} entries", verdict.entries).format(n=verdict.entries)
    return _("Whole: {entries}, from number {first}; head {head}").format(
        entries=entries, first=verdict.first, head=verdict.head
    )


def fault(found: Fault) -> str:
    """Return what is wrong with an entry."""
    return {
        Break.ALTERED: _("it was altered after it was written."),
        Break.REMOVED: _("it was removed, and perhaps others behind it."),
        Break.INSERTED: _("it was inserted later between two others."),
        Break.REORDERED: _("it does not stand where it was written: entries have changed places."),
        Break.CUT: _("it is missing, with all that followed up to the head that you gave."),
        Break.REWRITTEN: _("it is not the entry whose head you gave: the log was written anew."),
        Break.CHECKPOINT: _(
            "a purge has kept it as the last that it deleted, and that is gone or was altered."
        ),
    }[found.what]


def explanation(verdict: Verdict, kept: AuditHead | None) -> Iterator[str]:
    """Yield what is proven, what is not, and what to do next."""
    if verdict.fault:
        yield _proven_in_spite(verdict)
        yield _doubts(verdict.fault)
        yield _(
            "Next: copy the database as it is (umsalert db backup FILE), tell whoever answers for "
            "it, and compare it with older backups and with the heads that reports hold: "
            "umsalert audit verify --head N:SHA256"
        )
        return
    yield _("Proven: none of these entries was altered, removed, inserted or moved on its own.")
    if verdict.first > 1:
        yield _(
            "Not proven: what entries before number {first} said. A purge has deleted them, and "
            "kept the hash of the last."
        ).format(first=verdict.first)
    if kept is None or verdict.head_purged:
        yield _(
            "Not proven: that the newest entries were not cut off, and that the log was not "
            "written anew as a whole. Only a head that was kept elsewhere tells."
        )
        yield _(
            "Next: keep the head above where nobody who can write the database can change it, and "
            "give it here one day: --head N:SHA256"
        )
    else:
        yield _compared(verdict, kept)


def _compared(verdict: Verdict, kept: AuditHead) -> str:
    """Say what a head that fits proves."""
    newer = verdict.head.n - kept.n
    if not newer:
        return _("Proven with the head that you gave: it is the very log that ended there.")
    return ngettext(
        "Proven with the head that you gave: up to entry {kept} it is the very log that ended "
        "there. Of the entry since then, only a newer head proves it.",
        "Proven with the head that you gave: up to entry {kept} it is the very log that ended "
        "there. Of the {n} entries since then, only a newer head proves it.",
        newer,
    ).format(kept=kept.n, n=newer)


def _proven_in_spite(verdict: Verdict) -> str:
    found = verdict.fault
    if found and found.what is Break.REWRITTEN:
        return _(
            "Proven: nothing. Its entries fit each other, as those of any log that is written "
            "anew do; an older head that still fits shows how far back it is the true one."
        )
    if verdict.head.n < verdict.first:
        return _("Proven: nothing. No entry before it is sound.")
    return _(
        "Proven: entries {first} to {last} fit each other, up to head {head}. A head that was "
        "kept elsewhere shows whether they are the true ones."
    ).format(first=verdict.first, last=verdict.head.n, head=verdict.head)


def _doubts(found: Fault) -> str:
    """Say what is not proven, and how it can have come about without any ill will."""
    if found.what is Break.CUT:
        return _(
            "Not proven: what was done since. It looks the same where an older copy of the "
            "database was restored, or where the head is that of another database."
        )
    if found.what is Break.REWRITTEN:
        return _("It looks the same where the head is that of another database.")
    if found.what is Break.CHECKPOINT:
        return _("Not proven: that nothing else was deleted with what the purge has deleted.")
    return _("Not proven: that entry and any after it.")
