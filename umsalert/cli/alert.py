"""`umsalert alert`: preview, send, approve, resume, what comes after, cancel, list, show."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from umsalert.cli import alert_later, completers
from umsalert.cli.alert_options import Follow, UnsaidReason
from umsalert.cli.alert_request import Typed, request
from umsalert.cli.context import AsJson, leave, run_async, run_reading, session
from umsalert.cli.options import AlertRef, Yes
from umsalert.errors import ExitCode
from umsalert.i18n import _, ngettext
from umsalert.times import parse_duration

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command(
    help=_("Show who would get what; nothing is sent."),
    epilog=_(
        "Example: umsalert alert preview --lat 43.7005 --lon 7.2683 --radius 800m "
        "--template search-person --var description='man, 1.80 m, red jacket' "
        "--var last_seen='place Masséna'"
    ),
)
def preview(
    context: typer.Context,
    typed: Typed,
    as_json: AsJson = False,
) -> None:
    """Show the plan of an alert."""
    from umsalert import wiring
    from umsalert.cli import alert_preview
    from umsalert.selection import Plan

    this = session(context)
    output = this.output(as_json=as_json)
    asked = request(this, typed)

    async def work() -> Plan:
        async with wiring.open_store(this.settings) as store:
            foreseen = await store.alerts.foresee(wiring.clock(this.settings).now())
            planner = wiring.planner(this.settings, store)
            plan = await planner.plan(asked)
            if foreseen:
                output.say(alert_preview.foreseen_words(foreseen))
            if as_json:
                output.document(alert_preview.document(plan))
            else:
                alert_preview.show(plan, await planner.others(plan), output)
            return plan

    plan = run_async(work())
    leave(ExitCode.OK if plan.selection.contacts else ExitCode.NOBODY_MATCHED)


@app.command(
    help=_("Alert everyone vetted and on duty in an area, after a preview and a confirmation."),
    epilog=_(
        "Example: umsalert alert send --lat 43.7005 --lon 7.2683 --radius 800m "
        "--template search-person --var description='man, 1.80 m, red jacket' "
        "--var last_seen='place Masséna' --incident-time 18:07"
    ),
)
def send(
    context: typer.Context,
    typed: Typed,
    reason: UnsaidReason = "",
    idempotency_key: Annotated[
        str | None,
        typer.Option(metavar="KEY", help=_("A second send with the same key sends nothing.")),
    ] = None,
    follow: Follow = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Send an alert."""
    from umsalert.cli import alert_send

    this = session(context)
    manner = alert_send.Manner(yes=yes, follow=_length(follow))
    asked = request(this, typed, reason, idempotency_key)
    work = alert_send.send(this, asked, manner, this.output(as_json=as_json))
    leave(run_async(work, busy="sending"))


@app.command(
    help=_("Go on with an alert that was interrupted."),
    epilog=_("Example: umsalert alert resume last"),
)
def resume(
    context: typer.Context,
    alert: AlertRef,
    resend_unknown: Annotated[
        bool,
        typer.Option("--resend-unknown", help=_("Also repeat what may already have left.")),
    ] = False,
    follow: Follow = None,
    as_json: AsJson = False,
) -> None:
    """Send what is left of an alert."""
    from umsalert.cli import alert_send

    this = session(context)
    manner = alert_send.Manner(follow=_length(follow), resend_unknown=resend_unknown)
    work = alert_send.go_on(this, alert, manner, this.output(as_json=as_json))
    leave(run_async(work, busy="sending"))


@app.command(
    help=_(
        "Approve what another account has asked for: an alert above a limit of the settings is "
        "shown as it would be now, and sent after a confirmation."
    ),
    epilog=_("Example: umsalert alert approve ask-7k3fz"),
)
def approve(
    context: typer.Context,
    request_ref: Annotated[
        str | None,
        typer.Argument(
            metavar="REQUEST",
            help=_("Its reference. Default: the only one."),
            autocompletion=completers.approvals,
        ),
    ] = None,
    refuse: Annotated[
        bool, typer.Option("--refuse", help=_("Refuse it, or withdraw your own."))
    ] = False,
    waiting: Annotated[bool, typer.Option("--list", help=_("List what waits."))] = False,
    follow: Follow = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Approve a request."""
    from umsalert.cli import alert_approve, alert_send

    this = session(context)
    output = this.output(as_json=as_json)
    if waiting:
        leave(run_async(alert_approve.show_waiting(this, output)))
    if refuse:
        leave(run_async(alert_approve.refuse(this, request_ref, output)))
    manner = alert_send.Manner(yes=yes, follow=_length(follow))
    leave(run_async(alert_approve.decide(this, request_ref, manner, output), busy="sending"))


app.command(
    "follow-up",
    help=_("Send another message to people of an incident: to those who did not answer, say."),
    epilog=_(
        "Example: umsalert alert follow-up last --to unanswered --template search-person "
        "--var direction='the station'"
    ),
)(alert_later.follow_up)
app.command(
    "widen",
    help=_(
        "Alert a larger circle around the same place: those newly inside, once, and nobody twice "
        "with the same words."
    ),
    epilog=_("Example: umsalert alert widen last --radius 3km"),
)(alert_later.widen)
app.command(
    "recenter",
    help=_(
        "Alert a circle around another place, as after a sighting: those newly inside, and nobody "
        "twice with the same words."
    ),
    epilog=_("Example: umsalert alert recenter last --site NCE-001"),
)(alert_later.recenter)
app.command(
    "close",
    help=_(
        "Close an incident: stop what has not left of its alerts, and tell everyone who was "
        "alerted how it ended."
    ),
    epilog=_("Example: umsalert alert close last --outcome 'The man was arrested.'"),
)(alert_later.close)


@app.command(
    help=_("Stop an alert at once, wherever it is being sent, and correct what has left."),
    epilog=_("Example: umsalert alert cancel last"),
)
def cancel(
    context: typer.Context,
    alert: AlertRef,
    reason: UnsaidReason = "",
    correct: Annotated[
        bool | None,
        typer.Option(
            "--correct/--no-correct",
            help=_("Send the correction to those who have it, or do not offer it."),
            show_default=False,
        ),
    ] = None,
    note: Annotated[
        str, typer.Option(metavar="TEXT", help=_("One more sentence for the correction."))
    ] = "",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Cancel an alert."""
    from umsalert.cli import alert_cancel

    this = session(context)
    manner = alert_cancel.Manner(reason=reason, note=note, yes=yes, correct=correct)
    work = alert_cancel.cancel(this, alert, manner, this.output(as_json=as_json))
    leave(run_async(work, busy="sending"))


@app.command("list", help=_("List the newest alerts."), epilog=_("Example: umsalert alert list"))
def list_alerts(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, max=1000, help=_("How many."))] = 20,
    as_json: AsJson = False,
) -> None:
    """List alerts."""
    from umsalert import wiring
    from umsalert.cli import alert_show

    this = session(context)

    async def work() -> None:
        async with wiring.open_store(this.settings) as store:
            lines = await store.alerts.alerts(limit=limit)
            output = this.output(as_json=as_json)
            alert_show.show_list(lines, output)
            if waiting := len(await store.approvals.waiting()):
                output.say(
                    ngettext(
                        "{n} request waits for a second person: umsalert alert approve --list",
                        "{n} requests wait for a second person: umsalert alert approve --list",
                        waiting,
                    ).format(n=waiting)
                )

    run_reading(work())


@app.command(
    help=_("Show one alert: what was asked, what was sent, where it stands."),
    epilog=_("Example: umsalert alert show last"),
)
def show(context: typer.Context, alert: AlertRef, as_json: AsJson = False) -> None:
    """Show an alert."""
    from umsalert import wiring
    from umsalert.cli import alert_show

    this = session(context)

    async def work() -> None:
        async with wiring.open_store(this.settings) as store:
            found = await store.alerts.alert(alert)
            counts = await store.outbox.counts(found.id)
            texts = await store.record.texts(found.id)
            alert_show.show_one(found, counts, texts, this.output(as_json=as_json))

    run_reading(work())


@app.command(
    help=_("Watch an alert: its map, its numbers, its answers as they come."),
    epilog=_("Example: umsalert alert watch last --for 30m"),
)
def watch(
    context: typer.Context,
    alert: AlertRef,
    length: Annotated[
        str | None,
        typer.Option("--for", metavar="TIME", help=_("End after this long: 30m.")),
    ] = None,
    bell: Annotated[
        bool,
        typer.Option(
            "--bell/--no-bell",
            help=_("Ring the terminal's bell at each new sighting."),
        ),
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Watch an alert."""
    from umsalert.cli import alert_watch

    this = session(context)
    manner = alert_watch.Manner(bell=bell, length=_length(length))
    run_async(alert_watch.watch(this, alert, manner, this.output(as_json=as_json)))


def _length(text: str | None) -> timedelta | None:
    return None if text is None else parse_duration(text)
