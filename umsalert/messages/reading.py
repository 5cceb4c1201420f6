"""Reading one template's folder: every problem of its files is found and told at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from umsalert.errors import ConfigurationError, Problem
from umsalert.i18n import LANGUAGES, _
from umsalert.messages import engine
from umsalert.messages.definition import (
    DEFINITION,
    FACTS,
    FILES,
    Template,
    Variable,
    source_name,
)
from umsalert.model import ChannelKind, ReplyKind, UnknownPolicy

MAX_LIMIT = 500
"""Characters of one variable: three of them still fit a call's 1500."""
MIN_TTL_S, MAX_TTL_S = 20, 604_800
"""What the SMS provider accepts as the life of a message."""
MAX_PRIORITY = 99
SUBJECT = "Subject: "
_RESERVED = FACTS | {"safety", "reason"}
_VARIABLE = re.compile(r"[a-z][a-z0-9_]*")
_DURATION = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}

Table = dict[str, object]
T = TypeVar("T", str, int, bool, list[object], Table)
E = TypeVar("E", bound=StrEnum)


def read(folder: Path) -> Template:
    """Return the template of `folder`, which holds a `template.toml` and the texts it declares.

    Raises ConfigurationError with every problem found; a problem's `column` is the key of
    template.toml or the file, its `row` the line.
    """
    return _Reader(folder).read()


class _Reader:
    """Collects problems; one instance per folder. After one, it goes on with an empty value."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[Problem] = []

    def read(self) -> Template:
        table = self._table()
        titles = self._by_language(table, "title")
        channels = self._several(table, "channels", ChannelKind)
        if not channels and not self._told("channels"):
            self._problem("bad_value", "channels", _("is empty"))
        answers = self._several(table, "answers", ReplyKind)
        priority = self._priority(table)
        ttl_s = self._ttl_s(table)
        unknown = self._one_of("unknown", self._take(table, "unknown", str), UnknownPolicy)
        safety_sentence = self._take(table, "safety_sentence", bool)
        stop = self._stop_when_acknowledged(table, answers)
        variables = self._variables(self._take(table, "variables", dict, default={}))
        self._no_more(table)
        sources = dict(self._sources(channels))
        used = self._used(sources, {v.name for v in variables}, must=safety_sentence)
        if self.problems:
            raise self._error()
        return Template(
            name=self.folder.name,
            folder=self.folder,
            titles=titles,
            variables=variables,
            channels=channels,
            answers=answers,
            priority=priority,
            ttl_s=ttl_s,
            unknown=unknown or UnknownPolicy.HOLD,
            safety_sentence=safety_sentence,
            stop_when_acknowledged=stop,
            sources=sources,
            facts=FACTS & used,
        )

    def _table(self) -> Table:
        text = self._text(DEFINITION)
        if not self.problems:
            try:
                return tomllib.loads(text)
            except tomllib.TOMLDecodeError as error:
                self._problem("toml_invalid", DEFINITION, str(error))
        raise self._error()  # without keys, every other problem would be noise

    def _variables(self, table: Table) -> tuple[Variable, ...]:
        return tuple(self._variable(name, table) for name in list(table))

    def _variable(self, name: str, tables: Table) -> Variable:
        key = f"variables.{name}"
        if not _VARIABLE.fullmatch(name) or name in _RESERVED:
            self._problem(
                "bad_name",
                key,
                _("a name has a-z, 0-9 and _ and is none of: {names}").format(
                    names=", ".join(sorted(_RESERVED))
                ),
            )
        table = self._take(tables, name, dict, within="variables.")
        prompts = self._by_language(table, "prompt", within=f"{key}.")
        required = self._take(table, "required", bool, within=f"{key}.", default=False)
        limit = self._take(table, "limit", int, within=f"{key}.")
        default = self._take(table, "default", str, within=f"{key}.", default="")
        self._no_more(table, within=f"{key}.")
        if not self._told(f"{key}.limit") and not max(1, len(default)) <= limit <= MAX_LIMIT:
            self._problem(
                "bad_value",
                f"{key}.limit",
                _("must be between 1 and {most} and hold the default").format(most=MAX_LIMIT),
            )
        return Variable(name, prompts, required, limit, default or None)

    def _by_language(self, table: Table, key: str, within: str = "") -> Mapping[str, str]:
        words = self._take(table, key, dict, within=within)
        taken = {
            language: self._take(words, language, str, within=f"{within}{key}.")
            for language in LANGUAGES
            if language in words
        }
        self._no_more(words, within=f"{within}{key}.")
        if not all(taken.values()) or not taken:
            self._problem("bad_value", f"{within}{key}", _("is empty"))
        return taken

    def _priority(self, table: Table) -> int:
        priority = self._take(table, "priority", int)
        if not 0 <= priority <= MAX_PRIORITY:
            self._problem(
                "bad_value",
                "priority",
                _("must be between 0 (leaves first) and {most}").format(most=MAX_PRIORITY),
            )
        return priority

    def _stop_when_acknowledged(self, table: Table, answers: Sequence[ReplyKind]) -> bool:
        key = "stop_when_acknowledged"
        stop = self._take(table, key, bool, default=False)
        if stop and not answers and not self._told("answers"):
            self._problem("bad_value", key, _("nobody can answer: `answers` is empty"))
        return stop

    def _ttl_s(self, table: Table) -> int:
        text = self._take(table, "ttl", str)
        match = _DURATION.fullmatch(text)
        ttl_s = int(match[1]) * _SECONDS[match[2]] if match else 0
        if not self._told("ttl") and not MIN_TTL_S <= ttl_s <= MAX_TTL_S:
            self._problem(
                "bad_duration",
                "ttl",
                _("{value!r} is not a time between 20s and 7d, such as 30m or 4h").format(
                    value=text
                ),
            )
        return ttl_s

    def _several(self, table: Table, key: str, enum: type[E]) -> tuple[E, ...]:
        found = [self._one_of(key, value, enum) for value in self._take(table, key, list)]
        return tuple(dict.fromkeys(value for value in found if value is not None))

    def _one_of(self, key: str, value: object, enum: type[E]) -> E | None:
        for member in enum:
            if value == member:
                return member
        if not self._told(key):
            self._problem(
                "bad_value",
                key,
                _("{value!r} is none of: {values}").format(value=value, values=", ".join(enum)),
            )
        return None

    def _take(
        self, table: Table, key: str, kind: type[T], *, within: str = "", default: T | None = None
    ) -> T:
        value = table.pop(key, default)
        if value is None:
            self._problem("missing_key", within + key, _("is missing"))
        elif type(value) is kind:  # not isinstance: true is no priority
            return value
        else:
            self._problem(
                "wrong_type",
                within + key,
                _("{value!r} is not a {kind}").format(value=value, kind=kind.__name__),
            )
        return kind()

    def _no_more(self, table: Table, within: str = "") -> None:
        for key in table:
            self._problem("unknown_key", within + key, _("no such key"))

    def _sources(self, channels: Sequence[ChannelKind]) -> Iterator[tuple[str, str]]:
        for channel in channels:
            for language in LANGUAGES:
                for file in FILES[channel]:
                    name = source_name(file, language)
                    yield name, self._text(name)

    def _text(self, name: str) -> str:
        try:
            text = (self.folder / name).read_text("utf-8")
        except FileNotFoundError:
            self._problem("missing_file", name, _("the file is missing"))
            return ""
        except (OSError, UnicodeDecodeError) as error:
            self._problem("file_unreadable", name, str(error))
            return ""
        if not text.strip():
            self._problem("empty_file", name, _("the file is empty"))
            return ""
        if name.startswith("email.") and name.endswith(".txt") and not text.startswith(SUBJECT):
            message = _("the first line must be `Subject: ...`")
            self._problem("missing_subject", name, message, row=1)
        return text

    def _used(
        self, sources: Mapping[str, str], declared: set[str], *, must: bool
    ) -> frozenset[str]:
        """Return the names that the texts use; `must` says that each must use `safety`."""
        everything: set[str] = set()
        for file, text in sources.items():
            try:
                names = engine.names(text, html=file.endswith(".html"))
            except engine.TextError as error:
                self._problem("syntax_error", file, str(error), row=error.row)
                continue
            everything |= names.keys()
            for name in sorted(names.keys() - declared - FACTS - {"safety"}):
                message = _("{{{{ {name} }}}} is declared nowhere").format(name=name)
                self._problem("undeclared_variable", file, message, row=names[name])
            if must and text and "safety" not in names:
                self._problem("missing_safety", file, _("{{{{ safety }}}} is missing").format())
        if not self.problems:
            for name in sorted(declared - everything):
                self._problem("unused_variable", f"variables.{name}", _("no text uses it"))
        return frozenset(everything)

    def _told(self, column: str) -> bool:
        return any(problem.column == column for problem in self.problems)

    def _problem(self, code: str, column: str, message: str, row: int | None = None) -> None:
        self.problems.append(Problem(code, message, row=row, column=column))

    def _error(self) -> ConfigurationError:
        lines = [
            f"{p.column}:{p.row}: {p.message}" if p.row else f"{p.column}: {p.message}"
            for p in self.problems
        ]
        return ConfigurationError(
            "template_invalid",
            _("The template {name} cannot be used: {problems}").format(
                name=self.folder.name, problems="; ".join(lines)
            ),
            hint=_("Correct the files in {folder}; docs/templates.md describes them.").format(
                folder=self.folder
            ),
            problems=tuple(self.problems),
        )
