"""`umsalert bulletin`: what is sent by the clock."""

from __future__ import annotations

from typing import Annotated

import typer

from umsalert.cli import completers
from umsalert.cli.alert_options import (
    Channels,
    Expires,
    OffDutyRule,
    TemplateName,
    UnsaidReason,
    Values,
)
from umsalert.cli.alert_request import Typed, request
from umsalert.cli.area_options import Place
from umsalert.cli.context import AsJson, leave, run_async, run_reading, session
from umsalert.cli.options import Yes
from umsalert.errors import ExitCode, UsageError
from umsalert.i18n import _
from umsalert.model import VigipirateLevel

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

Ref = Annotated[
    str,
    typer.Argument(
        metavar="BULLETIN",
        help=_("Its reference, or a part of it."),
        autocompletion=completers.bulletins,
    ),
]


@app.command(
    help=_(
        "Plan a bulletin, once or again and again; whom it reaches is found anew at each run. "
        "Nothing is sent now: `umsalert bulletin run-due` sends what is due."
    ),
    epilog=_(
        "Example: umsalert bulletin add --template vigilance --departement 06 "
        "--var message='Signalez tout colis abandonné.' --cron '0 8 * * 1' --until 2027-01-05"
    ),
)
def add(
    context: typer.Context,
    template: TemplateName,
    place: Place,
    values: Values = None,
    channel: Channels = None,
    cron: Annotated[
        str | None,
        typer.Option(
            metavar="LINE",
            help=_("When, as cron has it: '0 8 * * 1' is each Monday at 08:00."),
        ),
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help=_("Once, then: 2027-01-05T08:00."))
    ] = None,
    begin: Annotated[
        str | None,
        typer.Option("--from", metavar="DAY", help=_("Not before this day, or date and time.")),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(metavar="DAY", help=_("Not after this day, or date and time.")),
    ] = None,
    time_zone: Annotated[
        str | None,
        typer.Option(
            metavar="ZONE",
            help=_("Whose clocks count, such as America/Cayenne. Default: those of the area."),
            autocompletion=completers.time_zones,
        ),
    ] = None,
    spread: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help=_("Over how long it leaves: 4h. Default: by bulletin.people_per_hour."),
        ),
    ] = None,
    exercise: Annotated[
        bool, typer.Option("--exercise", help=_("Plan a drill: every text says EXERCICE."))
    ] = False,
    expires: Expires = None,
    off_duty: OffDutyRule = None,
    reason: UnsaidReason = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Plan a bulletin."""
    from umsalert.cli import bulletin_add

    this = session(context)
    typed = Typed(
        template,
        place=place,
        values=values,
        channels=channel,
        exercise=exercise,
        expires=expires,
        off_duty=off_duty,
    )
    when = bulletin_add.When(cron, at, begin, until, time_zone, spread)
    asked = request(this, typed, reason)
    timetable = bulletin_add.timetable(this, asked, when)
    wanted = bulletin_add.Wanted(asked, timetable, bulletin_add.spread_s(when))
    work = bulletin_add.add(this, wanted, this.output(as_json=as_json), yes=yes)
    run_async(work)


@app.command(
    "list",
    help=_("List the bulletins that will be due, with their next runs."),
    epilog=_("Example: umsalert bulletin list"),
)
def list_bulletins(
    context: typer.Context,
    everything: Annotated[
        bool, typer.Option("--all", help=_("Also those that are over or were removed."))
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List bulletins."""
    from umsalert.cli import bulletin_show

    this = session(context)
    run_reading(bulletin_show.show_list(this, this.output(as_json=as_json), over=everything))


@app.command(
    help=_("Show one bulletin: what it says and where, its next runs, and what came of the last."),
    epilog=_("Example: umsalert bulletin show bul-7k3fz"),
)
def show(context: typer.Context, bulletin: Ref, as_json: AsJson = False) -> None:
    """Show a bulletin."""
    from umsalert.cli import bulletin_show

    this = session(context)
    run_reading(bulletin_show.show_one(this, bulletin, this.output(as_json=as_json)))


@app.command(
    help=_("End a bulletin: it is not due any more. What is being sent: umsalert alert cancel"),
    epilog=_("Example: umsalert bulletin remove bul-7k3fz"),
)
def remove(context: typer.Context, bulletin: Ref, as_json: AsJson = False) -> None:
    """Remove a bulletin."""
    from umsalert import wiring
    from umsalert.cli import bulletin_show
    from umsalert.model import Bulletin, Power, RunState

    this = session(context)
    output = this.output(as_json=as_json)

    async def work() -> tuple[Bulletin, list[str]]:
        async with wiring.open_store(this.settings, Power.ALERT) as store:
            found = await store.bulletins.bulletin(bulletin)
            gone = await store.bulletins.remove(found.id, wiring.operator(this.settings))
            runs = await store.bulletins.runs(found.id, bulletin_show.LAST_SHOWN)
            begun = [run.alert_ref for run in runs if run.state is RunState.BEGUN]
            return gone, [ref for ref in begun if ref]

    removed, under_way = run_async(work())
    if as_json:
        output.document({"bulletin": bulletin_show.document(this, removed, ())})
    output.say(_("Bulletin {ref} is not sent any more.").format(ref=removed.ref))
    for ref in under_way:
        output.say(
            _("Its alert {ref} still is. To stop it: umsalert alert cancel {ref}").format(ref=ref)
        )


@app.command(
    "run-due",
    help=_(
        "Send what is due: for cron and systemd timers, every few minutes. Silent when all is well."
    ),
    epilog=_("Example: umsalert bulletin run-due --dry-run"),
)
def run_due(
    context: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=_("Say who would get what; nothing is sent."))
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Send what is due."""
    from umsalert.cli import bulletin_look

    this = session(context)
    output = this.output(as_json=as_json)
    if not (dry_run or run_reading(bulletin_look.anything(this))):
        bulletin_look.say_nothing(output)
        leave(ExitCode.OK)
    if dry_run:
        from umsalert.cli import bulletin_rehearsal

        leave(run_async(bulletin_rehearsal.rehearse(this, output)))
    from umsalert.cli import bulletin_run

    leave(run_async(bulletin_run.Running(this, output).run(), busy="sending"))


@app.command(
    help=_(
        "Show, or set, the level of the plan Vigipirate: templates say it, as {{ vigipirate }}."
    ),
    epilog=_("Example: umsalert bulletin vigipirate securite-renforcee --since 2026-11-02"),
)
def vigipirate(
    context: typer.Context,
    level: Annotated[
        VigipirateLevel | None,
        typer.Argument(metavar="LEVEL", help=_("The level from now on. Default: show it.")),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="DAY", help=_("Since when it holds. Default: now.")),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show or set the level."""
    from umsalert.cli import bulletin_show

    this = session(context)
    output = this.output(as_json=as_json)
    if level is None:
        if since:
            raise UsageError(
                "level_missing",
                _("--since belongs to a new level."),
                hint=_("Name it: {levels}").format(levels=", ".join(VigipirateLevel)),
            )
        run_reading(bulletin_show.show_level(this, output))
        return
    run_async(bulletin_show.set_level(this, level, since, output))
