"""`umsalert reply`: what guards answered, and what one told an operator."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from umsalert.cli import completers
from umsalert.cli.context import AsJson, run_async, run_reading, session
from umsalert.cli.options import AlertRef
from umsalert.cli.output import Output, source_name
from umsalert.cli.tables import Column
from umsalert.errors import UsageError
from umsalert.i18n import _, ngettext, system_reason
from umsalert.model import Power, ReplyKind
from umsalert.words.alerts import marked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from umsalert.model import Alert, Photo
    from umsalert.ports import ReplyRow

MAX_WORDS = 500
"""Characters of what an operator types."""

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command(
    "list",
    help=_("List the answers to an alert and to its waves, or those that nobody could tie to one."),
    epilog=_("Example: umsalert reply list last"),
)
def list_replies(
    context: typer.Context,
    alert: AlertRef = "last",
    unmatched: Annotated[
        bool, typer.Option("--unmatched", help=_("Those that could be tied to no alert."))
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List answers."""
    from umsalert import wiring

    this = session(context)

    async def work() -> tuple[Alert | None, Sequence[ReplyRow], int]:
        async with wiring.open_store(this.settings) as store:
            untied = await store.answers.unmatched()
            if unmatched:
                return None, untied, 0
            found = await store.alerts.alert(alert)
            since = sum(row.received_at >= found.incident_at for row in untied)
            return found, await store.answers.of_incident(found.id), since

    of, rows, others = run_reading(work())
    output = this.output(as_json=as_json)
    if as_json:
        document = {"replies": [_document(row) for row in rows]}
        output.document({"exercise": of and of.exercise} | document)
        return
    if of and of.exercise:
        output.paragraph(_("EXERCISE: these are answers to an exercise."))
    _show(rows, of.time_zone if of else this.settings.time_zone, output)
    if unmatched and rows:
        output.say(_("To tie one to its guard: umsalert reply add ALERT REF --unmatched ID"))
    if others:
        words = ngettext(
            "{n} answer since then is tied to no alert: umsalert reply list --unmatched",
            "{n} answers since then are tied to no alert: umsalert reply list --unmatched",
            others,
        )
        output.say(words.format(n=others))


@app.command(
    help=_("Record what a guard told by telephone, or tie an unmatched answer to its guard."),
    epilog=_(
        "Example: umsalert reply add last NCE-001 sighting --text 'at the bus stop' "
        "--direction 'the station' --seen 18h22"
    ),
)
def add(
    context: typer.Context,
    alert: AlertRef,
    who: Annotated[
        str,
        typer.Argument(
            metavar="REF",
            help=_("The contact, or the site where nobody knows."),
            autocompletion=completers.guards,
        ),
    ],
    kind: Annotated[
        ReplyKind | None,
        typer.Argument(
            metavar="ANSWER",
            help=_(
                "What the guard says: sighting, locked_down, acknowledged, cannot (do what is "
                "asked) or wrong_person."
            ),
        ),
    ] = None,
    text: Annotated[str, typer.Option(metavar="TEXT", help=_("In the guard's words."))] = "",
    direction: Annotated[
        str, typer.Option(metavar="TEXT", help=_("Where the person went, of a sighting."))
    ] = "",
    seen: Annotated[
        str, typer.Option(metavar="TIME", help=_("When, of a sighting: 18h22. Default: now."))
    ] = "",
    unmatched: Annotated[
        int | None, typer.Option(metavar="ID", help=_("See: umsalert reply list --unmatched"))
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Record an answer."""
    from umsalert import wiring
    from umsalert.times import parse_past_moment

    this = session(context)
    if (kind is None) == (unmatched is None):
        raise UsageError(
            "reply_unclear",
            _("Say what the guard told, or which unmatched answer is theirs: one of both."),
            hint=_("One of {kinds}, or --unmatched ID.").format(kinds=", ".join(ReplyKind)),
        )
    if kind not in (None, ReplyKind.SIGHTING) and (direction or seen):
        raise UsageError(
            "not_a_sighting",
            _("--direction and --seen say where and when somebody was seen: only of a sighting."),
            hint=_("Put it into --text, or record the answer as: sighting"),
        )
    for option, words in (("--text", text), ("--direction", direction)):
        if len(words) > MAX_WORDS:
            raise UsageError(
                "words_too_long",
                _("{option} has {length} characters, {limit} are allowed.").format(
                    option=option, length=len(words), limit=MAX_WORDS
                ),
                hint=_("Shorten it to what helps the search."),
            )

    async def work() -> tuple[Alert, ReplyRow]:
        from umsalert.model import Answer, ReplySource, Tie

        async with wiring.open_store(this.settings, Power.ALERT) as store:
            found = await store.alerts.alert(alert)
            by, now = wiring.operator(this.settings), wiring.clock(this.settings).now()
            if kind is None:
                reply_id = unmatched or 0
                await store.answers.tie(reply_id, found.id, who, by)
            else:
                answer = Answer(
                    kind=kind,
                    source=ReplySource.OPERATOR,
                    raw=text,
                    occurred_at=now,
                    tie=Tie(),
                    text=text,
                    direction=direction,
                    seen_at=parse_past_moment(seen, found.time_zone, now) if seen else None,
                )
                reply_id = await store.answers.add(answer, found.id, who, by)
            rows = await store.answers.of_incident(found.id, after=reply_id - 1)
            return found, next(row for row in rows if row.id == reply_id)

    found, row = run_async(work())
    output = this.output(as_json=as_json)
    if as_json:
        output.document({"exercise": found.exercise, "reply": _document(row)})
        return
    words = _("Recorded, as answer {id} to alert {ref}:").format(id=row.id, ref=row.alert_ref)
    output.line(marked(words, exercise=found.exercise))
    _show([row], found.time_zone, output)


@app.command(
    help=_("Write the photos of an answer to files that only this account can read."),
    epilog=_("Example: umsalert reply photo 41 --output sighting.jpg"),
)
def photo(
    context: typer.Context,
    reply_id: Annotated[
        int, typer.Argument(metavar="ID", help=_("Its number, see: umsalert reply list"))
    ],
    output: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help=_("Where to: a new file. Of several photos, the second goes to FILE-2."),
        ),
    ],
) -> None:
    """Write photos."""
    from umsalert import wiring

    this = session(context)

    async def work() -> Sequence[Photo]:
        async with wiring.open_store(this.settings) as store:
            return await store.answers.photos(reply_id)

    photos = run_reading(work())
    if not photos:
        raise UsageError(
            "no_photo",
            _("There is no photo with answer {id}.").format(id=reply_id),
            hint=_("See which answers have one with: umsalert reply list"),
        )
    files = {
        output if n == 1 else output.with_stem(f"{output.stem}-{n}"): found
        for n, found in enumerate(photos, 1)
    }
    _write_new({file: found.content for file, found in files.items()})
    for file, found in files.items():
        this.output(as_json=False).line(
            _("{file}: {width} x {height} pixels").format(
                file=file, width=found.width_px, height=found.height_px
            )
        )


def _write_new(files: Mapping[Path, bytes]) -> None:
    """Write files of mode 0600, all or none. Raises UsageError where one is there or cannot be."""
    written: list[Path] = []
    path = Path()
    try:
        for path, content in files.items():
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            written.append(path)
            with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor has no path
                file.write(content)
    except OSError as error:
        for done in written:
            done.unlink(missing_ok=True)
        raise UsageError(
            "file_not_written",
            _("{file} cannot be written: {reason}.").format(file=path, reason=system_reason(error)),
            hint=_("Choose another file: none is ever overwritten."),
        ) from error


def _show(rows: Sequence[ReplyRow], zone: str, output: Output) -> None:
    if not rows:
        output.line(_("No answer."))
        return
    waves = len({row.alert_ref for row in rows}) > 1
    output.table(
        [
            *([Column(_("Alert"), whole=True)] if waves else []),
            Column(_("No."), right=True),
            Column(_("Time"), whole=True),
            Column(_("From")),
            Column(_("By")),
            Column(_("Answer"), whole=True),
            Column(_("Words")),
        ],
        [(row.alert_ref, *_line(row, zone))[not waves :] for row in rows],
    )


def _line(row: ReplyRow, zone: str) -> tuple[object, ...]:
    from umsalert.words.answers import reply_name, said

    who = f"{row.site_name} {row.contact_ref}".strip() if row.alert_ref else row.sender
    kind = reply_name(row.kind)
    return (
        row.id,
        f"{row.received_at.astimezone(ZoneInfo(zone)):%d/%m %H:%M:%S}",
        who,
        source_name(row.source),
        _("{answer} (taken back)").format(answer=kind) if row.undone_at else kind,
        said(row, zone),
    )


def _document(row: ReplyRow) -> dict[str, Any]:
    from umsalert.documents.shapes import reply_document

    return reply_document(row)
