"""What the page shows: HTML from what is known, and the headers that let it do nothing else."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import jinja2
from starlette.responses import HTMLResponse

from umsalert.i18n import LANGUAGES
from umsalert.messages.words import WORDS
from umsalert.model import ReplyKind
from umsalert.ports import Invited, ReplyRow
from umsalert.web.page import forms, upload
from umsalert.web.page.gate import Visit
from umsalert.web.page.notes import Note
from umsalert.web.page.texts import alert_words
from umsalert.web.page.words import PAGE_WORDS

MAX_PHOTOS = 3
"""With one answer."""
_LAST = (ReplyKind.CANNOT, ReplyKind.WRONG_PERSON)
_READ = frozenset({ReplyKind.SIGHTING, ReplyKind.LOCKED_DOWN})
"""Answers that a bare "received" would only hide."""
_TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True, slots=True)
class Look:
    """One view of the page of a guard, beside what the store knows of it.

    `typed` and `errors` are by field, of a form that could not be taken as it was.
    """

    stamp: str
    offered: Sequence[ReplyKind]
    callback: str = ""
    note: Note | None = None
    typed: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


class View:
    """Renders; made once, since compiling the templates is most of the work."""

    def __init__(self) -> None:
        self._jinja = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        for template in ("guard.html", "notice.html"):  # now, and not while a guard waits
            self._jinja.get_template(template)
        style = (_TEMPLATES / "page.css").read_text("utf-8")
        self._jinja.globals["style"] = style
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        self.headers = {
            "Content-Security-Policy": (
                f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; "
                "frame-ancestors 'none'; base-uri 'none'"
            ),
            "Referrer-Policy": "no-referrer",
            "X-Robots-Tag": "noindex",
        }

    def guard(self, visit: Visit, look: Look, status: int = 200) -> HTMLResponse:
        """Return the page of a guard."""
        invited, current = visit.invited, visit.last
        language = _known(invited.language)
        words = PAGE_WORDS[language]
        first, last = _split(look.offered, current)
        body = invited.text.body
        page = {
            "language": language,
            "words": words,
            "token": visit.token,
            "stamp": look.stamp,
            "exercise": WORDS[language].exercise if invited.exercise else "",
            "safety": WORDS[language].safety,
            "lines": alert_words(body),
            "site_ref": invited.site_ref,
            "alert_ref": invited.alert_ref,
            "callback": look.callback if look.callback and look.callback in body else "",
            "current": current,
            "received": current and _time(current.received_at, invited),
            "said": current and _said(current, invited),
            "first": first,
            "last": last,
            "sighting": current is not None and current.kind is ReplyKind.SIGHTING,
            "details": _details(current, look.typed),
            "ago": forms.AGO_MIN,
            "most": forms.MOST_CHARS,
            "errors": look.errors,
            "note": look.note,
            "note_text": look.note and words.notes[look.note],
            "photos_left": MAX_PHOTOS - (current.photos if current else 0),
            "photo_field": upload.FIELD,
        }
        return self._response("guard.html", page, status, {})

    def notice(
        self, status: int, language: str = "", headers: Mapping[str, str] | None = None
    ) -> HTMLResponse:
        """Return a page that takes no answer; in every language where that of nobody is known."""
        languages = [_known(language)] if language else list(LANGUAGES)
        parts = [(item, PAGE_WORDS[item], PAGE_WORDS[item].notices[status]) for item in languages]
        page = {"language": languages[0], "parts": parts}
        return self._response("notice.html", page, status, headers or {})

    def _response(
        self, template: str, page: Mapping[str, object], status: int, headers: Mapping[str, str]
    ) -> HTMLResponse:
        html = self._jinja.get_template(template).render(page)
        return HTMLResponse(html, status, {**self.headers, **headers})


def _known(language: str) -> str:
    return language if language in PAGE_WORDS else LANGUAGES[0]


def _split(
    offered: Sequence[ReplyKind], current: ReplyRow | None
) -> tuple[list[ReplyKind], list[ReplyKind]]:
    """Return the answers with large buttons, the most important first, and those with small."""
    hidden = set() if current is None else {current.kind}
    if hidden & _READ:
        hidden.add(ReplyKind.ACKNOWLEDGED)
    shown = [kind for kind in ReplyKind if kind in offered and kind not in hidden]
    first = [kind for kind in shown if kind not in _LAST]
    return first, [kind for kind in _LAST if kind not in hidden]


def _details(current: ReplyRow | None, typed: Mapping[str, str]) -> Mapping[str, str]:
    """Return what the form of a sighting holds already: as it was sent, or what is known."""
    known = {forms.TEXT: current.text, forms.DIRECTION: current.direction} if current else {}
    names = (forms.TEXT, forms.DIRECTION, forms.AGO, forms.AT)
    return {name: (typed or known).get(name, "") for name in names}


def _said(current: ReplyRow, invited: Invited) -> Sequence[str]:
    """Return what the guard has said beside the answer itself."""
    words = PAGE_WORDS[_known(invited.language)]
    seen = current.seen_at and words.seen_at.format(time=_time(current.seen_at, invited))
    one, many = words.photos
    photos = (one if current.photos == 1 else many).format(n=current.photos)
    said = (current.text, current.direction and f"→ {current.direction}", seen)
    return [part for part in (*said, current.photos and photos) if part]


def _time(moment: datetime, invited: Invited) -> str:
    return f"{moment.astimezone(ZoneInfo(invited.time_zone)):%H:%M}"
