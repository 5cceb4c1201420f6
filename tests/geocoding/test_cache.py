"""What the geocoder has said is kept, and asked for only once."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from tests.geocoding.bureau import GIROUETTE, NOW, Bureau, FixedClock, collection
from umsalert import settings as all_settings
from umsalert import wiring
from umsalert.errors import ConfigurationError, TemporaryError
from umsalert.geocoding import BanGeocoder, Cache, CachedGeocoder
from umsalert.geocoding.cache import KEEP_FOUND, KEEP_NOT_FOUND
from umsalert.ports import Found, PostalAddress, Precision
from umsalert.settings import GeocodeSettings

ENDPOINT = "https://data.example/geocodage"
HOUSE = Found(
    43.7005, 7.2683, 0.96123456789, "80 Rue de la Girouette 06000 Nice", Precision.HOUSENUMBER,
    "06000",
)  # fmt: skip


@contextlib.contextmanager
def opened(path: Path, endpoint: str = ENDPOINT) -> Iterator[Cache]:
    with contextlib.closing(Cache(path, endpoint)) as cache:
        yield cache


async def test_an_address_is_asked_once(
    geocoder: BanGeocoder, bureau: Bureau, clock: FixedClock, tmp_path: Path
) -> None:
    """The next import asks nothing about addresses that were found, however they are spelt."""
    spelt = PostalAddress(" 80  RUE de la Girouette,", "06000", "NICE")
    with opened(tmp_path / "geocode.db") as cache:
        first = await CachedGeocoder(geocoder, cache, clock).locate(GIROUETTE)
    with opened(tmp_path / "geocode.db") as cache:
        again = await CachedGeocoder(geocoder, cache, clock).locate(GIROUETTE)
        shouted = await CachedGeocoder(geocoder, cache, clock).locate(spelt)
    assert list(first) == list(again) == list(shouted)
    assert len(bureau.requests) == 1


@pytest.mark.parametrize(("places", "kept"), [([HOUSE], KEEP_FOUND), ([], KEEP_NOT_FOUND)])
def test_an_answer_holds_for_its_time(
    tmp_path: Path, places: Sequence[Found], kept: timedelta
) -> None:
    """A place is believed for half a year, that there is none for a week."""
    second = timedelta(seconds=1)
    with opened(tmp_path / "geocode.db") as cache:
        cache.put(GIROUETTE, places, NOW)
        assert cache.get(GIROUETTE, NOW + kept - second) == list(places)
        assert cache.get(GIROUETTE, NOW + kept) is None
        cache.put(GIROUETTE, places, NOW + kept)
        assert cache.get(GIROUETTE, NOW + kept) == list(places)


def test_another_endpoint_has_answers_of_its_own(tmp_path: Path) -> None:
    """What one server said is not taken for the word of another."""
    with opened(tmp_path / "geocode.db") as cache:
        cache.put(GIROUETTE, [HOUSE], NOW)
    with opened(tmp_path / "geocode.db", "https://other.example/geocodage") as cache:
        assert cache.get(GIROUETTE, NOW) is None
    with opened(tmp_path / "geocode.db") as cache:
        assert cache.get(GIROUETTE, NOW) == [HOUSE]


async def test_no_answer_is_no_answer(
    geocoder: BanGeocoder, bureau: Bureau, clock: FixedClock, tmp_path: Path
) -> None:
    """A geocoder that is out of reach leaves nothing behind that would be believed later."""
    await bureau.stop()
    with opened(tmp_path / "geocode.db") as cache:
        with pytest.raises(TemporaryError):
            await CachedGeocoder(geocoder, cache, clock).locate(GIROUETTE)
        assert cache.get(GIROUETTE, clock.now()) is None


def test_the_file_is_for_this_account_alone(tmp_path: Path) -> None:
    """Mode 0600 from the first byte, whatever the umask."""
    before = os.umask(0)
    try:
        with opened(tmp_path / "home" / "geocode.db") as cache:
            cache.put(GIROUETTE, [HOUSE], NOW)
            modes = {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.glob("home/*")}
    finally:
        os.umask(before)
    assert modes == {0o600}


def test_a_broken_file_is_begun_anew(tmp_path: Path) -> None:
    """A cache that is no database any more costs its answers and nothing else."""
    file = tmp_path / "geocode.db"
    file.write_bytes(b"not a database at all" * 500)
    with opened(file) as cache:
        assert cache.get(GIROUETTE, NOW) is None
        cache.put(GIROUETTE, [HOUSE], NOW)
        assert cache.get(GIROUETTE, NOW) == [HOUSE]


def test_a_file_that_cannot_be_is_named(tmp_path: Path) -> None:
    """Where the cache cannot be, the setting is named, and nothing is asked."""
    with pytest.raises(ConfigurationError) as caught:
        Cache(tmp_path, ENDPOINT)
    assert caught.value.code == "geocode_cache_unusable"
    assert "geocode.cache_file" in caught.value.hint


async def test_settings_make_a_geocoder(
    settings: GeocodeSettings, bureau: Bureau, tmp_path: Path
) -> None:
    """What is configured is asked, and remembered in the home folder."""
    environ = {
        "UMSALERT_HOME": str(tmp_path),
        "UMSALERT_GEOCODE_ENDPOINT": settings.endpoint,
        "UMSALERT_GEOCODE_CA_FILE": str(settings.ca_file),
    }
    found = all_settings.load(None, environ)
    bureau.answers = [collection()]
    for _ in range(2):
        async with wiring.open_geocoder(found) as geocoder:
            assert list(await geocoder.locate(GIROUETTE)) == []
    assert len(bureau.requests) == 1
    assert stat.S_IMODE((tmp_path / "geocode.db").stat().st_mode) == 0o600
