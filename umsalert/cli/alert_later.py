"""What comes after an alert: `alert follow-up`, `widen`, `recenter`, `close`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from umsalert.cli.alert_options import (
    Channels,
    Expires,
    Follow,
    Key,
    OtherWords,
    TemplateName,
    UnsaidReason,
    Values,
)
from umsalert.cli.area_options import Centre
from umsalert.cli.context import AsJson, leave, run_async, session
from umsalert.cli.options import AlertRef, Yes
from umsalert.i18n import _
from umsalert.model import Audience
from umsalert.times import parse_duration

if TYPE_CHECKING:
    from umsalert.cli.alert_follow import Goal


def follow_up(
    context: typer.Context,
    alert: AlertRef,
    to: Annotated[
        Audience,
        typer.Option(
            "--to",
            help=_(
                "Which people of the incident: unreached, whom nothing has reached; unanswered, "
                "who gave no answer; acknowledged or sighting, whose last answer is one; all."
            ),
        ),
    ],
    template: TemplateName,
    values: Values = None,
    channel: Channels = None,
    expires: Expires = None,
    reason: UnsaidReason = "",
    idempotency_key: Key = None,
    follow: Follow = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Send another message to people of an incident."""
    from umsalert.cli.alert_follow import people

    typed = OtherWords(
        template, values, channel, expires, reason=reason, idempotency_key=idempotency_key
    )
    _send(context, (alert, people(to), typed), (follow, yes), as_json=as_json)


def widen(
    context: typer.Context,
    alert: AlertRef,
    radius: Annotated[
        str, typer.Option("--radius", metavar="DISTANCE", help=_("Larger than before: 3km."))
    ],
    typed: OtherWords,
    follow: Follow = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Alert a larger circle."""
    from umsalert.cli.alert_follow import larger

    _send(context, (alert, larger(radius), typed), (follow, yes), as_json=as_json)


def recenter(
    context: typer.Context,
    alert: AlertRef,
    centre: Centre,
    typed: OtherWords,
    follow: Follow = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Alert a circle around another place."""
    from umsalert.cli.alert_follow import elsewhere

    _send(context, (alert, elsewhere(centre), typed), (follow, yes), as_json=as_json)


def close(
    context: typer.Context,
    alert: AlertRef,
    outcome: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help=_("How it ended: the message says it word for word.")),
    ] = None,
    no_message: Annotated[
        bool, typer.Option("--no-message", help=_("Close it, and tell nobody."))
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Close an incident."""
    from umsalert.cli import alert_close

    this = session(context)
    manner = alert_close.Manner(outcome, message=not no_message, yes=yes)
    work = alert_close.close(this, alert, manner, this.output(as_json=as_json))
    leave(run_async(work, busy="sending"))


def _send(
    context: typer.Context,
    what: tuple[str, Goal, OtherWords],
    how: tuple[str | None, bool],
    *,
    as_json: bool,
) -> None:
    from umsalert.cli import alert_follow, alert_send

    this = session(context)
    follow, yes = how
    length = None if follow is None else parse_duration(follow)
    order = alert_follow.Order(*what, alert_send.Manner(yes=yes, follow=length))
    leave(run_async(alert_follow.send(this, order, this.output(as_json=as_json)), busy="sending"))
