"""`umsalert audit`: who did what, and whether that record is whole."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from umsalert.cli import audit_words
from umsalert.cli.context import AsJson, leave, run_async, session
from umsalert.cli.output import Output, local
from umsalert.cli.tables import Column
from umsalert.errors import ExitCode, UsageError
from umsalert.i18n import _
from umsalert.model import AuditEntry, AuditHead, Verdict

if TYPE_CHECKING:
    from umsalert.ports import AuditLog, Wanted

PAGE = 1000
"""Entries read at a time, however long the log is; a table has so many lines at most."""

_HEAD = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})")

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command(
    help=_("List who did what, newest first: every change of the register and every alert."),
    epilog=_("Example: umsalert audit log --since 2026-03-01 --operator marie --noun site"),
)
def log(
    context: typer.Context,
    since: Annotated[
        str | None,
        typer.Option(metavar="TIME", help=_("From then on: 18:07, or ISO 8601: 2026-03-14.")),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help=_("Before then, written in the same way."))
    ] = None,
    operator: Annotated[
        str | None, typer.Option(metavar="ACCOUNT", help=_("What this account did."))
    ] = None,
    action: Annotated[
        str | None, typer.Option(metavar="ACTION", help=_("What was done, such as alert.create."))
    ] = None,
    noun: Annotated[
        str | None, typer.Option(metavar="NOUN", help=_("What it was done to, such as contact."))
    ] = None,
    ref: Annotated[
        str | None,
        typer.Option(metavar="REF", help=_("What was done to this alert, site or contact.")),
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help=_("How many at most; 0: all of them."))] = 100,
    as_json: Annotated[
        bool, typer.Option("--json", help=_("Print one line of JSON for each entry."))
    ] = False,
) -> None:
    """List entries."""
    from umsalert import wiring
    from umsalert.ports import Wanted

    this = session(context)
    output = this.output(as_json=as_json)
    zone, now = this.settings.time_zone, wiring.clock(this.settings).now()
    wanted = Wanted(
        since=_moment(since, zone, now),
        until=_moment(until, zone, now),
        operator=operator,
        action=action,
        noun=noun,
        ref=ref,
    )

    async def work() -> int:
        shown = 0
        async with wiring.open_store(this.settings) as store:
            async for entries in _pages(store.audit, wanted, limit):
                _show(entries, zone, output)
                shown += len(entries)
        return shown

    shown = run_async(work())
    if not shown:
        output.say(_("No entry fits."))
    elif shown == limit:
        output.say(_("There may be more: --limit 0 shows all."))


@app.command(
    help=_(
        "Read the whole log and prove that nothing in it was altered, removed, reordered or "
        "inserted. Exit code 4, and the first broken link, where something was."
    ),
    epilog=_("Example: umsalert audit verify --head 4711:9f86d081884c7d65..."),
)
def verify(
    context: typer.Context,
    head: Annotated[
        str | None,
        typer.Option(
            metavar="N:SHA256",
            help=_(
                "A head that was kept elsewhere, from a report or from `audit head`: a tail that "
                "was cut off and a log that was written anew are found with it only."
            ),
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Verify the chain."""
    from umsalert import wiring

    this = session(context)
    output = this.output(as_json=as_json)
    kept = None if head is None else _head(head)

    async def work() -> Verdict:
        async with wiring.open_store(this.settings) as store:
            return await store.audit.verify(kept)

    verdict = run_async(work())
    if as_json:
        output.document(_document(verdict, kept))
    else:
        output.line(audit_words.result(verdict))
        for sentence in audit_words.explanation(verdict, kept):
            output.say(sentence)
    if verdict.fault:
        leave(ExitCode.INVALID)
    if verdict.head_purged:
        raise UsageError(
            "head_purged",
            _(
                "The head that you gave cannot be compared: entry {n} was purged since. The log is "
                "whole in itself."
            ).format(n=kept.n if kept else 0),
            hint=_(
                "Give a newer head, such as that of the newest report. Keep one after each purge: "
                "umsalert audit head"
            ),
        )


@app.command(
    "head",
    help=_(
        "Print the newest link of the log as N:SHA256. Kept where nobody who can write the "
        "database can change it, it shows later whether the log was cut or written anew."
    ),
    epilog=_("Example: umsalert audit head | mail -s 'umsalert head' archive@police.example"),
)
def show_head(context: typer.Context, as_json: AsJson = False) -> None:
    """Print the head."""
    from umsalert import wiring

    this = session(context)
    output = this.output(as_json=as_json)

    async def work() -> AuditHead:
        async with wiring.open_store(this.settings) as store:
            return await store.audit.head()

    head = run_async(work())
    if as_json:
        output.document({"n": head.n, "sha256": head.sha256})
    else:
        output.line(str(head))


async def _pages(
    audit: AuditLog, wanted: Wanted, limit: int
) -> AsyncIterator[Sequence[AuditEntry]]:
    """Yield what fits, newest first, a page at a time."""
    left, before = limit, None
    while True:
        size = min(PAGE, left) if limit else PAGE
        entries = await audit.page(wanted, size, before)
        if entries:
            yield entries
        left -= len(entries)
        if len(entries) < size or left == 0:
            return
        before = entries[-1].n


def _show(entries: Sequence[AuditEntry], zone: str, output: Output) -> None:
    if output.as_json:
        for entry in entries:
            output.event({"event": "entry", **_entry(entry)})
        return
    output.table(
        [
            Column(_("No."), right=True),
            Column(_("Time"), whole=True),
            Column(_("By")),
            Column(_("Done")),
            Column(_("Ref"), whole=True),
            Column(_("Detail")),
        ],
        [
            (e.n, local(e.at, zone), e.operator, e.action, e.ref, _detail_words(e.detail))
            for e in entries
        ],
    )


def _entry(entry: AuditEntry) -> dict[str, Any]:
    return {
        "n": entry.n,
        "at": entry.at,
        "operator": entry.operator,
        "action": entry.action,
        "noun": entry.noun,
        "ref": entry.ref,
        "detail": _detail(entry.detail),
        "previous_sha256": entry.previous_sha256,
        "sha256": entry.sha256,
    }


def _detail(text: str) -> Any:  # noqa: ANN401 - each action has a detail of its own
    try:
        return json.loads(text)
    except ValueError:  # somebody has altered it: `verify` says so
        return text


def _detail_words(text: str) -> str:
    detail = _detail(text)
    if not isinstance(detail, dict):
        return text
    return ", ".join(f"{name}={_value(value)}" for name, value in detail.items())


def _value(value: object) -> str:
    """Return a value of a detail; of a hash its beginning is enough for eyes."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"{text[:12]}…" if re.fullmatch(r"[0-9a-f]{64}", text) else text


def _document(verdict: Verdict, kept: AuditHead | None) -> dict[str, Any]:
    fault = verdict.fault
    return {
        "whole": fault is None,
        "first": verdict.first,
        "entries": verdict.entries,
        "head": str(verdict.head),
        "compared_with": kept and str(kept),
        "head_purged": verdict.head_purged,
        "broken": fault
        and {"n": fault.n, "what": fault.what.value, "message": audit_words.fault(fault)},
    }


def _head(text: str) -> AuditHead:
    found = _HEAD.fullmatch(text.strip().lower())
    if found is None:
        raise UsageError(
            "head_invalid",
            _("{text!r} is not the head of an audit log.").format(text=text),
            hint=_("Give it as `umsalert audit head` and the reports print it: N:SHA256."),
        )
    return AuditHead(int(found[1]), found[2])


def _moment(text: str | None, zone: str, now: datetime) -> datetime | None:
    """Return a moment as typed; a date may be one that is still to come."""
    from umsalert.times import parse_past_moment

    if text is None:
        return None
    latest = datetime.max.replace(tzinfo=now.tzinfo) if "-" in text else now
    return parse_past_moment(text, zone, latest)
