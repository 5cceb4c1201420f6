"""The sentences that belong to every message, in the guard's language.

They are not in the gettext catalogue: that one speaks the operator's language, and one alert
speaks to guards of several.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from umsalert.model import ReplyKind


@dataclass(frozen=True, slots=True)
class Words:
    """Fixed sentences of one language; `keys` says which key gives which answer to a call."""

    safety: str
    exercise: str
    repeat: str
    keys: Mapping[ReplyKind, str]


WORDS: Mapping[str, Words] = {
    "fr": Words(
        safety="Restez sur votre site, n'intervenez pas.",
        exercise="EXERCICE",
        repeat="Pour réécouter ce message, appuyez sur 0.",
        keys={
            ReplyKind.ACKNOWLEDGED: "Pour confirmer la réception, appuyez sur 1.",
            ReplyKind.SIGHTING: "Pour signaler une observation, appuyez sur 2.",
            ReplyKind.LOCKED_DOWN: "Si votre site est en sûreté, appuyez sur 3.",
            ReplyKind.CANNOT: "Si vous ne pouvez pas agir, appuyez sur 4.",
            ReplyKind.WRONG_PERSON: "Si ce message n'est pas pour vous, appuyez sur 5.",
        },
    ),
    "en": Words(
        safety="Stay on your site, do not intervene.",
        exercise="EXERCISE",
        repeat="To hear this message again, press 0.",
        keys={
            ReplyKind.ACKNOWLEDGED: "To confirm that you received it, press 1.",
            ReplyKind.SIGHTING: "To report a sighting, press 2.",
            ReplyKind.LOCKED_DOWN: "If your site is locked down, press 3.",
            ReplyKind.CANNOT: "If you cannot act, press 4.",
            ReplyKind.WRONG_PERSON: "If this message is not for you, press 5.",
        },
    ),
}
