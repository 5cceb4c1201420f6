"""The routes of the page. GET and HEAD change nothing; a POST leads back to the page."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route, request_response

from umsalert.errors import DatabaseError, TemporaryError
from umsalert.model import Answer, ReplyKind, ReplySource, Tie
from umsalert.ports import Answers, Clock
from umsalert.web.body import CLOSE, read_body
from umsalert.web.page import forms, pictures, stamp, upload
from umsalert.web.page.forms import FieldsWrong, Form
from umsalert.web.page.gate import Gate, Refused, Visit
from umsalert.web.page.notes import Note, note_of
from umsalert.web.page.offer import Offer
from umsalert.web.page.pictures import PictureRefused
from umsalert.web.page.view import MAX_PHOTOS, Look, View
from umsalert.web.page.words import words_of

MAX_FORM_BYTES = 8 * 1024
FORM_TIMEOUT_S = 10.0
TWICE = timedelta(seconds=10)
"""A button pressed twice is one answer."""
PICTURES_AT_ONCE = 2
"""A large picture takes 100 MB while it is decoded."""

Work = Callable[[Request], Awaitable[Response]]

_log = logging.getLogger(__name__)


class Page:
    """The page of every guard."""

    def __init__(self, answers: Answers, offer: Offer, clock: Clock) -> None:
        """Read and record with `answers`; `offer` knows the buttons of a template."""
        self._answers = answers
        self._offer = offer
        self._clock = clock
        self._gate = Gate(answers, clock)
        self._view = View()
        self._decoding = asyncio.Semaphore(PICTURES_AT_ONCE)

    def routes(self) -> list[BaseRoute]:
        """Return the routes; what is no link of ours gets the same page as an unknown token."""
        return [
            Route("/r/{token}", self._safely(self._show), methods=["GET"]),
            Route("/r/{token}", self._safely(self._answer), methods=["POST"]),
            Route("/r/{token}/photo", self._safely(self._back), methods=["GET"]),
            Route("/r/{token}/photo", self._safely(self._photo), methods=["POST"]),
            Mount("/r", request_response(self._safely(self._nowhere))),  # every other method, too
        ]

    def _safely(self, work: Work) -> Work:
        async def respond(request: Request) -> Response:
            try:
                return await work(request)
            except Refused as refused:
                return self._view.notice(refused.status, refused.language, refused.headers)
            except (TemporaryError, DatabaseError) as error:
                _log.error("page not served", extra={"code": error.code})
                return self._view.notice(503, headers={"Retry-After": "5"})

        return respond

    async def _show(self, request: Request) -> Response:
        visit = await self._gate.visit(request)
        return self._page(visit, self._look(visit, note_of(request.query_params.get("note", ""))))

    async def _answer(self, request: Request) -> Response:
        visit = await self._gate.visit(request)
        self._gate.count_post(visit)
        try:
            body = await read_body(request, MAX_FORM_BYTES, FORM_TIMEOUT_S)
        except HTTPException as error:
            raise Refused(error.status_code, visit.invited.language, CLOSE) from error
        form = forms.read(body)
        if not form.sincere(visit.token, self._clock.now()):
            _log.info("press not counted", extra=visit.about)
            look = self._look(visit, Note.AGAIN)
            typed = form.fields if form[forms.DETAILS] else {}
            return self._page(visit, replace(look, typed=typed), 409)
        if form[forms.ANSWER] == forms.UNDO:
            undone = await self._answers.undo(visit.token, form.undoes)
            return self._see(f"{visit.token}?note={Note.UNDONE}" if undone else visit.token)
        if form.kind is None:
            return self._page(visit, self._look(visit, Note.AGAIN), 400)
        return await self._record(visit, form, form.kind)

    async def _record(self, visit: Visit, form: Form, kind: ReplyKind) -> Response:
        now, last = self._clock.now(), visit.last
        answer = Answer(kind, ReplySource.LINK, form.raw, now, Tie(token=visit.token))
        if kind is ReplyKind.SIGHTING and form[forms.DETAILS]:
            words = words_of(visit.invited.language)
            try:
                said = form.details(visit.invited.time_zone, now, words)
            except FieldsWrong as wrong:
                look = replace(self._look(visit, None), typed=form.fields, errors=wrong.errors)
                return self._page(visit, look, 422)
            before = visit.sighting.seen_at if visit.sighting else None
            answer = replace(
                answer,
                text=said.text,
                direction=said.direction,
                seen_at=said.seen_at or before,
            )
        elif last and last.kind is kind and now - last.received_at < TWICE:
            return self._see(visit.token)
        await self._answers.record(answer)
        _log.info("answer by link: %s", kind, extra=visit.about)
        return self._see(visit.token)

    async def _photo(self, request: Request) -> Response:
        try:
            visit = await self._gate.visit(request)
        except Refused as refused:
            if refused.status == 410:  # a guard's own link: it gets to see that
                await upload.drain(request)
            raise
        try:
            await self._take_photo(request, visit)
        except PictureRefused as refused:
            _log.info("photo not taken", extra={**visit.about, "code": str(refused.note)})
            return self._see(f"../{visit.token}?note={refused.note}#photo", CLOSE)
        _log.info("photo by link", extra=visit.about)
        return self._see(f"../{visit.token}?note={Note.PHOTO}")

    async def _take_photo(self, request: Request, visit: Visit) -> None:
        """Keep a photo with the guard's newest sighting. Raises PictureRefused."""
        if not self._gate.allows_photo(visit):
            await upload.drain(request)
            raise PictureRefused(Note.PHOTO_OFTEN)
        sent = await upload.receive(request)
        with sent.file:
            form = Form(sent.fields)
            if visit.sighting is None or not form.sincere(visit.token, self._clock.now()):
                raise PictureRefused(Note.PHOTO_AGAIN)
            if visit.sighting.photos >= MAX_PHOTOS:
                raise PictureRefused(Note.PHOTO_MANY)
            async with self._decoding:
                photo = await asyncio.to_thread(pictures.encode, sent.file)
        await self._answers.add_photo(visit.sighting.id, photo)

    async def _back(self, request: Request) -> Response:
        """Lead who reloads the address of an upload to the page; it may be nobody's."""
        visit = await self._gate.visit(request)
        return self._see(f"../{visit.token}")

    async def _nowhere(self, request: Request) -> Response:
        raise self._gate.miss(request)

    def _look(self, visit: Visit, note: Note | None) -> Look:
        return Look(
            stamp=stamp.make(visit.token, self._clock.now()),
            offered=self._offer.answers(visit.invited.template),
            callback=self._offer.callback,
            note=note,
        )

    def _page(self, visit: Visit, look: Look, status: int = 200) -> Response:
        return self._view.guard(visit, look, status)

    def _see(self, address: str, headers: dict[str, str] | None = None) -> Response:
        """Lead to the page by an address relative to the present one: a proxy may add to it."""
        return RedirectResponse(address, 303, {**self._view.headers, **(headers or {})})
