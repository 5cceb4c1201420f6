"""The e-mails of the shipped templates, parsed as a mail program parses them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from types import MappingProxyType

import pytest

from tests.channels.workshop import NOW, RELAY
from tests.messages.samples import TYPICAL
from umsalert import resources
from umsalert.channels.letter import Stationery
from umsalert.i18n import LANGUAGES
from umsalert.messages import Facts, Order, render, templates
from umsalert.messages.words import WORDS
from umsalert.model import ChannelKind, MessageText, Outgoing

FACTS = Facts("Saint-Étienne", "04 65 71 00 17", "18h07", "20261123-k7f3")
SCRIPT = '<script>alert(1)</script> & "l\'été" =?utf-8?q?x?='
NOTHING: Mapping[str, str] = MappingProxyType({})
LOADING = {"src", "srcset", "background", "poster", "data", "action", "formaction", "ping", "cite"}
shipped = pytest.mark.parametrize("name", sorted(TYPICAL))
spoken_in = pytest.mark.parametrize("language", LANGUAGES)
live_or_not = pytest.mark.parametrize("exercise", [False, True], ids=["live", "exercise"])


class Page(HTMLParser):
    """What a page shows, and the tags it shows it with."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.shown = ""
        self.style = ""
        self._hidden = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("style", "title"):
            self._hidden = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._hidden:
            self._hidden = ""

    def handle_data(self, data: str) -> None:
        if self._hidden == "style":
            self.style += data
        elif not self._hidden:
            self.shown += data


def letter(text: MessageText) -> tuple[bytes, EmailMessage]:
    """Return the octets handed to a relay, without DATA's dots, and the message they parse to."""
    outgoing = Outgoing(
        7, 1, 0, "20261123-k7f3-7-1", text.channel, "garde@galerie.example", "Xy7", text, NOW
    )
    written = Stationery(RELAY).letter(outgoing, NOW)
    assert written is not None
    octets = written.data.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
    message = message_from_bytes(octets, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert message.defects == []
    return octets, message


def written(
    name: str, language: str, typed: Mapping[str, str] = NOTHING, *, exercise: bool = False
) -> tuple[MessageText, bytes, EmailMessage]:
    """Return the e-mail of a shipped template: as rendered, as octets, as parsed."""
    template = templates.load(name, [resources.folder("templates")])
    order = Order((ChannelKind.EMAIL,), [language], exercise)
    (text,) = render.render(template, {**TYPICAL[name], **typed}, order, FACTS)
    return (text, *letter(text))


def parts(message: EmailMessage) -> tuple[str, str]:
    """Return the plain text and the page of a message that has exactly these two, in this order."""
    assert message.get_content_type() == "multipart/alternative"
    plain, page = message.iter_parts()
    assert isinstance(plain, EmailMessage)
    assert isinstance(page, EmailMessage)
    for part, kind in ((plain, "text/plain"), (page, "text/html")):
        assert (part.get_content_type(), part.get_content_charset()) == (kind, "utf-8")
        assert part.defects == []
        assert part.get_content_disposition() is None
    return plain.get_content(), page.get_content()


@shipped
@spoken_in
@live_or_not
def test_a_letter_is_plain_text_first_at_78_columns(
    name: str, language: str, exercise: bool
) -> None:
    """Two forms of one message, the plain one first and narrow; no line of the wire is long."""
    _text, octets, message = written(name, language, exercise=exercise)
    plain, _page = parts(message)
    assert max(map(len, plain.splitlines())) <= 78
    assert octets.isascii()
    lines = octets.split(b"\r\n")
    assert max(map(len, lines)) <= 78
    assert not any(b"\n" in line or b"\r" in line for line in lines)


@shipped
@spoken_in
@live_or_not
def test_a_letter_says_its_language_and_what_it_is(
    name: str, language: str, exercise: bool
) -> None:
    """Language, subject, addresses and the marks of an automatic letter are in the headers."""
    text, _octets, message = written(name, language, exercise=exercise)
    assert message["Content-Language"] == language
    assert message["Subject"] == text.subject
    assert message["Subject"].startswith(WORDS[language].exercise) == exercise
    assert "POLICE Saint-Étienne" in message["Subject"]
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    assert message["Importance"] == "high"
    assert message["Message-ID"] == "<20261123-k7f3-7@example.org>"
    assert message["Reply-To"].addresses[0].addr_spec == "reponse+Xy7@example.org"
    assert message["To"].addresses[0].addr_spec == "garde@galerie.example"
    assert not {"list-unsubscribe", "bcc", "cc", "return-receipt-to"} & {k.lower() for k in message}


@shipped
@spoken_in
@live_or_not
def test_a_page_has_its_language_both_schemes_and_asks_nothing_of_the_net(
    name: str, language: str, exercise: bool
) -> None:
    """The page is light or dark as its reader is, and nothing in it can fetch or count a reader."""
    _text, _octets, message = written(name, language, exercise=exercise)
    _plain, source = parts(message)
    page = Page(source)
    assert ("html", {"lang": language}) in page.tags
    assert ("meta", {"name": "color-scheme", "content": "light dark"}) in page.tags
    assert "color-scheme: light dark" in page.style
    assert not re.search(r"(?<![-\w])(?:color|background)\s*:", page.style)  # the scheme's own
    for tag, attributes in page.tags:
        assert tag not in {"img", "link", "script", "iframe", "object", "embed", "form", "base"}
        assert not LOADING & attributes.keys()
        assert not [key for key in attributes if key.startswith("on")]
        assert re.fullmatch(r"tel:\+?\d+", attributes.get("href") or "tel:17")
    assert not re.search(r"@import|url\(|https?:|//", source)
    assert (WORDS[language].exercise in page.shown) == exercise


@shipped
@spoken_in
def test_both_forms_say_the_same(name: str, language: str) -> None:
    """Every value, the reference and the safety sentence are in the text and on the page."""
    _text, _octets, message = written(name, language)
    plain, source = parts(message)
    said = [*TYPICAL[name].values(), FACTS.reference]
    template = templates.load(name, [resources.folder("templates")])
    if template.safety_sentence:
        said.append(WORDS[language].safety)
    for form in (plain, Page(source).shown):
        folded = " ".join(form.split())
        assert [value for value in said if value not in folded] == []


@shipped
@spoken_in
def test_what_is_typed_stays_text(name: str, language: str) -> None:
    """`<script>`, quotes and encoded words in a value are read as typed, in all three places."""
    template = templates.load(name, [resources.folder("templates")])
    for variable in template.variables:
        value = SCRIPT[: variable.limit]
        _text, _octets, message = written(name, language, {variable.name: value})
        plain, source = parts(message)
        page = Page(source)
        assert value in " ".join(plain.split())
        assert value in " ".join(page.shown.split())
        assert "script" not in {tag for tag, _attributes in page.tags}
        assert "<script" not in source
    if name == "all-clear":
        value = SCRIPT[:20]
        assert value in written(name, language, {"ended_alert": value})[2]["Subject"]
