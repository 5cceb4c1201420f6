"""What the shipped templates promise to a guard who reads them at 18:15."""

from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.messages.samples import TYPICAL
from umsalert.i18n import LANGUAGES
from umsalert.messages import Facts, Order, Template, gsm7, render, spoken, templates
from umsalert.messages.words import WORDS
from umsalert.model import ChannelKind, MessageText, ReplyKind, UnknownPolicy

ALL = tuple(ChannelKind)
SEARCHES = ("search-person", "search-vehicle")
every = pytest.mark.parametrize("name", sorted(TYPICAL))


def texts_of(
    template: Template, values: dict[str, str], facts: Facts, *, exercise: bool = False
) -> tuple[MessageText, ...]:
    return render.render(template, values, Order(ALL, LANGUAGES, exercise), facts)


def heard_or_read(text: MessageText, variable: str, value: str) -> bool:
    """Say whether the text says the value: as typed, in GSM-7, or as a voice does."""
    if text.channel is ChannelKind.VOICE:
        value = spoken.plate(value) if spoken.is_plate(variable) else value
        return spoken.spoken(value, text.language).rstrip(".") in text.body
    return value in text.body or gsm7.transliterate(value) in text.body


def longest(template: Template) -> dict[str, str]:
    """Return the longest value each variable may have."""
    return {v.name: ("mot " * v.limit)[: v.limit - 1] + "x" for v in template.variables}


def test_the_typical_values_cover_every_shipped_template(shipped: Path) -> None:
    """No template is shipped that the tests below do not see."""
    assert {template.name for template in templates.available([shipped])} == set(TYPICAL)


@every
def test_template_words_are_gsm7(shipped: Path, name: str) -> None:
    """No word of a shipped SMS costs the guard's network a second alphabet."""
    template = templates.load(name, [shipped])
    for file, text in template.sources.items():
        if file.startswith("sms"):
            assert gsm7.measure(text).outside == (), file


@every
@pytest.mark.parametrize("exercise", [False, True])
def test_a_typical_sms_has_two_parts(
    shipped: Path, name: str, exercise: bool, facts: Facts
) -> None:
    """A typical alert, live or exercise, is at most two GSM-7 parts."""
    template = templates.load(name, [shipped])
    for text in texts_of(template, TYPICAL[name], facts, exercise=exercise):
        if text.channel is ChannelKind.SMS:
            assert (text.encoding, text.parts <= 2) == ("GSM-7", True), text.body


@every
def test_the_longest_values_still_leave(shipped: Path, name: str, facts: Facts) -> None:
    """Values at their limits fit four SMS parts, a call, and 78 columns of e-mail."""
    template = templates.load(name, [shipped])
    for text in texts_of(template, longest(template), facts, exercise=True):
        if text.channel is ChannelKind.EMAIL:
            assert max(map(len, text.body.splitlines())) <= 78
        assert text.parts <= 4


@every
def test_no_value_is_lost(shipped: Path, name: str, facts: Facts) -> None:
    """Everything an officer fills in reaches every guard, whatever the channel and language."""
    template = templates.load(name, [shipped])
    for text in texts_of(template, TYPICAL[name], facts):
        for variable, value in TYPICAL[name].items():
            assert heard_or_read(text, variable, value), (text.channel, variable)


@every
def test_who_speaks_comes_first(shipped: Path, name: str, facts: Facts) -> None:
    """The first sentence says that the police of this station speak."""
    for text in texts_of(templates.load(name, [shipped]), TYPICAL[name], facts):
        assert "police" in text.body[:35].lower()
        assert "Nice" in text.body[:40]


@pytest.mark.parametrize("name", [*SEARCHES, "lockdown"])
def test_safety_is_said_in_every_text(shipped: Path, name: str, facts: Facts) -> None:
    """Searches and lockdowns tell the guard to stay and not to intervene, in every channel."""
    template = templates.load(name, [shipped])
    assert template.safety_sentence
    for text in texts_of(template, TYPICAL[name], facts):
        assert WORDS[text.language].safety in text.body


@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_says_when_and_whom_to_call(shipped: Path, name: str, facts: Facts) -> None:
    """A search says when it was seen and the number to call; key 2 reports a sighting."""
    template = templates.load(name, [shipped])
    assert ReplyKind.SIGHTING in template.answers
    for text in texts_of(template, TYPICAL[name], facts):
        assert heard_or_read(text, "incident_time", "18h07")
        assert heard_or_read(text, "callback", "04 65 71 00 17")


def test_only_searches_ask_for_sightings(shipped: Path) -> None:
    """A lockdown, a bulletin and an all-clear offer no key that would mean nothing."""
    for template in templates.available([shipped]):
        assert (ReplyKind.SIGHTING in template.answers) == (template.name in SEARCHES)


@pytest.mark.parametrize("name", sorted(set(TYPICAL) - set(SEARCHES)))
def test_other_templates_need_no_callback(shipped: Path, name: str, facts: Facts) -> None:
    """A lockdown leaves even where nobody has configured a number to call back."""
    silent = dataclasses.replace(facts, callback="")
    assert texts_of(templates.load(name, [shipped]), TYPICAL[name], silent)


@every
def test_optional_values_leave_no_trace(shipped: Path, name: str, facts: Facts) -> None:
    """Without the optional values no label, comma or blank stands alone."""
    template = templates.load(name, [shipped])
    required = {v.name: "Xyz" for v in template.variables if v.required}
    for text in texts_of(template, required, facts):
        assert not re.search(r"[:,]\s*([,.]|\n\n\n|$)| ,|\(\)|\n{3}", text.body), text.body
        assert "<dd></dd>" not in text.html


def test_the_rules_of_each_template(shipped: Path) -> None:
    """Urgency, life, the rule for the unknown and that for who has answered are the manual's."""
    rules = {
        template.name: (
            template.priority,
            template.ttl_s // 3600,
            template.unknown,
            template.stop_when_acknowledged,
        )
        for template in templates.available([shipped])
    }
    hold, resend = UnknownPolicy.HOLD, UnknownPolicy.RESEND
    assert rules == {
        "lockdown": (0, 4, resend, False),
        "correction": (5, 12, resend, False),
        "search-person": (10, 2, hold, True),
        "search-vehicle": (10, 2, hold, True),
        "all-clear": (20, 12, hold, False),
        "vigilance": (30, 24, hold, False),
    }


class Page(HTMLParser):
    """Collects the tags of a page and checks that they close in order."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag."""
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the tag that was opened last."""
        assert self.open.pop() == tag


@every
def test_the_page_is_whole_and_asks_nothing_of_the_net(
    shipped: Path, name: str, facts: Facts
) -> None:
    """The HTML closes what it opens, says its language, and loads nothing from anywhere."""
    texts = texts_of(templates.load(name, [shipped]), TYPICAL[name], facts, exercise=True)
    pages = [text for text in texts if text.channel is ChannelKind.EMAIL]
    assert pages
    for text in pages:
        page = Page(text.html)
        assert page.open == []
        assert ("html", {"lang": text.language}) in page.seen
        assert ("meta", {"name": "color-scheme", "content": "light dark"}) in page.seen
        assert not {"img", "link", "script", "table", "iframe"} & {tag for tag, _ in page.seen}
        links = [attrs["href"] for _, attrs in page.seen if "href" in attrs]
        assert all(re.fullmatch(r"tel:\+?\d+", link or "") for link in links)
        assert "url(" not in text.html
        assert "//" not in text.html
