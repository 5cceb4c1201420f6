"""The ASGI app: a webhook is verified, stored and answered; what it says is applied after."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

import umsalert
from umsalert.errors import DatabaseError, RefusedByRule, TemporaryError
from umsalert.ports import Inbox, Webhook
from umsalert.replies import Collector, MailboxState, Receiver
from umsalert.web.body import read_body

MAX_BODY_BYTES = 64 * 1024
"""A webhook has about 1 KiB. The body is read before its signature can be: whoever sends an
endless one must not fill the memory."""

BODY_TIMEOUT_S = 10.0
"""Whoever trickles a body must not hold a connection, and our own stop, for ever."""

RETRY_S = 5.0
"""How long a failure to apply rests, or a receipt that came before our commit; a new webhook ends
the rest."""

_ABSENT = {"unknown_provider", "topic_unknown"}

_log = logging.getLogger(__name__)


def application(
    receiver: Receiver,
    inbox: Inbox,
    page: Sequence[BaseRoute],
    collector: Collector | None = None,
) -> Starlette:
    """Return the app; `page` are the routes of the guards' page.

    `/webhooks/{provider}/{topic}` answers 200 with the JSON that the provider waits for, a POST
    and, since OVHcloud writes all into the address, a GET;
    401, 404, 408 and 413 are refusals, 503 asks the provider to repeat. `GET /health` answers 200
    while the database can be read, else 503; `mailbox` there is ok, failing or off.
    While the app lives, `collector` looks into the mailbox of answers.
    """
    applier = _Applier(receiver, collector)

    async def webhook(request: Request) -> Response:
        answer = await _take(receiver, request)
        applier.wake()
        return Response(answer, media_type="application/json")

    async def health(_request: Request) -> Response:
        try:
            await inbox.pending(1)
        except (TemporaryError, DatabaseError) as error:
            raise HTTPException(503) from error
        mailbox = MailboxState.OFF if collector is None else collector.state
        return JSONResponse({"status": "ok", "version": umsalert.__version__, "mailbox": mailbox})

    app = Starlette(
        routes=[
            Route("/webhooks/{provider}/{topic}", webhook, methods=["GET", "POST"]),
            Route("/health", health, methods=["GET"]),
            *page,
        ],
        lifespan=applier.lifespan,
    )
    app.router.redirect_slashes = False  # the address would be made of what the visitor says it is
    return app


async def _take(receiver: Receiver, request: Request) -> bytes:
    webhook = Webhook(
        topic=request.path_params["topic"],
        headers=dict(request.headers),
        query=dict(request.query_params),
        body=await read_body(request, MAX_BODY_BYTES, BODY_TIMEOUT_S),
    )
    provider = request.path_params["provider"]
    try:
        return await receiver.take(provider, webhook)
    except RefusedByRule as error:
        if error.code in _ABSENT:  # then the path is anybody's text
            _log.info("webhook refused", extra={"code": error.code})
            raise HTTPException(404) from error
        said = {"provider": provider, "topic": webhook.topic, "code": error.code}
        _log.warning("webhook refused", extra=said)
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"}) from error
    except (TemporaryError, DatabaseError) as error:
        _log.error("webhook not stored", extra={"provider": provider, "code": error.code})
        raise HTTPException(503) from error


class _Applier:
    """The one task that applies stored webhooks: at the start, after each, and at the end."""

    def __init__(self, receiver: Receiver, collector: Collector | None) -> None:
        self._receiver = receiver
        self._collector = collector
        self._wake = asyncio.Event()
        self._stopping = False

    def wake(self) -> None:
        self._wake.set()

    @asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        self.wake()  # a crash may have left something pending
        task = asyncio.create_task(self._run())
        async with self._collecting():
            yield
        self._stopping = True
        self.wake()
        await task

    @asynccontextmanager
    async def _collecting(self) -> AsyncIterator[None]:
        if self._collector is None:
            yield
            return
        task = asyncio.create_task(self._collector.run(self.wake))
        yield
        task.cancel()
        await asyncio.wait([task])

    async def _run(self) -> None:
        last = False
        while not last:
            await self._wake.wait()
            self._wake.clear()
            last = self._stopping
            if not await self._apply() and not last:
                with suppress(TimeoutError):
                    async with asyncio.timeout(RETRY_S):
                        await self._wake.wait()
                self.wake()

    async def _apply(self) -> bool:
        try:
            return await self._receiver.apply_pending()
        except Exception as error:  # noqa: BLE001 - whatever it is, later webhooks must be applied
            code = getattr(error, "code", "")
            _log.error("webhooks not applied", exc_info=not code, extra={"code": code})
            return False
