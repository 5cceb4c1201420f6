"""Questions to an address base, over real TLS on localhost."""

from __future__ import annotations

import asyncio
import logging
import math
import random
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import web

from tests.geocoding.bureau import (
    GIROUETTE,
    Answer,
    Bureau,
    FixedClock,
    collection,
    document,
    feature,
    text,
)
from umsalert import settings as all_settings
from umsalert.errors import ConfigurationError, TemporaryError
from umsalert.geocoding import BanGeocoder, Pace
from umsalert.geocoding.adapter import MAX_ANSWER_BYTES
from umsalert.geocoding.ban import ATTEMPTS, SHUT_OUT_S
from umsalert.ports import Found, PostalAddress, Precision
from umsalert.settings import GeocodeSettings


async def test_places_are_told_as_the_address_base_knows_them(
    geocoder: BanGeocoder, bureau: Bureau
) -> None:
    """Points, scores and kinds come back, latitude first, the likeliest first."""
    bureau.usual = collection(
        feature("Rue de la Girouette 06000 Nice", score=0.7, type="street", lat=43.7, lon=7.27),
        feature(),
        feature("Nice", score=0.4, type="municipality"),
        feature("Port", score=0.3, type="poi", postcode=None),
    )
    house, street, town, other = await geocoder.locate(GIROUETTE)
    assert house == Found(
        43.7005, 7.2683, 0.96, "80 Rue de la Girouette 06000 Nice", Precision.HOUSENUMBER, "06000"
    )
    assert (street.precision, street.score) == (Precision.STREET, 0.7)
    assert town.precision is Precision.MUNICIPALITY
    assert (other.precision, other.postcode) == (Precision.OTHER, "")


async def test_nothing_but_the_address_leaves(geocoder: BanGeocoder, bureau: Bureau) -> None:
    """A question holds street, postcode and town; no cookie, no name, nothing of the machine."""
    await geocoder.locate(GIROUETTE)
    (request,) = bureau.requests
    assert dict(request.query) == {"q": "80 rue de la Girouette 06000 Nice", "limit": "5"}
    assert request.headers.keys() == {"Host", "User-Agent", "Accept", "Accept-Encoding"}
    assert request.headers["User-Agent"].startswith("umsalert/")


async def test_a_question_is_one_the_address_base_takes(
    geocoder: BanGeocoder, bureau: Bureau
) -> None:
    """It begins with a letter or a digit, holds one line and at most 200 characters."""
    await geocoder.locate(PostalAddress("« 3 allée\n des  Érables »" + " bis" * 100, "", "Évry"))
    (asked,) = bureau.asked
    assert asked.startswith("3 allée des Érables » bis")
    assert len(asked) == 200


@pytest.mark.parametrize("tail", ["", "/", "/search"])
async def test_the_endpoint_may_be_written_as_it_is_published(
    settings: GeocodeSettings, clock: FixedClock, bureau: Bureau, tail: str
) -> None:
    """The root of the service, a slash behind it and the whole address of /search do."""
    there = settings._replace(endpoint=settings.endpoint + tail)
    async with await BanGeocoder.open(there, Pace(clock, 20)) as geocoder:
        assert len(await geocoder.locate(GIROUETTE)) == 1
    assert len(bureau.requests) == 1


def test_the_default_is_the_geoplateforme(tmp_path: Path) -> None:
    """The address base answers under the Géoplateforme's geocodage, not geopy's old host."""
    found = all_settings.load(None, {"UMSALERT_HOME": str(tmp_path)}).geocode
    assert found.endpoint == "https://data.geopf.fr/geocodage"
    assert found.rate_per_s < 50


async def test_what_it_does_not_know_is_nothing(geocoder: BanGeocoder, bureau: Bureau) -> None:
    """No place, and a question it can make nothing of (400), are no place: asked once."""
    bureau.answers = [collection(), text("q must contain between 3 and 200 chars", 400)]
    assert list(await geocoder.locate(GIROUETTE)) == []
    assert list(await geocoder.locate(PostalAddress("?", "06000", ""))) == []
    assert len(bureau.requests) == 2


FAILURES = {
    "500": text("oops", 500),
    "502": text("<html>", 502),
    "503": text("", 503),
    "no JSON": text("<html>maintenance</html>"),
    "no object": document([1]),
    "no features": document({"error": "no"}),
    "features of another kind": document({"features": {"a": 1}}),
    "a feature that is none": document({"features": [None]}),
    "a place without a point": document({"features": [{"properties": {"label": "x"}}]}),
    "a point beyond the pole": collection(feature(lat=143.7)),
    "a score that is none": collection(feature(score="high")),
    "an endless answer": text("x" * (MAX_ANSWER_BYTES + 1)),
}


@pytest.mark.parametrize("answer", FAILURES.values(), ids=FAILURES.keys())
async def test_a_failure_is_followed_by_another_attempt(
    geocoder: BanGeocoder, bureau: Bureau, clock: FixedClock, answer: Answer
) -> None:
    """After an error, or what makes no sense, it rests, asks again, and the address is found."""
    bureau.answers = [answer]
    assert len(await geocoder.locate(GIROUETTE)) == 1
    assert len(bureau.requests) == 2
    assert sum(clock.slept) == pytest.approx(1)


async def test_a_dead_geocoder_ends_the_command(
    geocoder: BanGeocoder, bureau: Bureau, clock: FixedClock
) -> None:
    """After growing rests it gives up: the command may be tried later, and nothing was changed."""
    bureau.usual = lambda _request: text("oops", 500)
    with pytest.raises(TemporaryError) as caught:
        await geocoder.locate(GIROUETTE)
    assert (caught.value.code, caught.value.exit_code) == ("geocoder_unreachable", 75)
    assert len(bureau.requests) == ATTEMPTS
    assert clock.slept == pytest.approx([1, 2, 4, 8])
    assert "Girouette" not in caught.value.message


async def test_a_server_that_is_gone_ends_the_command(
    geocoder: BanGeocoder, bureau: Bureau
) -> None:
    """No connection at all is the same: exit code 75."""
    await bureau.stop()
    with pytest.raises(TemporaryError) as caught:
        await geocoder.locate(GIROUETTE)
    assert caught.value.code == "geocoder_unreachable"


async def test_a_silent_server_is_not_waited_for(
    settings: GeocodeSettings, clock: FixedClock, bureau: Bureau
) -> None:
    """An answer that does not come within timeout_s is asked for again."""
    heard = asyncio.Event()

    async def silence(_request: web.Request) -> web.Response:
        await heard.wait()
        return text("too late")

    bureau.answers = [silence]
    quick = settings._replace(timeout_s=0.05)
    async with await BanGeocoder.open(quick, Pace(clock, 20)) as geocoder:
        assert len(await geocoder.locate(GIROUETTE)) == 1
    heard.set()
    assert len(bureau.requests) == 2


@pytest.mark.parametrize(
    ("headers", "rest_s"),
    [({"Retry-After": "17"}, 17), ({}, SHUT_OUT_S), ({"Retry-After": "9999"}, 60)],
)
async def test_who_was_too_fast_rests_as_long_as_it_is_told(
    geocoder: BanGeocoder,
    bureau: Bureau,
    clock: FixedClock,
    headers: dict[str, str],
    rest_s: float,
) -> None:
    """A 429 makes every question wait for its Retry-After, else five seconds, at most a minute."""
    bureau.answers = [text("slow down", 429, **headers)]
    await geocoder.locate(GIROUETTE)
    assert bureau.asked_at_s == pytest.approx([0, rest_s])
    await geocoder.locate(GIROUETTE)
    assert bureau.asked_at_s[2] == pytest.approx(rest_s + 0.05)


async def test_the_rate_holds_for_all_that_is_asked_at_once(
    settings: GeocodeSettings, clock: FixedClock, bureau: Bureau
) -> None:
    """Thirty questions at 20 in a second take a second and a half, however many tasks ask."""
    async with await BanGeocoder.open(settings, Pace(clock, 20)) as geocoder:
        await asyncio.gather(*(geocoder.locate(GIROUETTE) for _ in range(30)))
    assert len(bureau.requests) == 30
    assert clock.steady_s() == pytest.approx(29 / 20, abs=0.03)


@pytest.mark.parametrize("status", [301, 302, 401, 403, 404, 410])
async def test_a_wrong_endpoint_is_a_setting_to_correct(
    geocoder: BanGeocoder, bureau: Bureau, status: int
) -> None:
    """A redirect is not followed, and who refuses us is not asked again: the setting is wrong."""
    bureau.usual = lambda _request: text("", status, Location="http://localhost/elsewhere")
    with pytest.raises(ConfigurationError) as caught:
        await geocoder.locate(GIROUETTE)
    assert caught.value.code == "geocoder_refused"
    assert "geocode.endpoint" in caught.value.hint
    assert len(bureau.requests) == 1


async def test_a_stranger_is_not_asked(
    settings: GeocodeSettings, clock: FixedClock, bureau: Bureau, tmp_path: Path
) -> None:
    """A server whose certificate another authority has signed learns no address."""
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    suspicious = settings._replace(ca_file=tmp_path / "other.pem")
    async with await BanGeocoder.open(suspicious, Pace(clock, 20)) as geocoder:
        with pytest.raises(ConfigurationError) as caught:
            await geocoder.locate(GIROUETTE)
    assert caught.value.code == "geocoder_refused"
    assert bureau.requests == []


async def test_an_unreadable_authority_is_named(settings: GeocodeSettings, tmp_path: Path) -> None:
    """A ca_file that is not there is a setting to correct."""
    lost = settings._replace(ca_file=tmp_path / "lost.pem")
    with pytest.raises(ConfigurationError) as caught:
        await BanGeocoder.open(lost, Pace(FixedClock(), 20))
    assert caught.value.code == "ca_file_invalid"


async def test_no_address_is_logged(
    geocoder: BanGeocoder, bureau: Bureau, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever the level, no log line names what was asked."""
    bureau.answers = [text("80 rue de la Girouette is too much", 500)]
    with caplog.at_level(logging.DEBUG):
        await geocoder.locate(GIROUETTE)
    assert "irouette" not in caplog.text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENDPOINT", "http://data.geopf.fr/geocodage"),
        ("ENDPOINT", "https://data.geopf.fr/geocodage?index=poi"),
        ("ENDPOINT", "https://me:secret@data.geopf.fr/geocodage"),
        ("RATE_PER_S", "51"),
        ("RATE_PER_S", "0"),
        ("RATE_PER_S", "nan"),
        ("MIN_SCORE", "0"),
        ("MIN_SCORE", "1.1"),
        ("TIMEOUT_S", "inf"),
    ],
)
def test_settings_have_limits(tmp_path: Path, name: str, value: str) -> None:
    """No plain HTTP, no more than IGN answers, no score that is none."""
    environ = {"UMSALERT_HOME": str(tmp_path), f"UMSALERT_GEOCODE_{name}": value}
    with pytest.raises(ConfigurationError) as caught:
        all_settings.load(None, environ)
    assert {problem.column for problem in caught.value.problems} == {f"geocode.{name.lower()}"}


JUNK: list[Any] = [
    None,
    True,
    0,
    -1,
    1e308,
    10**30,
    "",
    "x",
    [],
    {},
    [[]],
    [None, None, None],
    {"raw": 1},
]


def spoilt(value: Any, draw: random.Random) -> Any:
    """Return a document with one thing in it replaced by another, or left out."""
    if isinstance(value, dict) and value and draw.random() < 0.85:
        key = draw.choice(sorted(value))
        if draw.random() < 0.2:
            return {name: item for name, item in value.items() if name != key}
        return {**value, key: spoilt(value[key], draw)}
    if isinstance(value, list) and value and draw.random() < 0.85:
        at = draw.randrange(len(value))
        return [*value[:at], spoilt(value[at], draw), *value[at + 1 :]]
    return draw.choice(JUNK)


async def test_no_answer_breaks_the_reading(geocoder: BanGeocoder, bureau: Bureau) -> None:
    """Whatever is wrong in an answer, it is read as far as it makes sense, or asked for again."""
    draw = random.Random(6)
    whole = {"type": "FeatureCollection", "features": [feature(), feature("Nice", score=0.3)]}
    again = 0
    for _ in range(300):
        bureau.requests.clear()
        bureau.answers = [document(spoilt(whole, draw))]
        for place in await geocoder.locate(GIROUETTE):
            assert -90 <= place.lat <= 90
            assert math.isfinite(place.lon)
            assert math.isfinite(place.score)
            assert isinstance(place.label, str)
        again += len(bureau.requests) == 2
    assert 50 < again < 300
