"""The incident that an alert belongs to, as the report of it shows it on a terminal."""

from __future__ import annotations

from umsalert.cli.output import Output
from umsalert.documents.timeline import clock, sentence
from umsalert.i18n import ngettext
from umsalert.incidents import Incident
from umsalert.model import ReplyKind

ANSWERS_SHOWN = 10
"""First answers of sites; sightings are all shown."""


def show(incident: Incident, output: Output) -> None:
    """Print what happened, one moment a line."""
    shown = 0
    left_out = 0
    for moment in incident.moments():
        if moment.reply is not None and moment.reply.kind is not ReplyKind.SIGHTING:
            shown += 1
            if shown > ANSWERS_SHOWN:
                left_out += 1
                continue
        at = clock(moment.at, incident)
        output.paragraph(f"{at}  {sentence(moment, incident)}", hang=" " * (len(at) + 2))
    if left_out:
        output.paragraph(
            ngettext(
                "… and the first answer of {n} more site; --json lists it.",
                "… and the first answers of {n} more sites; --json lists them.",
                left_out,
            ).format(n=left_out)
        )
