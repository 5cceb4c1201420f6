"""What a person wrote in an e-mail: without the message that is answered, without the signature."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_ATTRIBUTION = re.compile(
    r"(?:le|on|am)\b.{6,300}?\b(?:a [ée]crit|wrote|schrieb.{0,80})\s*:", re.IGNORECASE
)
"""`Le mar. 17 mars 2026 à 18:15, Alerte <...> a écrit :`, in one line or in up to three."""
_DIVIDER = re.compile(
    r"[-_*\s]*-{2,}\s*(?:original message|message d['’]origine|message original|forwarded message"
    r"|message transf[ée]r[ée])\s*-{2,}.*|_{10,}\s*|d[ée]but du message (?:r[ée]exp|transf).*"
    r"|begin forwarded message.*",
    re.IGNORECASE,
)
_FROM = re.compile(r"\*?(?:de|from|exp[ée]diteur)\s*:\*?\s*\S.*", re.IGNORECASE)
_NEXT_TO_FROM = re.compile(
    r"\*?(?:envoy[ée](?: le)?|date|sent|[àa]|to|objet|subject)\s*:\*?\s*\S.*", re.IGNORECASE
)
_SIGNATURE = re.compile(
    r"--|(?:envoy[ée] (?:de|depuis|[àa] partir de) (?:mon|ma|my|outlook|yahoo|l['’]application)"
    r"|sent from (?:my|outlook|yahoo|mail)|(?:obtenir|t[ée]l[ée]charger|get) outlook).*",
    re.IGNORECASE,
)
_HELLO = r"(?:bonjour|bonsoir|hello|hi|good evening|madame|monsieur|messieurs|mesdames)"
_GREETING = re.compile(rf"{_HELLO}(?:[ ,]+{_HELLO})*[ ,!.]*", re.IGNORECASE)
_CLOSING = re.compile(
    r"(?:bien )?(?:cordialement|[àa] vous)|(?:sinc[èe]res |meilleures )?salutations|cdlt"
    r"|respectueusement|bonne (?:journ[ée]e|soir[ée]e|nuit|r[ée]ception)|(?:kind |best )?regards",
    re.IGNORECASE,
)
_LONGEST_MARK = 300
"""Of a line that divides an answer from what is below it."""
_SIGNATURE_LINES = 8
"""A name, a function, a company, its address: more than that is no signature."""
_MARK = re.compile(r"\s{0,3}>")


def own_words(text: str) -> str:
    """Return what stands above the quoted original and the signature, or around the quotation."""
    kept: list[str] = []
    lines = text.split("\n")
    i = 0
    while i < len(lines):
        line = lines[i]
        quoted_below = _attribution_lines(lines, i)
        if quoted_below:
            i += quoted_below
            if not _quotation_follows(lines, i):
                break  # what follows is the original, unmarked
            continue
        if _ends_here(lines, i):
            break
        if not _MARK.match(line):
            kept.append(line.rstrip())
        i += 1
    return re.sub(r"\n{3,}", "\n\n", "\n".join(_unsigned(kept))).strip()


def _unsigned(lines: list[str]) -> list[str]:
    """Leave out a line that only greets, and what stands below one that only closes."""
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if lines and _GREETING.fullmatch(lines[first].strip()):
        lines = lines[first + 1 :]
    below = sum(bool(line.strip()) for line in lines)
    for i, line in enumerate(lines):
        below -= bool(line.strip())
        if below <= _SIGNATURE_LINES and _CLOSING.fullmatch(line.strip(" ,.!")):
            return lines[:i]
    return lines


def _attribution_lines(lines: list[str], i: int) -> int:
    """Return how many lines from the i-th are an attribution, 0 where none is."""
    for count in (1, 2, 3):
        if _ATTRIBUTION.fullmatch(" ".join(line.strip() for line in lines[i : i + count])):
            return count
    return 0


def _quotation_follows(lines: list[str], i: int) -> bool:
    return bool(_MARK.match(next((line for line in lines[i:] if line.strip()), "")))


def _ends_here(lines: list[str], i: int) -> bool:
    line = lines[i].strip()
    if len(line) > _LONGEST_MARK:
        return False
    if _DIVIDER.fullmatch(line) or _SIGNATURE.fullmatch(line):
        return True
    below = [other.strip()[:_LONGEST_MARK] for other in lines[i + 1 : i + 5]]
    return bool(_FROM.fullmatch(line)) and any(_NEXT_TO_FROM.fullmatch(other) for other in below)


_BREAKS = {"br", "p", "div", "li", "tr", "h1", "h2", "h3"}
_UNSEEN = {"head", "style", "script", "title", "blockquote"}
_ORIGINAL = re.compile(
    r"gmail_(?:quote|attr|extra)|moz-cite-prefix|yahoo_quoted|divRplyFwdMsg|appendonsend"
    r"|OLK_SRC_BODY|mail-editor-reference|protonmail_quote|gmail_signature|moz-signature"
)
"""The class or the id of what holds the original, or the signature."""
_THE_REST = re.compile(r"divRplyFwdMsg|appendonsend")
"""Outlook's marks: the original stands beside them, not in them."""


def text_of_html(html: str) -> str:
    """Return the text of a page, without what is quoted."""
    page = _Page()
    try:
        page.feed(_whole_tags(html))
        page.close()
    except AssertionError:  # the parser's own word for a declaration that it does not know
        pass  # what came before it was read
    return "".join(page.text)


def _whole_tags(html: str) -> str:
    """Leave comments out, and brackets that begin no tag: the parser would look for its end."""
    first, *others = html.split("<!--")
    whole = first + "".join(other.partition("-->")[2] for other in others)
    return re.sub(r"<(?![^<>]*>)", "&lt;", whole)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self._left_out = ""
        self._depth = 0
        self._over = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._left_out:
            self._depth += tag == self._left_out
            return
        named = " ".join(value or "" for name, value in attrs if name in ("class", "id"))
        self._over = self._over or bool(_THE_REST.search(named))
        if tag in _UNSEEN or (_ORIGINAL.search(named) and tag not in ("br", "hr", "img")):
            self._left_out, self._depth = tag, 1
        elif tag in _BREAKS:
            self._add("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._left_out:
            self._depth -= 1
            if not self._depth:
                self._left_out = ""
        elif not self._left_out and tag in ("p", "div"):
            self._add("\n")

    def handle_data(self, data: str) -> None:
        self._add(re.sub(r"\s+", " ", data))

    def _add(self, text: str) -> None:
        if not (self._left_out or self._over):
            self.text.append(text)
