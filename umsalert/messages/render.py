"""Template + values -> the words that leave, by channel and language."""

from __future__ import annotations

import dataclasses
import html
import re
import textwrap
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from umsalert import resources
from umsalert.errors import ConfigurationError, Problem, UsageError
from umsalert.i18n import LANGUAGES, _
from umsalert.messages import engine, gsm7, spoken
from umsalert.messages.definition import OPTIONAL_FACTS, Template, Variable, source_name
from umsalert.messages.words import WORDS
from umsalert.model import ChannelKind, MessageText

MAX_VOICE_CHARS = 1500
"""What Vonage's `talk` action reads aloud."""
EMAIL_COLUMNS = 78
"""RFC 5322 §2.1.1: the line length that no mail program folds again."""
SETTINGS = {"station": "station", "callback": "alert.callback_number"}
"""The setting that each fact comes from, where one does."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Values of the alert itself. `incident_time` is local and written for people: 18h07.

    `link` is where a guard answers, with TOKEN_PLACE in it; empty where nothing listens there.
    `vigipirate` is the level of that plan, empty where nobody has said it.
    """

    station: str
    callback: str
    incident_time: str
    reference: str
    link: str = ""
    vigipirate: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """Which texts are wanted; `languages` are of i18n.LANGUAGES."""

    channels: tuple[ChannelKind, ...]
    languages: Collection[str]
    exercise: bool = False


def missing(template: Template, values: Mapping[str, str]) -> tuple[Variable, ...]:
    """Return the variables that must still be asked for, in the template's order."""
    given = _complete(template, values)
    return tuple(v for v in template.variables if v.required and not given[v.name])


def check_values(template: Template, values: Mapping[str, str]) -> Mapping[str, str]:
    """Return a value for each variable of `template`, cleaned: defaults filled in, else empty.

    Line breaks and runs of spaces become one space; invisible marks pasted along are dropped.
    Raises UsageError naming all missing, unknown, over-long and unprintable values at once.
    """
    absent = missing(template, values)
    given = _complete(template, values)
    problems = [Problem("missing_variable", _("is missing"), column=v.name) for v in absent]
    for name in sorted(values.keys() - given.keys()):
        message = _("is no variable of this template")
        problems.append(Problem("unknown_variable", message, column=name))
    for variable in template.variables:
        problems.extend(_value_problems(variable, given[variable.name]))
    if problems:
        raise UsageError(
            "variables_invalid",
            _("The values do not fit the template {template}: {problems}").format(
                template=template.name,
                problems="; ".join(f"{p.column} {p.message}" for p in problems),
            ),
            hint=_("Add {options}").format(
                options=" ".join(f'--var {variable.name}="..."' for variable in absent)
            )
            if absent
            else _("`umsalert template show {template}` lists the variables.").format(
                template=template.name
            ),
            problems=tuple(problems),
        )
    return given


def render(
    template: Template, values: Mapping[str, str], order: Order, facts: Facts
) -> tuple[MessageText, ...]:
    """Return one text per channel and language of `order`, exactly as it will leave.

    Raises UsageError when values are wrong, a channel is not the template's or a call grows too
    long; ConfigurationError when a setting that a text needs is empty or a text does not say the
    safety sentence.
    """
    given = check_values(template, values)
    _check_channels(template, order)
    _check_facts(template, facts)
    pages = [
        _Page(template, language, {**given, **dataclasses.asdict(facts)}, order.exercise)
        for language in sorted(order.languages, key=LANGUAGES.index)
    ]
    return tuple(_WRITERS[channel](page) for channel in order.channels for page in pages)


@dataclass(frozen=True, slots=True)
class _Page:
    """One template in one language, ready to be filled in."""

    template: Template
    language: str
    values: Mapping[str, str]
    exercise: bool

    def sms(self) -> MessageText:
        lines = self._fill("sms.txt").splitlines()
        body = self._marked("\n".join(_folded(line) for line in lines if line.strip()))
        size = gsm7.measure(body)
        if size.outside:
            plain = gsm7.transliterate(body)
            if not gsm7.measure(plain).outside:
                body, size = plain, gsm7.measure(plain)
        return MessageText(
            ChannelKind.SMS, self.language, body, parts=size.parts, encoding=size.encoding
        )

    def voice(self) -> MessageText:
        words = WORDS[self.language]
        keys = [words.keys[answer] for answer in self.template.answers]
        plates = {
            variable.name: spoken.plate(self.values[variable.name])
            for variable in self.template.variables
            if spoken.is_plate(variable.name)
        }
        aloud = dataclasses.replace(self, values={**self.values, **plates})
        said = _folded(" ".join((aloud._fill("voice.txt"), *keys, words.repeat)))
        said = re.sub(r"([.!?])\.+", r"\1", said)  # a value brought its own stop
        body = self._marked(spoken.spoken(said, self.language))
        if len(body) > MAX_VOICE_CHARS:
            raise UsageError(
                "voice_too_long",
                _("The call in {language} has {length} characters, {limit} are allowed.").format(
                    language=self.language, length=len(body), limit=MAX_VOICE_CHARS
                ),
                hint=_("Shorten the values, or leave voice out."),
            )
        return MessageText(ChannelKind.VOICE, self.language, body)

    def email(self) -> MessageText:
        head, _newline, body = self._fill("email.txt").partition("\n")
        subject = self._marked(_folded(head.partition(":")[2]))
        content = self._fill("email.html")
        page = {
            "language": self.language,
            "subject": subject,
            "content": content,
            "exercise": WORDS[self.language].exercise if self.exercise else "",
        }
        return MessageText(
            ChannelKind.EMAIL,
            self.language,
            self._marked(_wrapped(body), joint="\n\n") + "\n",
            subject=subject,
            html=engine.fill(_layout(), page, html=True),
        )

    def _marked(self, text: str, joint: str = " - ") -> str:
        word = WORDS[self.language].exercise
        return joint.join((word, text, word)) if self.exercise else text

    def _fill(self, file: str) -> str:
        """Return the text of `file` in this language; it says the safety sentence where it must."""
        name = source_name(file, self.language)
        as_html = file.endswith(".html")
        safety = WORDS[self.language].safety
        context = {**self.values, "safety": safety}
        try:
            text = engine.fill(self.template.sources[name], context, html=as_html)
        except engine.TextError as error:
            raise self._invalid(name, str(error)) from error
        said = text.partition("\n")[2] if file == "email.txt" else text
        if as_html:
            said = html.unescape(said)
        if self.template.safety_sentence and safety not in _folded(said):
            raise self._invalid(name, _("these values leave the safety sentence out"))
        return text

    def _invalid(self, file: str, message: str) -> ConfigurationError:
        return ConfigurationError(
            "template_invalid",
            _("The template {name} cannot be used: {file}: {message}").format(
                name=self.template.name, file=file, message=message
            ),
            hint=_("Correct {file} in {folder}.").format(file=file, folder=self.template.folder),
            problems=(Problem("text_invalid", message, column=file),),
        )


_WRITERS: Mapping[ChannelKind, Callable[[_Page], MessageText]] = {
    ChannelKind.SMS: _Page.sms,
    ChannelKind.VOICE: _Page.voice,
    ChannelKind.EMAIL: _Page.email,
}


def _complete(template: Template, values: Mapping[str, str]) -> dict[str, str]:
    return {v.name: _clean(values.get(v.name, v.default or "")) for v in template.variables}


def _value_problems(variable: Variable, value: str) -> Iterator[Problem]:
    if len(value) > variable.limit:
        message = _("has {length} characters, {limit} are allowed").format(
            length=len(value), limit=variable.limit
        )
        yield Problem("variable_too_long", message, column=variable.name)
    if not value.isprintable() and any(unicodedata.category(c) in ("Cc", "Cs") for c in value):
        yield Problem("control_characters", _("holds control characters"), column=variable.name)


def _clean(value: str) -> str:
    text = unicodedata.normalize("NFC", value)
    if not text.isprintable():
        text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return _folded(text)


def _folded(text: str) -> str:
    return " ".join(text.split())


@cache
def _layout() -> str:
    return (resources.folder("templates") / "layout.html").read_text("utf-8")


def _wrapped(text: str) -> str:
    wrapper = textwrap.TextWrapper(EMAIL_COLUMNS, break_long_words=False, break_on_hyphens=False)
    written = [line.expandtabs().rstrip() for line in text.splitlines()]
    lines = [line if len(line) <= EMAIL_COLUMNS else wrapper.fill(line) for line in written]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _check_channels(template: Template, order: Order) -> None:
    others = [channel for channel in order.channels if channel not in template.channels]
    if others:
        raise UsageError(
            "channel_not_in_template",
            _("The template {template} has no text for: {channels}.").format(
                template=template.name, channels=", ".join(others)
            ),
            hint=_("It has texts for: {channels}.").format(channels=", ".join(template.channels)),
        )


def _check_facts(template: Template, facts: Facts) -> None:
    empty = [
        SETTINGS.get(name, name)
        for name in sorted(template.facts - OPTIONAL_FACTS)
        if not getattr(facts, name).strip()
    ]
    if empty:
        raise ConfigurationError(
            "setting_missing",
            _("The template {template} needs settings that are empty: {settings}.").format(
                template=template.name, settings=", ".join(empty)
            ),
            hint=_("Set {settings} in umsalert.toml.").format(settings=", ".join(empty)),
            problems=tuple(Problem("setting_missing", _("is empty"), column=s) for s in empty),
        )
