"""Questions to the national address base (BAN), which the Géoplateforme of IGN answers."""

from __future__ import annotations

import asyncio
import logging
import math
import ssl
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from geopy.exc import (
    GeocoderQueryError,
    GeocoderRateLimited,
    GeopyError,
)
from geopy.geocoders import BANFrance
from geopy.location import Location

from umsalert import __version__
from umsalert.errors import ConfigurationError, TemporaryError
from umsalert.geocoding.adapter import HttpsAdapter
from umsalert.geocoding.pace import Pace
from umsalert.i18n import _
from umsalert.ports import Found, PostalAddress, Precision
from umsalert.settings import GeocodeSettings

ATTEMPTS = 5
FIRST_REST_S, LONGEST_REST_S = 1.0, 60.0
SHUT_OUT_S = 5.0
"""After a 429 that names no time: IGN answers nobody for some seconds who was too fast."""
CANDIDATES = 5
LONGEST_QUERY = 200
"""Characters that the address base takes; it wants a letter or a digit first."""


class BanGeocoder:
    """Asks one endpoint. Made inside a running loop, left by `async with`."""

    def __init__(self, settings: GeocodeSettings, context: ssl.SSLContext, pace: Pace) -> None:
        """Ask `settings.endpoint`, trusting what `context` trusts, at a pace."""
        logging.getLogger("geopy").setLevel(logging.CRITICAL)  # it names addresses
        # it warns before it raises, which is enough
        warnings.filterwarnings("ignore", "Latitude normalization", UserWarning, "geopy")
        self._pace = pace
        root = urlsplit(settings.endpoint)
        # geopy puts /search behind what it takes for a name: a path goes with it.
        self._ban = BANFrance(
            domain=f"{root.netloc}{root.path}".rstrip("/").removesuffix("/search"),
            scheme=root.scheme,
            timeout=settings.timeout_s,
            proxies={},
            user_agent=f"umsalert/{__version__}",
            ssl_context=context,
            adapter_factory=HttpsAdapter,
        )

    @classmethod
    async def open(cls, settings: GeocodeSettings, pace: Pace) -> BanGeocoder:
        """Return one that trusts the system's authorities, or `ca_file` alone.

        Raises ConfigurationError when that file cannot be read.
        """
        return cls(settings, await _context(settings.ca_file), pace)

    async def __aenter__(self) -> BanGeocoder:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._ban.__aexit__(kind, error, traceback)

    async def locate(self, address: PostalAddress) -> Sequence[Found]:
        """Return the places that an address may mean, the likeliest first; empty: none.

        Raises TemporaryError: geocoder_unreachable; ConfigurationError: geocoder_refused.
        """
        query = _query(address)
        for attempt in range(ATTEMPTS):
            await self._pace.turn()
            rest_s = FIRST_REST_S * 2**attempt
            try:
                places = await self._ban.geocode(query, exactly_one=False, limit=CANDIDATES)
                found = [_found(place) for place in places or ()]
            except GeocoderQueryError:  # it can make nothing of these words
                return ()
            except GeocoderRateLimited as error:
                rest_s = error.retry_after or SHUT_OUT_S
            except (GeopyError, AttributeError, LookupError, TypeError, ValueError):
                pass  # no answer, or none that can be read: perhaps the next one
            else:
                return sorted(found, key=lambda place: -place.score)
            self._pace.rest(min(rest_s, LONGEST_REST_S))
        raise TemporaryError(
            "geocoder_unreachable",
            _("The geocoder did not answer in {n} attempts. Nothing was changed.").format(
                n=ATTEMPTS
            ),
            hint=_("Try again later: what it has answered is kept and not asked again."),
        )


def _query(address: PostalAddress) -> str:
    words = f"{address.street} {address.postcode} {address.commune}".split()
    text = " ".join(words)
    start = next((place for place, char in enumerate(text) if char.isalnum()), len(text))
    return text[start : start + LONGEST_QUERY]


def _found(place: Location) -> Found:
    """Return a place as it was told. Raises what unexpected types raise."""
    told: dict[str, Any] = place.raw["properties"]
    lat, lon, score = float(place.latitude), float(place.longitude), float(told["score"])
    if not (math.isfinite(lat) and math.isfinite(lon) and math.isfinite(score)):
        raise ValueError("a number is missing")
    return Found(
        lat=lat,
        lon=lon,
        score=score,
        label=str(told["label"]),
        precision=_precision(told["type"]),
        postcode=str(told.get("postcode") or ""),
    )


def _precision(told: object) -> Precision:
    known = {str(precision): precision for precision in Precision}
    return known.get(str(told), Precision.OTHER)


async def _context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return await asyncio.to_thread(ssl.create_default_context, cafile=ca_file)
    except (OSError, ValueError) as error:  # SSLError is an OSError
        raise ConfigurationError(
            "ca_file_invalid",
            _("The certificate authority {file} cannot be read.").format(file=ca_file),
            hint=_("Give ca_file a readable PEM file with the authority's certificate."),
        ) from error
