"""`report summary`: alerts taken together."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from umsalert import files
from umsalert.cli.context import AsJson, run_reading, session
from umsalert.cli.options import refuse_empty
from umsalert.cli.output import Output, duration, local
from umsalert.cli.output_file import (
    STDOUT,
    Force,
    format_twice,
    kind_of,
    opened,
    tell_written,
)
from umsalert.cli.report_options import STYLE, NewFile
from umsalert.cli.tables import Column
from umsalert.errors import UsageError
from umsalert.i18n import _, day_words, ngettext, titled
from umsalert.model import SHARES, GroupedBy
from umsalert.times import end_of_day, last_day, parse_day
from umsalert.words.codes import code_sentence

if TYPE_CHECKING:
    from umsalert.ports import Period
    from umsalert.summaries import Group, Summary


class Format(StrEnum):
    """What a summary is written as."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


EXERCISES_SHOWN = 20
"""The newest of them."""
_ENDS = {".json": Format.JSON, ".csv": Format.CSV}


def summary(
    context: typer.Context,
    since: Annotated[
        str | None, typer.Option(metavar="DAY", help=_("From this day on: 2026-03-14."))
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DAY", help=_("To the end of this day. Default: today."))
    ] = None,
    by: Annotated[
        GroupedBy, typer.Option(help=_("What alerts are taken together by."))
    ] = GroupedBy.TEMPLATE,
    limit: Annotated[
        int, typer.Option(min=0, help=_("How many sites and addresses are listed at most; 0: all."))
    ] = 20,
    style: Annotated[Format | None, STYLE] = None,
    file: NewFile = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Take alerts together."""
    from umsalert import summaries, wiring
    from umsalert.documents import summary as documents
    from umsalert.documents.streaming import SCHEMA_VERSION, write_json

    this = session(context)
    wanted = _wanted(style, file, as_json=as_json)
    zone = this.settings.time_zone
    period = _period(since, until, zone, wiring.clock(this.settings).now())
    if file not in (None, STDOUT) and not force:
        files.check_free(file)

    async def work() -> Summary:
        async with wiring.open_store(this.settings) as store:
            return await summaries.build(
                store.summaries,
                summaries.Question(
                    period, by, limit, lambda at: f"{at.astimezone(ZoneInfo(zone)):%Y-%m}"
                ),
            )

    found = run_reading(work())
    if wanted is Format.TABLE:
        _show(found, zone, this.output(as_json=False))
        return
    with opened(file or STDOUT, force=force) as target:
        if wanted is Format.CSV:
            documents.write_csv(target, found)
        else:
            document = {"schema_version": SCHEMA_VERSION, **documents.document(found)}
            write_json(target, document)
    if file not in (None, STDOUT):
        tell_written(file)


def _wanted(style: Format | None, file: Path | None, *, as_json: bool) -> Format:
    to_file = file not in (None, STDOUT)
    if as_json and style not in (None, Format.JSON):
        raise format_twice(style)
    asked = kind_of(Format.JSON if as_json else style, file, _ENDS)
    wanted = asked or (None if to_file else Format.TABLE)
    if wanted is None or (wanted is Format.TABLE and to_file):
        raise UsageError(
            "format_missing",
            _("What {file} is to be is not said.").format(file=file),
            hint=_("Let its name end in {ends}, or say --format.").format(ends=", ".join(_ENDS)),
        )
    return wanted


def _period(since: str | None, until: str | None, zone: str, now: datetime) -> Period:
    """Return whole days in a time zone. Raises UsageError where they are none."""
    from umsalert.ports import Period

    first = None if since is None else _day("--since", since)
    last = now.astimezone(ZoneInfo(zone)).date() if until is None else _day("--until", until)
    if first is not None and first > last:
        after = _("{since} is after {until}.").format(since=first, until=last)
        future = _("{text} is in the future ({zone}).").format(text=first, zone=zone)
        raise UsageError(
            "period_empty",
            future if until is None else after,
            hint=_("--since is the first day, --until the last one."),
        )
    begin = None if first is None else _begin_of_day(first, zone)
    return Period(begin, end_of_day(last, zone))


def _day(option: str, typed: str) -> date:
    """Return a day. Raises UsageError, which names the option."""
    refuse_empty(option, "2026-01-01", typed)
    try:
        return parse_day(typed)
    except UsageError as error:
        raise UsageError(error.code, titled(option, error.message), hint=error.hint) from error


def _begin_of_day(day: date, zone: str) -> datetime:
    # ordinals: the day before the first one that there is has no date
    if day.toordinal() <= date.min.toordinal() + 1:
        return datetime.min.replace(tzinfo=UTC)
    return end_of_day(day - timedelta(days=1), zone)


def _show(summary: Summary, zone: str, output: Output) -> None:
    """Print the summary for a person."""
    output.paragraph(_head(summary, zone))
    if summary.total.alerts:
        output.line()
        _reach_table(summary, output)
        output.line()
        _messages_table(summary, output)
        output.line()
        _times_table(summary, output)
    if summary.unreached:
        output.line()
        _unreached_table(summary, output)
    if summary.dead:
        output.line()
        _dead_table(summary, zone, output)
    if summary.exercises:
        output.line()
        _exercise_table(summary, zone, output)


def _head(summary: Summary, zone: str) -> str:
    """Say how many alerts of which days they are."""
    n, since = summary.total.alerts, summary.period.since
    until = day_words(last_day(summary.period.until, zone))
    if since is None:
        return ngettext(
            "{n} alert up to {until} ({zone}), exercises left out",
            "{n} alerts up to {until} ({zone}), exercises left out",
            n,
        ).format(n=n, until=until, zone=zone)
    return ngettext(
        "{n} alert from {since} to {until} ({zone}), exercises left out",
        "{n} alerts from {since} to {until} ({zone}), exercises left out",
        n,
    ).format(n=n, since=day_words(since.astimezone(ZoneInfo(zone)).date()), until=until, zone=zone)


def _reach_table(summary: Summary, output: Output) -> None:
    """The first of three tables, since one would break its words at 80 columns."""
    titles = (_("Alerts"), _("Incidents"), _("People"), _("Sites"), _("Reached"))
    output.table(
        [Column(_title(summary.by)), *(Column(title, right=True) for title in titles)],
        [
            (
                name,
                group.alerts,
                group.incidents,
                group.people,
                group.sites,
                group.sites_reached,
            )
            for name, group in _named(summary)
        ],
    )


def _messages_table(summary: Summary, output: Output) -> None:
    titles = (_("Messages"), _("Accepted"), _("Delivered"), _("Acknowledged"))
    output.table(
        [Column(_title(summary.by)), *(Column(title, right=True) for title in titles)],
        [
            (name, group.deliveries, group.accepted, group.delivered, group.acknowledged)
            for name, group in _named(summary)
        ],
    )


def _times_table(summary: Summary, output: Output) -> None:
    titles = (_("Fact to first SMS, median"), _("95 % within"), _("Accepted 50/95/100 %, median"))
    output.table(
        [Column(_title(summary.by)), *(Column(title, right=True) for title in titles)],
        [
            (
                name,
                duration(group.first_sms.median_s),
                duration(group.first_sms.most_s),
                " / ".join(duration(group.accepted_s[share]) for share in SHARES),
            )
            for name, group in _named(summary)
        ],
    )


def _unreached_table(summary: Summary, output: Output) -> None:
    output.paragraph(_("Sites that were reached least often:"))
    output.table(
        [
            Column(_("Site"), whole=True),
            Column(_("Name")),
            Column(_("Unreached"), right=True),
            Column(_("Alerts"), right=True),
        ],
        [(site.ref, site.name, site.unreached, site.alerted) for site in summary.unreached],
    )


def _dead_table(summary: Summary, zone: str, output: Output) -> None:
    output.paragraph(_("Addresses that messages came back from:"))
    kinds = {"phone": _("telephone"), "email": _("e-mail")}
    output.table(
        [
            Column(_("Contact"), whole=True),
            Column(_("Site"), whole=True),
            Column(_("Address")),
            Column(_("In a row"), right=True),
            Column(_("Last")),
            Column(_("What is wrong")),
        ],
        [
            (
                dead.contact_ref,
                dead.site_ref,
                kinds[dead.kind],
                dead.failures,
                day_words(dead.failed_at.astimezone(ZoneInfo(zone)).date()),
                code_sentence(dead.code),
            )
            for dead in summary.dead
        ],
    )


def _exercise_table(summary: Summary, zone: str, output: Output) -> None:
    output.paragraph(_("Exercises, which are not counted above:"))
    output.table(
        [
            Column(_("Alert"), whole=True),
            Column(_("Sent")),
            Column(_("Template")),
            Column(_("People"), right=True),
            Column(_("Sites"), right=True),
            Column(_("Acknowledged"), right=True),
        ],
        [
            (
                alert.ref,
                local(alert.created_at, zone, seconds=False),
                alert.template,
                alert.people,
                alert.sites,
                alert.acknowledged,
            )
            for alert in summary.exercises[-EXERCISES_SHOWN:]
        ],
    )
    if len(summary.exercises) > EXERCISES_SHOWN:
        more = len(summary.exercises) - EXERCISES_SHOWN
        output.line(_("  … and {n} more; --json lists them all.").format(n=more))


def _named(summary: Summary) -> list[tuple[str, Group]]:
    groups = [(group.name or _("unknown"), group) for group in summary.groups]
    return groups if len(groups) == 1 else [*groups, (_("All"), summary.total)]


def _title(by: GroupedBy) -> str:
    return {
        GroupedBy.COMMUNE: _("Commune"),
        GroupedBy.TEMPLATE: _("Template"),
        GroupedBy.OPERATOR: _("Operator"),
        GroupedBy.MONTH: _("Month"),
    }[by]
