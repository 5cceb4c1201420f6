"""What a call says and asks: talk, then one key.

https://developer.vonage.com/en/voice/voice-api/ncco-reference
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal
from urllib.parse import quote

from umsalert.channels.keys import KEYS, REPEAT_KEY, words
from umsalert.channels.vonage.channel import webhook_address
from umsalert.model import MessageText

Action = Mapping[str, object]

MAX_TALK_CHARS = 1500
"""Per `talk` action."""

KEY_TIMEOUT_S = 10
"""The longest wait that the API allows."""

Topic = Literal["voice-event", "voice-input", "voice-input-again"]
"""`voice-input-again` is the key after the hint: whoever misses that one too is not asked again."""


def message(text: MessageText, webhook_url: str, reference: str) -> list[Action]:
    """Return the actions of a new call: the text, and a key where `webhook_url` is set."""
    actions = _talk(text.body, text.language)
    if webhook_url:
        actions.append(_input(event_url(webhook_url, "voice-input", reference)))
    return actions


def after_key(digit: str, text: MessageText, topic: str, url: tuple[str, str]) -> list[Action]:
    """Return the actions after a key (empty when none was pressed); none hangs up.

    `topic` is where the key arrived, `url` the address of our webhooks and our reference.
    """
    spoken = words(text.language)
    if digit in KEYS:
        return _talk(spoken.thanks[KEYS[digit]], text.language)
    if digit == REPEAT_KEY:
        return message(text, *url)
    if topic == "voice-input-again":
        return []
    again = _input(event_url(url[0], "voice-input-again", url[1]))
    return [*_talk(spoken.hint, text.language), *_talk(text.body, text.language), again]


def event_url(webhook_url: str, topic: Topic, reference: str) -> str:
    """Return where a call reports: it has no `client_ref`, so the URL carries our reference."""
    return f"{webhook_address(webhook_url, topic)}?ref={quote(reference, safe='')}"


def _talk(text: str, language: str) -> list[Action]:
    return [
        {
            "action": "talk",
            "text": part,
            "language": words(language).code,
            "bargeIn": True,  # a key may be pressed at once
        }
        for part in _parts(text)
    ]


@lru_cache(maxsize=16)
def _parts(text: str) -> Sequence[str]:
    """Return what one `talk` action can say each; cut once for all who hear it."""
    return textwrap.wrap(text, MAX_TALK_CHARS)


def _input(url: str) -> Action:
    return {
        "action": "input",
        "type": ["dtmf"],
        "dtmf": {"maxDigits": 1, "timeOut": KEY_TIMEOUT_S},
        "eventUrl": [url],
        "eventMethod": "POST",
    }
