"""What is said of a due time of a bulletin."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from umsalert import wiring
from umsalert.cli.output import local
from umsalert.i18n import _, sentences
from umsalert.words.alerts import marked

if TYPE_CHECKING:
    from umsalert.bulletins import Told
    from umsalert.cli.context import Session
    from umsalert.model import Bulletin


def line(session: Session, told: Told) -> str:
    """Return the one line about what is not well with a due time."""
    message = told.message
    if told.tried_until is not None:
        again = _("Each run-due tries it again until {time}; then it is skipped.").format(
            time=local(told.tried_until, told.bulletin.time_zone, seconds=False)
        )
        message = sentences(message, again)
    return _("{bulletin}: {message}").format(
        bulletin=head(session, told.bulletin, told.due_at), message=message
    )


def head(session: Session, bulletin: Bulletin, due: datetime, *, quiet: bool = True) -> str:
    """Name a bulletin and its due time, and where `quiet` hours move it to."""
    starts = wiring.customs(session.settings).rules(bulletin.time_zone).starts(due)
    words = (
        _("Bulletin {ref} ({template}), due {due} ({zone}), after quiet hours {starts}")
        if quiet and starts != due
        else _("Bulletin {ref} ({template}), due {due} ({zone})")
    )
    named = words.format(
        ref=bulletin.ref,
        template=bulletin.template,
        due=local(due, bulletin.time_zone, seconds=False),
        zone=bulletin.time_zone,
        starts=local(starts, bulletin.time_zone, seconds=False),
    )
    return marked(named, exercise=bulletin.exercise)


def quiet_words(session: Session, dues: Sequence[datetime], time_zone: str) -> str:
    """Say why something leaves later than it is due, of the first that does; empty: none does."""
    chosen = session.settings.bulletin
    rules = wiring.customs(session.settings).rules(time_zone)
    moved = next((due for due in dues if rules.starts(due) != due), None)
    if moved is None:
        return ""
    return _(
        "Due {due}, it waits for the end of quiet hours ({begin} to {end}) and leaves {starts}."
    ).format(
        due=local(moved, time_zone, seconds=False),
        begin=chosen.quiet_begin,
        end=chosen.quiet_end,
        starts=local(rules.starts(moved), time_zone, seconds=False),
    )
