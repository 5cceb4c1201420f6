"""The words that carry a code to a contact, in the contact's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from umsalert.messages import gsm7
from umsalert.messages.probe import MAX_STATION_CHARS
from umsalert.model import ChannelKind, MessageText

HIDDEN = "------"
"""In the place of the code, for whoever sends it."""


@dataclass(frozen=True, slots=True)
class _Words:
    sms: str
    voice: str
    subject: str
    email: str


_WORDS: Mapping[str, _Words] = {
    "fr": _Words(
        sms="{station} vérifie votre numéro. Code : {code}, valable 15 minutes. Donnez-le à qui "
        "tient le registre. Il ne se passe rien.",
        voice="Bonjour. {station} vérifie votre numéro. Il ne se passe rien. Votre code est : "
        "{code}. Je répète : {code}. Donnez-le à la personne qui tient le registre.",
        subject="Code de vérification de {station}",
        email="{station} vérifie cette adresse.\n\nCode : {code}\n\nIl est valable 15 minutes. "
        "Donnez-le à la personne qui tient le registre. Il ne se passe rien.\n",
    ),
    "en": _Words(
        sms="{station} is checking your number. Code: {code}, good for 15 minutes. Give it to who "
        "keeps the register. Nothing has happened.",
        voice="Hello. {station} is checking your number. Nothing has happened. Your code is: "
        "{code}. I repeat: {code}. Give it to the person who keeps the register.",
        subject="Verification code of {station}",
        email="{station} is checking this address.\n\nCode: {code}\n\nIt is good for 15 minutes. "
        "Give it to the person who keeps the register. Nothing has happened.\n",
    ),
}


def text(kind: ChannelKind, language: str, station: str, code: str) -> MessageText:
    """Return the message that says a code; spoken, digit by digit and twice."""
    words = _WORDS[language]
    name = " ".join(station.split())[:MAX_STATION_CHARS]
    if kind is ChannelKind.VOICE:
        return MessageText(kind, language, words.voice.format(station=name, code=", ".join(code)))
    if kind is ChannelKind.EMAIL:
        body = words.email.format(station=name, code=code)
        return MessageText(kind, language, body, subject=words.subject.format(station=name))
    body = gsm7.transliterate(words.sms.format(station=name, code=code))
    size = gsm7.measure(body)
    return MessageText(kind, language, body, parts=size.parts, encoding=size.encoding)
