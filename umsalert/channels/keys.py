"""The keys of a call, and what is said after one, in the guard's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from umsalert.model import ReplyKind

RINGING_S = 45
"""Nine rings; a voicemail usually answers before, and is not an acknowledgement."""

LENGTH_S = 300
"""The text may be heard two or three times; a line that is never hung up is a line lost."""

REPEAT_KEY = "0"
KEYS = {
    "1": ReplyKind.ACKNOWLEDGED,
    "2": ReplyKind.SIGHTING,
    "3": ReplyKind.LOCKED_DOWN,
    "4": ReplyKind.CANNOT,
    "5": ReplyKind.WRONG_PERSON,
}
"""What each key says in every call; a template names those that it asks for."""


@dataclass(frozen=True, slots=True)
class Words:
    """The answers to a key, in the guard's language: gettext speaks the operator's."""

    code: str
    hint: str
    thanks: Mapping[ReplyKind, str]


_WORDS = {
    "fr": Words(
        code="fr-FR",
        hint="Nous n'avons pas compris votre réponse. Voici de nouveau le message.",
        thanks={
            ReplyKind.ACKNOWLEDGED: "Merci, votre confirmation est enregistrée.",
            ReplyKind.SIGHTING: "Merci, votre signalement est enregistré. "
            "Restez sur votre site, n'intervenez pas.",
            ReplyKind.LOCKED_DOWN: "Merci, votre site est noté en sûreté.",
            ReplyKind.CANNOT: "Merci, votre réponse est enregistrée.",
            ReplyKind.WRONG_PERSON: "Merci, votre réponse est enregistrée.",
        },
    ),
    "en": Words(
        code="en-GB",
        hint="We did not understand your answer. Here is the message again.",
        thanks={
            ReplyKind.ACKNOWLEDGED: "Thank you, your confirmation is recorded.",
            ReplyKind.SIGHTING: "Thank you, your report is recorded. "
            "Stay on your site, do not intervene.",
            ReplyKind.LOCKED_DOWN: "Thank you, your site is recorded as locked down.",
            ReplyKind.CANNOT: "Thank you, your answer is recorded.",
            ReplyKind.WRONG_PERSON: "Thank you, your answer is recorded.",
        },
    ),
}


def words(language: str) -> Words:
    """Return what is said in a language; in French where we have no other."""
    return _WORDS.get(language, _WORDS["fr"])
