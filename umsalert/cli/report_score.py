"""The score sheet of an exercise on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from umsalert import scores
from umsalert.cli.output import Output, local
from umsalert.documents import score as sheet
from umsalert.i18n import _, ngettext

if TYPE_CHECKING:
    from umsalert.model import Alert
    from umsalert.scores import Score
    from umsalert.store.store import Store

SILENT_SHOWN = 15
MENDS_SHOWN = 15


def show(score: Score, time_zone: str, output: Output) -> None:
    """Print how an exercise went."""
    output.paragraph(_("SCORE OF THE EXERCISE {ref}").format(ref=score.alert_ref))
    _line(output, 1, _("Sites: {words}").format(words=sheet.share_words(score.sites)))
    _line(output, 1, _("People: {words}").format(words=sheet.share_words(score.people)))
    if score.answered.median_s is None:
        _line(output, 1, _("No site has acknowledged."))
    else:
        words = sheet.answered_words(score)
        _line(output, 1, _("Acknowledged: {words}").format(words=words))
        _line(output, 1, _("The slowest:"))
        for slow in score.slowest:
            _line(output, 2, sheet.site_words(slow))
    _show_silent(score, output)
    _show_mends(score, output)
    _show_earlier(score, time_zone, output)


async def show_of(store: Store, alert: Alert, output: Output) -> None:
    """Read and print how an exercise went, where it is one that asks for answers."""
    if not alert.is_scored:
        return
    score = await scores.build(store.record, alert)
    if output.as_json:
        output.event(
            {"event": "score", "alert": alert.ref, "exercise": True, "score": sheet.document(score)}
        )
        return
    output.line()
    show(score, alert.time_zone, output)


def _show_silent(score: Score, output: Output) -> None:
    if not score.silent_sites:
        return
    n = score.silent_sites
    _line(
        output,
        1,
        ngettext(
            "{n} site has not acknowledged:",
            "{n} sites have not acknowledged, the worst first:",
            n,
        ).format(n=n),
    )
    for silent in score.silent[:SILENT_SHOWN]:
        _line(output, 2, sheet.site_words(silent))
    if n > SILENT_SHOWN:
        _line(
            output,
            2,
            _("… and {n} more: umsalert report {ref} --format csv").format(
                n=n - SILENT_SHOWN, ref=score.alert_ref
            ),
        )


def _show_mends(score: Score, output: Output) -> None:
    open_mends = [mend for mend in score.to_mend if not mend.mended]
    n = score.addresses
    if not n:
        _line(output, 1, _("No address is to be mended."))
        return
    _line(output, 1, ngettext("{n} address to mend:", "{n} addresses to mend:", n).format(n=n))
    for mend in open_mends[:MENDS_SHOWN]:
        words = _("{contact} by {channel}: {what}").format(
            contact=mend.contact_ref,
            channel=sheet.channel_words(mend),
            what=sheet.mend_words(mend),
        )
        _line(output, 2, words)
        output.line(f"      {mend.command}")
    shown = len(open_mends[:MENDS_SHOWN])
    if n > shown:
        _line(
            output,
            2,
            _("… and {n} more: umsalert report {ref} --json").format(
                n=n - shown, ref=score.alert_ref
            ),
        )


def _show_earlier(score: Score, time_zone: str, output: Output) -> None:
    earlier = score.earlier
    if earlier is None:
        return
    _line(
        output,
        1,
        _("The exercise here before it: {ref}, {time}").format(
            ref=earlier.alert_ref, time=local(earlier.created_at, time_zone)
        ),
    )
    _line(output, 2, _("Sites: {words}").format(words=sheet.share_words(earlier.sites)))
    if earlier.answered.median_s is not None:
        words = sheet.answered_words(earlier)
        _line(output, 2, _("Acknowledged: {words}").format(words=words))


def _line(output: Output, depth: int, text: str) -> None:
    output.paragraph(text, "  " * depth, "  " * (depth + 1))
