"""The tables of a report's page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from umsalert.documents import score as sheet
from umsalert.documents.page.standings import Standing, standing_name, standing_of
from umsalert.geo.units import format_away
from umsalert.i18n import _, ngettext, titled
from umsalert.model import SHARES, ChannelKind, DeliveryState
from umsalert.words.answers import said
from umsalert.words.codes import code_words
from umsalert.words.deliveries import channel_name, state_name
from umsalert.words.times import duration

if TYPE_CHECKING:
    from umsalert.documents.page.sites import Survey
    from umsalert.model import MessageText
    from umsalert.ports import DeliveryRow
    from umsalert.reports import AlertReport
    from umsalert.scores import Score

REPEATED_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Row:
    """Cells, the first of which heads the row; `standing` is its mark, where it has one."""

    cells: Sequence[str]
    standing: Standing | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table: of each column its title and whether it holds numbers; `note` stands below."""

    caption: str
    columns: Sequence[tuple[str, bool]]
    rows: Sequence[Row]
    note: str = ""


def speed(report: AlertReport) -> Table:
    """Return what was estimated before the alert left, beside what happened."""
    expected = report.alert.expected
    parts: Sequence[tuple[str, Mapping[int, float], Mapping[int, float | None]]] = (
        (_("Messages"), expected.messages_s if expected else {}, report.accepted_s),
        (_("Sites"), expected.sites_s if expected else {}, report.sites_accepted_s),
    )
    return Table(
        _("The estimate against the truth"),
        [
            (_("Of all"), False),
            (_("Share"), True),
            (_("Estimated"), True),
            (_("Accepted"), True),
        ],
        [
            Row([what, f"{share} %", duration(before.get(share)), duration(after.get(share))])
            for what, before, after in parts
            for share in SHARES
        ],
    )


def channels(report: AlertReport) -> Table:
    """Return how many messages of each channel have come how far."""
    states = [
        state
        for state in DeliveryState
        if state not in (DeliveryState.ACCEPTED, DeliveryState.DELIVERED)
        and any(channel.states.get(state) for channel in report.channels)
    ]
    return Table(
        _("By channel"),
        [
            (_("Channel"), False),
            (_("Messages"), True),
            (_("Accepted"), True),
            (_("Delivered"), True),
            (_("Acknowledged"), True),
            *((state_name(state, 2).capitalize(), True) for state in states),
        ],
        [
            Row(
                [
                    channel_name(channel.channel),
                    str(channel.deliveries),
                    str(channel.accepted),
                    str(channel.delivered),
                    str(channel.acknowledged),
                    *(str(channel.states.get(state, 0)) for state in states),
                ]
            )
            for channel in report.channels
        ],
    )


def sites(survey: Survey, time_zone: str) -> Table:
    """Return site by site how far the alert has come, the unreached first."""
    zone = ZoneInfo(time_zone)
    rows = []
    for site in survey.shown():
        answer, standing = site.answer, standing_of(site)
        words = said(answer, time_zone) if answer else ""
        at = f"{answer.received_at.astimezone(zone):%H:%M:%S}" if answer else ""
        rows.append(
            Row(
                [
                    site.name,
                    site.ref,
                    format_away(site.distance_m),
                    standing_name(standing),
                    " ".join(part for part in (at, words) if part),
                    f"{site.deliveries} / {site.accepted} / {site.delivered}",
                ],
                standing,
            )
        )
    more = survey.left_out
    note = ngettext(
        "{n} more site is in the CSV and JSON of this report.",
        "{n} more sites are in the CSV and JSON of this report.",
        more,
    ).format(n=more)
    return Table(
        _("Sites, those that nobody has reached first"),
        [
            (_("Site"), False),
            (_("Ref"), False),
            (_("Distance"), True),
            (_("State"), False),
            (_("Answer"), False),
            (_("Messages / accepted / delivered"), True),
        ],
        rows,
        note if more else "",
    )


def score(found: Score) -> tuple[Sequence[str], Sequence[Table]]:
    """Return the score sheet of an exercise: sentences, then whom to look after."""
    lines = [
        titled(_("Sites"), sheet.share_words(found.sites)),
        titled(_("People"), sheet.share_words(found.people)),
    ]
    if found.answered.median_s is None:
        lines.append(_("No site has acknowledged."))
    else:
        lines.append(titled(_("Acknowledged"), sheet.answered_words(found)))
    if found.earlier is not None:
        words = sheet.share_words(found.earlier.sites)
        lines.append(
            titled(_("The exercise before, {ref}").format(ref=found.earlier.alert_ref), words)
        )
    silent = Table(
        _("Sites that have not acknowledged, the worst first"),
        [(_("Site"), False), (_("Ref"), False), (_("State"), False)],
        [Row([site.name, site.ref, sheet.silence_words(site.why)]) for site in found.silent],
    )
    mends = Table(
        _("Addresses to mend"),
        [
            (_("Contact"), False),
            (_("Channel"), False),
            (_("What is wrong"), False),
            (_("Command"), False),
        ],
        [
            Row([mend.contact_ref, sheet.channel_words(mend), sheet.mend_words(mend), mend.command])
            for mend in found.to_mend
            if not mend.mended
        ],
    )
    return lines, (silent, mends)


def errors(report: AlertReport) -> Table:
    """Return the codes of deliveries in words, the most frequent first."""
    return Table(
        _("Codes of messages, the most frequent first"),
        [(_("Code"), False), (_("What it means"), False), (_("Messages"), True)],
        [Row([code, code_words(code), str(count)]) for code, count in report.codes.items()],
    )


def repeated(found: Iterable[DeliveryRow]) -> Table:
    """Return who may have the same message more than once."""
    return Table(
        _("May have arrived more than once: sent again before anybody knew"),
        [(_("Contact"), False), (_("Channel"), False), (_("At most"), True)],
        [
            Row([row.contact_ref, channel_name(row.channel), str(row.copies_at_most)])
            for row in islice(found, REPEATED_SHOWN)
        ],
    )


def texts(found: Sequence[MessageText]) -> Iterator[tuple[str, str, MessageText]]:
    """Yield what was sent: the channel and language in words, the language, the text."""
    for text in found:
        name = f"{channel_name(text.channel)} ({text.language})"
        if text.channel is ChannelKind.SMS:
            parts = ngettext("{n} part", "{n} parts", text.parts).format(n=text.parts)
            name = f"{name}, {parts}, {text.encoding}"
        yield name, text.language, text
