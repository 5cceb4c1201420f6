"""What a rendered text is to a guard: SMS parts and characters, a voice, a subject line."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from functools import partial

from umsalert.i18n import _, ngettext
from umsalert.messages import gsm7
from umsalert.messages.check import wording
from umsalert.messages.check.finding import Finding, Severity
from umsalert.messages.render import EMAIL_COLUMNS
from umsalert.messages.words import WORDS
from umsalert.model import MessageText

SUBJECT_CHARS = 60
"""What a mail program on a desk shows of a subject."""
SUBJECT_CHARS_PHONE = 40
MANY_PARTS = 4
FEW_UNITS = 30
"""So few may be cut from a value that has twice as many, without losing what it says."""

_AMISS_ALOUD: Mapping[str, str] = {
    "address": r"(?:https?://|www\.)[^\s,;]+|\S+@\S+\.\w+",
    "digits": r"(?<![\d,.:])\d{5,}(?![\d:])",
    "capitals": r"\b[A-ZÀ-Ý]*[AEIOUYÀ-Ý][A-ZÀ-Ý]*\b",
    "time": r"\b\d{1,2} ?[hH]\b(?!\w)",
    "symbols": r"[/\\=<>*_#|~^@+\[\]{}]+",
}
_CAPITALS = 5
"""Shorter words in capitals (SNCF, TGV) are meant to be spelled."""


def sms(text: MessageText, values: Mapping[str, str]) -> Iterator[Finding]:
    """Yield what an SMS costs more than it must."""
    here = _in(text)
    if text.encoding == "UCS-2":
        yield _dear_alphabet(text, values)
    elif text.parts >= MANY_PARTS:
        yield here(
            Severity.WARNING,
            "sms_many_parts",
            ngettext(
                "It leaves as {n} message joined together: slower, dearer, and longer to read.",
                "It leaves as {n} messages joined together: slower, dearer, and longer to read.",
                text.parts,
            ).format(n=text.parts),
            _("Shorten the values."),
        )
    spare = _characters_to_a_part_less(text.body, text.parts)
    long = [
        name
        for name, value in values.items()
        if len(value) >= 2 * spare and gsm7.transliterate(value) in gsm7.transliterate(text.body)
    ]
    if spare and long:
        name = max(long, key=lambda name: len(values[name]))
        yield here(
            Severity.NOTICE,
            "sms_just_over",
            ngettext(
                "It has {parts} parts; {n} character fewer saves one.",
                "It has {parts} parts; {n} characters fewer save one.",
                spare,
            ).format(n=spare, parts=text.parts),
            _("Shorten {variable}, which has {length}.").format(
                variable=name, length=len(values[name])
            ),
            variable=name,
        )


def replaced(source: str) -> str:
    """Return which characters of `source` an SMS replaces, and by what: `ê → e, œ → oe`."""
    pairs = [(char, gsm7.transliterate(char)) for char in gsm7.measure(source).outside]
    return ", ".join(
        f"{char} → {plain}" for char, plain in pairs if plain.strip() and plain != char
    )


def voice(text: MessageText, values: Mapping[str, str]) -> Iterator[Finding]:
    """Yield what would read badly aloud and could not be rewritten without doubt."""
    body = text.body.replace(WORDS[text.language].exercise, "")
    for word, instead in _abbreviations(body, text.language):
        yield _aloud(text, values, word, _("Write: {word}").format(word=instead))
    said: set[str] = set()
    for kind, pattern in _AMISS_ALOUD.items():
        for word in dict.fromkeys(re.findall(pattern, body)):
            if kind == "capitals" and len(word) < _CAPITALS:
                continue
            if not any(word in longer for longer in said):
                said.add(word)
                yield _aloud(text, values, word, _advice(kind))


def email(text: MessageText, *, phone: bool = False) -> Iterator[Finding]:
    """Yield what a mail program would cut or fold; `phone`: also what only a phone cuts."""
    here, word = _in(text), WORDS[text.language].exercise
    subject = text.subject.removeprefix(f"{word} - ").removesuffix(f" - {word}")
    if len(subject) > SUBJECT_CHARS:
        yield here(
            Severity.WARNING,
            "subject_long",
            _("The subject has {n} characters; mail programs show about {limit}.").format(
                n=len(subject), limit=SUBJECT_CHARS
            ),
            _("Shorten it: what matters comes first."),
        )
    elif phone and len(subject) > SUBJECT_CHARS_PHONE:
        yield here(
            Severity.NOTICE,
            "subject_cut_on_phones",
            _("A phone shows of the subject about: “{start}…”").format(
                start=subject[:SUBJECT_CHARS_PHONE].rstrip()
            ),
        )
    wide = max(map(len, text.body.splitlines()), default=0)
    if wide > EMAIL_COLUMNS:
        yield here(
            Severity.WARNING,
            "email_line_long",
            _("A line has {n} characters without a space; more than {limit} are folded.").format(
                n=wide, limit=EMAIL_COLUMNS
            ),
            _("Put spaces in, or leave the address out."),
        )


def safety(text: MessageText) -> Iterator[Finding]:
    """Yield a search that does not tell a guard to stay and not to intervene."""
    sentence = WORDS[text.language].safety
    body = " ".join(text.body.split())
    if sentence not in body and wording.speaks_of_a_search(body, text.language):
        yield _in(text)(
            Severity.WARNING,
            "safety_missing",
            _("It speaks of a search, and does not say: {sentence}").format(sentence=sentence),
            _("Use a search template, or put {{{{ safety }}}} into the text.").format(),
        )


def _in(text: MessageText) -> partial[Finding]:
    return partial(Finding, channel=text.channel, language=text.language)


def _dear_alphabet(text: MessageText, values: Mapping[str, str]) -> Finding:
    plain = gsm7.transliterate(text.body)
    lost = gsm7.measure(plain).outside
    without = "".join(char for char in plain if char not in lost)
    name = next((name for name, value in values.items() if set(lost) & set(value)), None)
    return _in(text)(
        Severity.WARNING,
        "sms_ucs2",
        _(
            "{characters} cannot be replaced: an SMS then holds 70 characters, or 67 a part, "
            "instead of 160 or 153. It has {parts} parts; without, {fewer}."
        ).format(characters=" ".join(lost), parts=text.parts, fewer=gsm7.measure(without).parts),
        _("Write it in Latin letters."),
        variable=name,
    )


def _characters_to_a_part_less(body: str, parts: int) -> int:
    """Return how few characters less would save a part, 0 where that is more than a few."""
    few = range(1, min(FEW_UNITS, len(body)) + 1)
    found = bisect_left(few, True, key=lambda n: gsm7.measure(body[:-n]).parts < parts)
    return few[found] if found < len(few) else 0


def _abbreviations(body: str, language: str) -> Iterator[tuple[str, str]]:
    known = wording.ABBREVIATIONS[language]
    for word in dict.fromkeys(re.findall(r"\b[^\W\d_]+\b\.?", body)):
        for form in (word, word.rstrip(".")):
            if form.lower() in known:
                yield form, known[form.lower()]
                break


def _aloud(text: MessageText, values: Mapping[str, str], word: str, hint: str) -> Finding:
    variable = next((name for name, value in values.items() if word in value), None)
    return Finding(
        Severity.WARNING,
        "reads_badly_aloud",
        _("“{word}” reads badly aloud.").format(word=word),
        hint,
        channel=text.channel,
        language=None if variable else text.language,
        variable=variable,
    )


def _advice(kind: str) -> str:
    return {
        "address": _("Say it in the e-mail only; a call gives a number."),
        "digits": _("Write it in groups: 12 34 56."),
        "capitals": _("Write it in small letters: capitals may be spelled one by one."),
        "time": _("Write the time with its minutes: 18h00."),
        "symbols": _("Write a word instead."),
    }[kind]
