"""Options of an alert, which `bulletin` and `template` take too."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import typer

from umsalert.cli import completers
from umsalert.i18n import _
from umsalert.model import ChannelKind, OffDuty

_TEMPLATE = _("See: umsalert template list")
TemplateArgument = Annotated[
    str,
    typer.Argument(metavar="NAME", help=_TEMPLATE, autocompletion=completers.templates),
]
TemplateName = Annotated[
    str,
    typer.Option("--template", metavar="NAME", help=_TEMPLATE, autocompletion=completers.templates),
]
OtherTemplate = Annotated[
    str | None,
    typer.Option(
        "--template",
        metavar="NAME",
        help=_("Other words. Default: the alert's."),
        autocompletion=completers.templates,
    ),
]
Values = Annotated[
    list[str] | None,
    typer.Option(
        "--var",
        metavar="NAME=TEXT",
        help=_("A value of the template; repeatable."),
        autocompletion=completers.variables,
    ),
]
OtherValues = Annotated[
    list[str] | None,
    typer.Option(
        "--var",
        metavar="NAME=TEXT",
        help=_("A value in place of the alert's; repeatable."),
        autocompletion=completers.variables,
    ),
]
Channels = Annotated[
    list[ChannelKind] | None,
    typer.Option("--channel", help=_("Only this channel; repeatable. Default: the template's.")),
]
Exercise = Annotated[
    bool,
    typer.Option("--exercise", help=_("Mark every text EXERCICE; it can never become live.")),
]
IncidentTime = Annotated[
    str | None,
    typer.Option(
        "--incident-time", metavar="TIME", help=_("When it happened: 18:07, or ISO 8601.")
    ),
]
Expires = Annotated[
    str | None,
    typer.Option("--expires", metavar="TIME", help=_("Nothing leaves after this long: 30m, 2h.")),
]
OffDutyRule = Annotated[
    OffDuty | None,
    typer.Option(
        "--off-duty",
        help=_(
            "A site where nobody is on duty now: skip it, include its contacts all the same, or "
            "only its fallback contacts. Default: the setting alert.off_duty."
        ),
    ),
]
SameOffDuty = Annotated[
    OffDuty | None,
    typer.Option(
        "--off-duty",
        help=_(
            "A site where nobody is on duty now: skip it, include its contacts all the same, or "
            "only its fallback contacts. Default: as the alert did."
        ),
    ),
]
UnsaidReason = Annotated[
    str,
    typer.Option("--reason", help=_("Why, for the record only: no message ever says it.")),
]
Key = Annotated[
    str | None,
    typer.Option(
        "--idempotency-key",
        metavar="KEY",
        help=_("A second time with the same key sends nothing."),
    ),
]
KEY_EXAMPLE = "pc-2027-0117"
Follow = Annotated[
    str | None,
    typer.Option(
        "--follow", metavar="TIME", help=_("Stay this long for receipts and answers: 5m.")
    ),
]


class OtherWords(NamedTuple):
    """Words of a wave, as typed, and how they leave. None: as of the alert."""

    template: OtherTemplate = None
    values: OtherValues = None
    channels: Channels = None
    expires: Expires = None
    off_duty: SameOffDuty = None
    reason: UnsaidReason = ""
    idempotency_key: Key = None
