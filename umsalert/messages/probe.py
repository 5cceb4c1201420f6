"""The words of `channel test`: fixed, so that a probe can never carry an alert."""

from __future__ import annotations

from umsalert.i18n import _, language
from umsalert.messages import gsm7
from umsalert.model import ChannelKind, MessageText

MAX_STATION_CHARS = 40
"""The one word that is not ours: long enough for a name, too short for a message."""


def text(kind: ChannelKind, station: str) -> MessageText:
    """Return the test message of a station, in the language of whoever runs it."""
    name = " ".join(station.split())[:MAX_STATION_CHARS]
    subject = ""
    if kind is ChannelKind.VOICE:
        body = _(
            "This is a test call of the alert system of {station}. Nothing has happened. "
            "You need not do anything, and may hang up."
        ).format(station=name)
    elif kind is ChannelKind.EMAIL:
        subject = _("TEST of the alert system of {station}").format(station=name)
        body = _(
            "This is a test of the alert system of {station}, sent to this mailbox alone.\n"
            "Nothing has happened, and you need not do anything.\n"
        ).format(station=name)
    else:
        body = _(
            "TEST of the alert system of {station}. Nothing has happened; you need not do anything."
        ).format(station=name)
    if kind is not ChannelKind.SMS:
        return MessageText(kind, language(), body, subject=subject)
    body = gsm7.transliterate(body)
    size = gsm7.measure(body)
    return MessageText(kind, language(), body, parts=size.parts, encoding=size.encoding)
