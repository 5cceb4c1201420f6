"""How geopy talks to the network: our TLS context, no redirect, no proxy, short answers only."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from http import HTTPStatus
from types import TracebackType

import aiohttp
import orjson
from geopy.adapters import AdapterHTTPError, BaseAsyncAdapter
from geopy.exc import GeocoderParseError, GeocoderTimedOut, GeocoderUnavailable
from yarl import URL

from umsalert.errors import ConfigurationError
from umsalert.i18n import _

MAX_ANSWER_BYTES = 1_000_000
"""Five places are some kilobytes; a longer answer must not fill our memory."""
AT_ONCE = 8

_NOT_THERE = {
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.GONE,
}


class HttpsAdapter(BaseAsyncAdapter):  # type: ignore[misc]  # geopy has no types
    """One session for all questions, opened with the first of them."""

    def __init__(self, *, proxies: object, ssl_context: ssl.SSLContext) -> None:
        """Trust what `ssl_context` trusts; `proxies` is geopy's, and unused."""
        super().__init__(proxies=proxies, ssl_context=ssl_context)
        self._ssl_context = ssl_context
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> HttpsAdapter:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def get_json(self, url: str, *, timeout: float, headers: Mapping[str, str]) -> object:
        """Return the collection of places in an answer. Raises errors of geopy, and of ours."""
        body = await self._get(url, timeout, headers)
        try:
            answer = orjson.loads(body)
        except ValueError:
            raise GeocoderParseError("no JSON") from None
        # geopy takes an answer without features for one that found nothing
        if not isinstance(answer, dict) or not isinstance(answer.get("features"), list):
            raise GeocoderParseError("no features")
        return answer

    async def get_text(self, url: str, *, timeout: float, headers: Mapping[str, str]) -> str:
        """Return the text of an answer; geopy wants every adapter to have it."""
        return (await self._get(url, timeout, headers)).decode("utf-8", "replace")

    async def _get(self, url: str, timeout_s: float, headers: Mapping[str, str]) -> bytes:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=AT_ONCE, ssl=self._ssl_context),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"Accept": "application/json", "Accept-Encoding": "identity"},
            )
        try:
            async with self._session.get(
                URL(url, encoded=True),
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout_s),
            ) as response:
                return await _body(response)
        except AdapterHTTPError:  # an OSError as well
            raise
        except aiohttp.ClientConnectorCertificateError:
            raise _refused(
                _("The geocoder's certificate is refused: is geocode.endpoint the right server?")
            ) from None
        except TimeoutError:
            raise GeocoderTimedOut("no answer in time") from None
        except (aiohttp.ClientError, OSError):
            raise GeocoderUnavailable("no connection") from None


async def _body(response: aiohttp.ClientResponse) -> bytes:
    if 300 <= response.status < 400 or response.status in _NOT_THERE:
        raise _refused(
            _("At geocode.endpoint there is no geocoder that answers us: HTTP status {n}.").format(
                n=response.status
            )
        )
    if response.status != HTTPStatus.OK:
        raise AdapterHTTPError(
            "refused", status_code=response.status, headers=response.headers, text=""
        )
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise GeocoderParseError("too long")
    return bytes(body)


def _refused(message: str) -> ConfigurationError:
    return ConfigurationError(
        "geocoder_refused",
        message,
        hint=_("Correct geocode.endpoint; `umsalert config show` says where it comes from."),
    )
