"""What the geocoder has said, in a small file of its own: the same address is asked once.

Its answers are of the register's sites, so the file is for this account alone; it can be removed
at any time.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

import orjson
from sqlite_utils import Database
from sqlite_utils.db import NotFoundError
from sqlite_utils.utils import sqlite3  # type: ignore[attr-defined]  # whichever it works with

from umsalert.errors import ConfigurationError
from umsalert.i18n import _, system_reason
from umsalert.ports import Clock, Found, Geocoder, PostalAddress, Precision

KEEP_FOUND = timedelta(days=180)
KEEP_NOT_FOUND = timedelta(days=7)
"""A new street is in the address base within a week or two."""

_TABLE = "answer"


class Cache:
    """Answers by endpoint and address, for as long as they hold."""

    def __init__(self, path: Path, endpoint: str) -> None:
        """Open the file, mode 0600; one that is no database is begun anew.

        Raises ConfigurationError: geocode_cache_unusable.
        """
        self._path, self._endpoint = path, endpoint
        with self._usable():
            try:
                self._database = self._open()
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                path.unlink()
                self._database = self._open()

    def get(self, address: PostalAddress, now: datetime) -> Sequence[Found] | None:
        """Return what was answered, None where nothing was or that was too long ago."""
        with self._usable():
            try:
                row = self._database.table(_TABLE).get((self._endpoint, _key(address)))
            except NotFoundError:
                return None
            found = [_place(item) for item in orjson.loads(row["found"])]
            age = now - datetime.fromisoformat(row["answered_at"])
        return found if age < (KEEP_FOUND if found else KEEP_NOT_FOUND) else None

    def put(self, address: PostalAddress, found: Sequence[Found], now: datetime) -> None:
        """Keep an answer."""
        row = {
            "endpoint": self._endpoint,
            "address": _key(address),
            "found": orjson.dumps([asdict(item) for item in found]).decode(),
            "answered_at": now.isoformat(),
        }
        with self._usable():
            self._database.table(_TABLE).insert(row, replace=True)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _open(self) -> Database:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        database = Database(self._path)
        database.enable_wal()  # a quarter of the time for each answer
        columns = {"endpoint": str, "address": str, "found": str, "answered_at": str}
        database.table(_TABLE).create(columns, pk=("endpoint", "address"), if_not_exists=True)
        return database

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.Error, ValueError, LookupError, TypeError) as error:
            reason = system_reason(error) if isinstance(error, OSError) else str(error)
            raise ConfigurationError(
                "geocode_cache_unusable",
                _("The answers of the geocoder cannot be kept in {path}: {reason}").format(
                    path=self._path, reason=reason
                ),
                hint=_("Remove the file, or name another with geocode.cache_file."),
            ) from error


class CachedGeocoder:
    """Asks another geocoder what the cache does not know."""

    def __init__(self, geocoder: Geocoder, cache: Cache, clock: Clock) -> None:
        """Keep what `geocoder` says in `cache`."""
        self._geocoder, self._cache, self._clock = geocoder, cache, clock

    async def locate(self, address: PostalAddress) -> Sequence[Found]:
        """Return the places that an address may mean, as the other does."""
        found = self._cache.get(address, self._clock.now())
        if found is None:
            found = await self._geocoder.locate(address)
            self._cache.put(address, found, self._clock.now())
        return found


def _key(address: PostalAddress) -> str:
    parts = (address.street, address.postcode, address.commune)
    return "\n".join(
        " ".join(unicodedata.normalize("NFKC", part).casefold().replace(",", " ").split())
        for part in parts
    )


def _place(item: dict[str, object]) -> Found:
    return Found(**{**item, "precision": Precision(item["precision"])})  # type: ignore[arg-type]
