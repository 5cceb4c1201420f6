"""An address base on localhost that speaks as the Géoplateforme does, and misbehaves on request."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import trustme
from aiohttp import web

from umsalert.ports import PostalAddress

NOW = datetime(2026, 11, 28, 9, 0, tzinfo=UTC)
GIROUETTE = PostalAddress("80 rue de la Girouette", "06000", "Nice")
Answer = web.Response | Callable[[web.Request], Any]


@dataclass
class FixedClock:
    """A clock that moves when somebody sleeps by it."""

    at: datetime = NOW
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        """Return the set time."""
        return self.at

    def steady_s(self) -> float:
        """Return the seconds since the start."""
        return (self.at - NOW).total_seconds()

    async def sleep(self, seconds: float) -> None:
        """Move on at once."""
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)


def feature(label: str = "80 Rue de la Girouette 06000 Nice", **told: Any) -> dict[str, Any]:
    """Return one place as the address base describes it."""
    lon, lat = told.pop("lon", 7.2683), told.pop("lat", 43.7005)
    properties = {
        "label": label, "score": 0.96, "type": "housenumber", "postcode": "06000",
        "city": "Nice", "citycode": "06088", "x": 1043823.1, "y": 6297944.3, "_type": "address",
    }  # fmt: skip
    point = {"type": "Point", "coordinates": [lon, lat]}
    return {"type": "Feature", "geometry": point, "properties": {**properties, **told}}


def collection(*features: dict[str, Any]) -> web.Response:
    """Return an answer that names these places."""
    return web.json_response(
        {"type": "FeatureCollection", "features": list(features), "query": "..."},
        content_type="application/json",
    )


class Bureau:
    """Answers GET /geocodage/search; `answers` come first, in order, then `usual`."""

    def __init__(self, clock: FixedClock) -> None:
        self.clock = clock
        self.answers: list[Answer] = []
        self.usual: Answer = lambda _request: collection(feature())
        self.asked: list[str] = []
        self.asked_at_s: list[float] = []
        self.requests: list[web.Request] = []
        self.port = 0
        self._runner: web.AppRunner | None = None

    async def start(self, certificate: trustme.LeafCert) -> Bureau:
        """Listen on a free port of localhost."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        certificate.configure_cert(context)
        application = web.Application()
        application.router.add_get("/geocodage/search", self._answer)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def stop(self) -> None:
        """Close the port."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        self.asked.append(request.query["q"])
        self.asked_at_s.append(self.clock.steady_s())
        answer = self.answers.pop(0) if self.answers else self.usual
        response = answer(request) if callable(answer) else answer
        if not isinstance(response, web.StreamResponse):
            response = await response
        return response


def text(body: str, status: int = 200, **headers: str) -> web.Response:
    """Return an answer that is no collection of places."""
    return web.Response(text=body, status=status, headers=headers)


def document(value: object) -> web.Response:
    """Return an answer with any JSON."""
    return web.Response(text=json.dumps(value), content_type="application/json")
