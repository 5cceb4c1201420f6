"""Arguments and options of several nouns: the help and the completion of each stand here once.

Those of alerts are in `alert_options`, of areas in `area_options`, of reports in `report_options`,
of imports in `register`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from umsalert.cli import completers
from umsalert.errors import UsageError
from umsalert.i18n import _

AlertRef = Annotated[
    str,
    typer.Argument(
        metavar="ALERT",
        help=_("Its reference, a part of it, or: last"),
        autocompletion=completers.alerts,
    ),
]

_SITE = _("See: umsalert site list")
SiteRef = Annotated[str, typer.Argument(metavar="REF", help=_SITE, autocompletion=completers.sites)]
SiteRefs = Annotated[
    list[str], typer.Argument(metavar="REF...", help=_SITE, autocompletion=completers.sites)
]
SiteOption = Annotated[
    str,
    typer.Option("--site", metavar="REF", help=_SITE, autocompletion=completers.sites),
]
_CONTACT = _("See: umsalert contact list")
ContactRef = Annotated[
    str, typer.Argument(metavar="REF", help=_CONTACT, autocompletion=completers.contacts)
]
ContactRefs = Annotated[
    list[str], typer.Argument(metavar="REF...", help=_CONTACT, autocompletion=completers.contacts)
]
Yes = Annotated[bool, typer.Option("--yes", help=_("Do not ask."))]
YesForScripts = Annotated[bool, typer.Option("--yes", help=_("Do not ask: for scripts."))]


def refuse_empty(option: str, example: str, *values: str | None) -> None:
    """Raise UsageError when an option is given with nothing in it: a variable that is not set."""
    if any(value is not None and not value.strip() for value in values):
        raise UsageError(
            "value_empty",
            _("{option} is given, but empty.").format(option=option),
            hint=_(
                "Write what is meant, such as {option} {example}, or leave {option} out. In a "
                "script: is its variable set?"
            ).format(option=option, example=example),
        )
