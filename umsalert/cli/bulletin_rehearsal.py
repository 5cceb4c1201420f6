"""`bulletin run-due --dry-run`: what would be done now, and to whom it would go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from umsalert import wiring
from umsalert.cli.bulletin_words import head, line
from umsalert.cli.output import Output, channel_name, local, utc
from umsalert.errors import ExitCode
from umsalert.i18n import _, titled
from umsalert.model import Power
from umsalert.words import counts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from umsalert.bulletins import Intended, Outlook
    from umsalert.cli.context import Session
    from umsalert.model import Bulletin


async def rehearse(session: Session, output: Output) -> ExitCode:
    """Say who would get what is due now; change nothing."""
    settings = session.settings
    async with wiring.open_store(settings, Power.ALERT) as store:
        outlook = await wiring.bulletins(settings, store).outlook()
        coming = await store.bulletins.bulletins()
    if output.as_json:
        output.document(_document(outlook))
        return ExitCode.OK
    for told in outlook.told:
        output.say(line(session, told))
    for intended in outlook.plans:
        output.paragraph(_intended_words(session, intended))
    for waiting in outlook.waiting:
        bulletin = waiting.bulletin
        output.paragraph(
            _("{bulletin}: it waits for the end of quiet hours and leaves {time}").format(
                bulletin=head(session, bulletin, waiting.due_at, quiet=False),
                time=local(waiting.starts_at, bulletin.time_zone, seconds=False),
            )
        )
    for bulletin, run in outlook.under_way:
        output.paragraph(
            _("{bulletin}: alert {ref} is being sent, or would be gone on with").format(
                bulletin=head(session, bulletin, run.due_at), ref=run.alert_ref
            )
        )
    if not (outlook.told or outlook.plans or outlook.waiting or outlook.under_way):
        output.say(_nothing_due(session, coming))
    return ExitCode.OK


def _intended_words(session: Session, intended: Intended) -> str:
    selection = intended.plan.selection
    by_channel = ", ".join(
        f"{n} {channel_name(kind, n)}" for kind, n in selection.deliveries.items()
    )
    whom = counts.people_at_sites(selection.contacts, len(selection.sites))
    return titled(head(session, intended.bulletin, intended.due_at), titled(whom, by_channel))


def _document(outlook: Outlook) -> dict[str, Any]:
    return {
        "would_send": [
            {
                "bulletin": it.bulletin.ref,
                "due_at": utc(it.due_at),
                "people": it.plan.selection.contacts,
                "sites": [site.ref for site in it.plan.selection.sites],
                "deliveries": {kind.value: n for kind, n in it.plan.selection.deliveries.items()},
                "left_out": dict(it.plan.selection.left_out),
            }
            for it in outlook.plans
        ],
        "would_wait": [
            {
                "bulletin": it.bulletin.ref,
                "due_at": utc(it.due_at),
                "starts_at": utc(it.starts_at),
            }
            for it in outlook.waiting
        ],
        "would_go_on": [
            {"bulletin": bulletin.ref, "due_at": utc(run.due_at), "alert": run.alert_ref}
            for bulletin, run in outlook.under_way
        ],
        "would_skip": [
            {
                "bulletin": told.bulletin.ref,
                "alert": None,
                "code": told.code,
                "exit_code": int(told.exit_code),
                "due_at": utc(told.due_at),
                "dues": told.dues,
                "tried_until": utc(told.tried_until),
            }
            for told in outlook.told
        ],
    }


def _nothing_due(session: Session, coming: Sequence[Bulletin]) -> str:
    following = [(item, item.next_due) for item in coming if item.next_due is not None]
    if not following:
        return _("Nothing is due, and nothing is planned.")
    return _("Nothing is due. Next: {bulletin}").format(bulletin=head(session, *following[0]))
