"""What a template is: its nouns, its files and the names its texts may use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from umsalert.model import ChannelKind, ReplyKind, UnknownPolicy

FACTS = frozenset({"station", "callback", "incident_time", "reference", "link", "vigipirate"})
"""What every text may use besides the template's own variables and `safety`."""
OPTIONAL_FACTS = frozenset({"link", "vigipirate"})
"""Those that may be empty: a text asks first, `{% if link %}`."""
MAIN_LANGUAGE = "fr"
"""Its files carry no language in their name: `sms.txt` beside `sms.en.txt`."""
FILES: Mapping[ChannelKind, tuple[str, ...]] = {
    ChannelKind.SMS: ("sms.txt",),
    ChannelKind.VOICE: ("voice.txt",),
    ChannelKind.EMAIL: ("email.txt", "email.html"),
}
DEFINITION = "template.toml"


@dataclass(frozen=True, slots=True)
class Variable:
    """Something an officer fills in. `limit` counts characters; `prompts` is by language."""

    name: str
    prompts: Mapping[str, str]
    required: bool
    limit: int
    default: str | None = None

    def prompt(self, language: str) -> str:
        """Return the question to ask, in `language` where there is one."""
        return self.prompts.get(language) or next(iter(self.prompts.values()))


@dataclass(frozen=True, slots=True)
class Template:
    """A template that was read whole and found valid.

    `priority`: the lowest number leaves first. `ttl_s`: seconds after which it helps nobody.
    `answers`: what a guard may key in during a call. `stop_when_acknowledged`: the first answer
    from a site stops what has not left for it. `sources`: the texts by file name. `facts`: those of
    FACTS that a text uses.
    """

    name: str
    folder: Path
    titles: Mapping[str, str]
    variables: tuple[Variable, ...]
    channels: tuple[ChannelKind, ...]
    answers: tuple[ReplyKind, ...]
    priority: int
    ttl_s: int
    unknown: UnknownPolicy
    safety_sentence: bool
    stop_when_acknowledged: bool
    sources: Mapping[str, str]
    facts: frozenset[str]

    def title(self, language: str) -> str:
        """Return the name for people, in `language` where there is one."""
        return self.titles.get(language) or next(iter(self.titles.values()))


def source_name(file: str, language: str) -> str:
    """Return what `sms.txt` is called in `language`: `sms.txt` in French, else `sms.en.txt`."""
    stem, _dot, suffix = file.partition(".")
    return file if language == MAIN_LANGUAGE else f"{stem}.{language}.{suffix}"
