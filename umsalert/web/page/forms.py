"""What the forms of the page send, read with care."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from umsalert.errors import UsageError
from umsalert.model import ReplyKind
from umsalert.times import parse_past_moment
from umsalert.web.page import stamp
from umsalert.web.page.texts import one_line
from umsalert.web.page.words import PageWords

STAMP, TRAP, ANSWER, DETAILS = "stamp", "website", "answer", "details"
TEXT, DIRECTION, AGO, AT = "text", "direction", "ago", "at"
UNDO, UNDONE = "undo", "undoes"
MAX_FIELDS = 20
MOST_CHARS: Mapping[str, int] = {TEXT: 500, DIRECTION: 100}
AGO_MIN = (0, 2, 5, 10, 15, 30, 60)
"""Choices of how long ago somebody was seen."""
SEEN_WITHIN = timedelta(hours=12)
"""A time of day that was longer ago is one that has not come yet, on a watch that goes fast."""

_ID = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Details:
    """What a guard says of a sighting."""

    text: str
    direction: str
    seen_at: datetime | None


class FieldsWrong(Exception):
    """A form cannot be taken as it is; `errors` are sentences by field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__(sorted(errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form by name; one that was not sent is empty."""

    fields: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")

    def sincere(self, token: str, now: datetime) -> bool:
        """Say whether a person can have sent it: its stamp counts, and the trap is empty."""
        return not self[TRAP] and stamp.counts(self[STAMP], token, now)

    @property
    def kind(self) -> ReplyKind | None:
        """Return the answer that was pressed."""
        return ReplyKind(self[ANSWER]) if self[ANSWER] in set(ReplyKind) else None

    @property
    def undoes(self) -> int | None:
        """Return which answer the page showed beside the button that takes it back."""
        return int(self[UNDONE]) if _ID.fullmatch(self[UNDONE]) else None

    @property
    def raw(self) -> str:
        """Return the form as it is kept: ASCII, without what is only between the page and us."""
        kept = {name: text for name, text in self.fields.items() if name not in (STAMP, TRAP)}
        return json.dumps(kept)

    def details(self, time_zone: str, now: datetime, words: PageWords) -> Details:
        """Return what is said of a sighting. Raises FieldsWrong, in `words`."""
        errors = {}
        typed = {name: one_line(self[name]) for name in MOST_CHARS}
        for name, text in typed.items():
            if len(text) > MOST_CHARS[name]:
                errors[name] = words.too_long.format(length=len(text), most=MOST_CHARS[name])
        try:
            seen_at = self._seen_at(time_zone, now)
        except ValueError:
            errors[AT] = words.time_wrong
        if errors:
            raise FieldsWrong(errors)
        return Details(typed[TEXT], typed[DIRECTION], seen_at)

    def _seen_at(self, time_zone: str, now: datetime) -> datetime | None:
        """Return when somebody was seen: the time of day counts before the choice of minutes."""
        if text := one_line(self[AT]):
            try:
                moment = parse_past_moment(text, time_zone, now)
            except UsageError as error:
                raise ValueError from error
            if moment < now - SEEN_WITHIN:
                raise ValueError
            return moment
        if self[AGO] in {str(n) for n in AGO_MIN}:
            return now - timedelta(minutes=int(self[AGO]))
        return None


def read(body: bytes) -> Form:
    """Return the form in a body; one that is none has no fields."""
    try:
        pairs = parse_qsl(
            body.decode("ascii", "replace"),
            keep_blank_values=True,
            errors="replace",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError:
        return Form({})
    return Form(dict(pairs))
