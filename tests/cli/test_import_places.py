"""`site import` of addresses and of metres: found, doubted, refused, and never asked twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.cli.conftest import Cli, Ended
from tests.geocoding.bureau import Bureau, FixedClock, collection, feature, text
from tests.store.importing import dump

Import = Callable[..., Coroutine[Any, Any, Ended]]

SITES = (
    "ref;nom;adresse;cp;ville\n"
    "S1;Un;80 rue de la Girouette;06000;Nice\n"
    "S2;Deux;rue du Funambule;6000;Nice\n"
    "S3;Trois;80 rue de la Girouette;06000;Nice\n"
)


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
async def bureau(authority: trustme.CA, home: Path) -> AsyncIterator[Bureau]:
    """Return an address base that the settings name."""
    started = await Bureau(FixedClock()).start(authority.issue_cert("localhost"))
    authority.cert_pem.write_to_path(str(home / "ca.pem"))
    (home / "umsalert.toml").write_text(
        f'[geocode]\nendpoint = "https://localhost:{started.port}/geocodage"\n'
        'ca_file = "ca.pem"\nrate_per_s = 50\ntimeout_s = 2\n'
    )
    yield started
    await started.stop()


@pytest.fixture
def bring(cli: Cli, database: Path) -> Import:
    """Return what imports sites while the address base answers."""
    assert database.exists()

    async def run(content: str, *options: str, geocode: bool = True) -> Ended:
        found = ("--geocode",) if geocode else ()
        arguments = ("site", "import", "-", *found, *options, "--json")
        return await asyncio.to_thread(cli, *arguments, stdin=content.encode())

    return run


def _street(request: Any) -> Any:
    street = "Funambule" in request.query["q"]
    return collection(feature(type="street") if street else feature())


def site(cli: Cli, ref: str) -> dict[str, Any]:
    found: dict[str, Any] = cli("site", "show", ref, "--json").document["site"]
    return found


async def test_addresses_are_found_once(
    cli: Cli, bureau: Bureau, bring: Import, database: Path
) -> None:
    """A street alone is a doubt; the second import asks nothing and changes nothing."""
    bureau.usual = _street
    ended = await bring(SITES)
    assert ended.code == 0, ended.err
    assert ended.document["added"] == 3
    found = [(item["row"], item["code"]) for item in ended.document["warnings"]]
    assert (3, "address_street_only") in found
    assert len(bureau.asked) == 2  # the same address once
    assert (site(cli, "S1")["lat"], site(cli, "S1")["lon"]) == (43.7005, 7.2683)
    before = dump(database)
    again = await bring(SITES)
    assert (again.code, again.document["unchanged"]) == (0, 3)
    assert len(bureau.asked) == 2
    assert dump(database) == before


async def test_a_site_whose_address_changes_moves(cli: Cli, bureau: Bureau, bring: Import) -> None:
    """Its guards would be alerted around the old place; who stayed keeps a point typed by hand."""
    await bring(SITES)
    assert cli("site", "edit", "S3", "--lat", "43.701", "--lon", "7.269").code == 0
    bureau.usual = lambda _request: collection(feature(lat=43.71, lon=7.25))
    ended = await bring(SITES.replace("S1;Un;80", "S1;Un;12"))
    assert (ended.code, ended.document["changed"], ended.document["unchanged"]) == (0, 1, 2)
    assert (site(cli, "S1")["lat"], site(cli, "S1")["lon"]) == (43.71, 7.25)
    assert site(cli, "S3")["lat"] == 43.701


async def test_what_is_not_found_is_a_problem_of_its_row(
    bureau: Bureau, bring: Import, database: Path
) -> None:
    """Not found, too coarse, incomplete: each named once, and nothing is changed."""
    before = dump(database)
    bureau.usual = lambda request: (
        collection()
        if "Funambule" in request.query["q"]
        else collection(feature(type="municipality"))
    )
    ended = await bring(SITES + "S4;Quatre;;;\nS5;Cinq;" + "x" * 201 + ";06000;Nice\n")
    assert ended.code == 4
    problems = [(item["row"], item["code"]) for item in ended.error["problems"]]
    assert problems[:3] == [
        (2, "address_too_coarse"), (3, "address_not_found"), (4, "address_too_coarse")
    ]  # fmt: skip
    assert problems[3:] == [(5, "address_incomplete"), (6, "value_too_long")]
    assert all(item["hint"] for item in ended.error["problems"])
    assert dump(database) == before


async def test_an_address_base_that_fails_changes_nothing(
    bureau: Bureau, bring: Import, database: Path
) -> None:
    """Exit code 75: later."""
    before = dump(database)
    bureau.usual = text("no", 429, **{"Retry-After": "1"})
    ended = await bring(SITES)
    assert (ended.code, ended.error["code"]) == (75, "geocoder_unreachable")
    assert dump(database) == before


async def test_metres_become_degrees(cli: Cli, database: Path, bring: Import) -> None:
    """Lambert-93, La Réunion by its name and by the postcode alone."""
    content = (
        "ref;nom;x;y;crs;cp\n"
        "P1;Paris;652469,02;6862035,26;2154;75001\n"
        "P2;Paris;652469,02;6862035,26;;75001\n"
        "R1;Saint-Denis;339000;7690000;EPSG:2975;97400\n"
        "R2;Saint-Denis;339000;7690000;;97400\n"
    )
    ended = await bring(content, geocode=False)
    assert ended.code == 0, ended.err
    assert (round(site(cli, "P1")["lat"], 3), round(site(cli, "P1")["lon"], 3)) == (48.857, 2.352)
    assert [site(cli, ref)["region"] for ref in ("P2", "R1", "R2")] == ["FR", "RE", "RE"]
    assert site(cli, "R2")["time_zone"] == "Indian/Reunion"
    assert site(cli, "R2")["lat"] == site(cli, "R1")["lat"]
    before = dump(database)
    assert (await bring(content, geocode=False)).document["unchanged"] == 4
    assert dump(database) == before
    moved = await bring("ref;x;y\nP1;652569,02;6862035,26\n", geocode=False)
    assert (moved.code, moved.document["changed"]) == (0, 1)


async def test_a_site_beside_the_meridian_of_greenwich(cli: Cli, bring: Import) -> None:
    """Its longitude has an exponent where a program writes it."""
    assert (await bring("ref,nom,lat,lon\nG1,Un,44.5,0.00001\n", geocode=False)).code == 0
    changed = await bring("ref,agents\nG1,3\n", geocode=False)
    assert (changed.code, changed.document["changed"]) == (0, 1)
    for name in ("r.csv", "r.geojson", "r.gpkg"):
        assert cli("site", "export", name).code == 0
        again = cli("site", "import", name, "--json")
        assert (again.code, again.document["unchanged"]) == (0, 1)
    assert site(cli, "G1")["lon"] == 0.00001


async def test_a_row_without_metres_is_a_problem(bring: Import, database: Path) -> None:
    """It is not passed over in silence, with or without an address base."""
    before = dump(database)
    content = "ref;nom;x;y;crs\nP1;Un;652469;6862035;2154\nP2;Deux;;;2154\n"
    ended = await bring(content, geocode=False)
    assert ended.code == 4
    assert [(item["row"], item["column"]) for item in ended.error["problems"]] == [
        (3, "x"),
        (3, "y"),
    ]
    assert dump(database) == before
