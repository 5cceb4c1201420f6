"""What a preview, an alert of the record and a report say alike: its area, its texts, its gaps."""

from __future__ import annotations

from collections.abc import Mapping

from umsalert.cli.output import Output, channel_name
from umsalert.i18n import _, ngettext
from umsalert.model import MessageText, OffDuty
from umsalert.words.alerts import reason_words


def show_text(text: MessageText, output: Output) -> None:
    """Print one text as it leaves."""
    title = f"{channel_name(text.channel)} ({text.language})"
    if text.parts:
        parts = ngettext("{n} part", "{n} parts", text.parts).format(n=text.parts)
        title = f"{title}, {parts}, {text.encoding}"
    output.line(f"\n── {title} ──")
    if text.subject:
        output.paragraph(_("Subject: {subject}").format(subject=text.subject))
    output.paragraph(text.body.strip())


def show_left_out(left_out: Mapping[str, int], output: Output) -> None:
    """Print who gets nothing, and why."""
    for reason, count in left_out.items():
        output.line(_("Left out: {n} × {reason}").format(n=count, reason=reason_words(reason)))


def off_duty_words(rule: OffDuty) -> str:
    """Say what an alert of the record did with sites where nobody was on duty."""
    return {
        OffDuty.SKIP: _("Sites where nobody was on duty got nothing."),
        OffDuty.INCLUDE: _("Sites where nobody was on duty were alerted all the same."),
        OffDuty.FALLBACK_CONTACT: _(
            "Of sites where nobody was on duty, only the fallback contacts were alerted."
        ),
    }[rule]


def stop_words() -> str:
    """Say what the first answer from a site does, where the template says so."""
    return _("Once somebody at a site has answered, what has not left for that site is not sent.")


def not_needed_sentence(n: int) -> str:
    """Say that messages were held back because somebody at their site had answered."""
    return ngettext(
        "{n} message was not sent: somebody at its site had answered.",
        "{n} messages were not sent: somebody at their sites had answered.",
        n,
    ).format(n=n)
