"""The administrative map: its codes, its names, and outlines that leave no gap."""

from __future__ import annotations

import random
import zipfile
from pathlib import Path
from typing import Any

import pytest
import shapely
from hatchling.builders.wheel import WheelBuilder

from hatch_outlines import STEPS, _encoded
from umsalert.errors import UsageError
from umsalert.geo import outlines as module
from umsalert.geo.circles import distance_m
from umsalert.geo.divisions import division
from umsalert.geo.outlines import MARGIN_M, around, divisions, drawing, outlines
from umsalert.geo.polygons import MAX_CORNERS, polygon_of
from umsalert.geo.territories import territory_at
from umsalert.model import Division, DivisionKind

COMMUNE, DEPARTEMENT, REGION = DivisionKind
ROOT = Path(__file__).parents[2]

PLACES = [  # a place in the middle of each, as its own site gives it: LATITUDE FIRST
    ("06088", 43.6956, 7.2716),  # the cathedral of Nice
    ("75056", 48.8530, 2.3499),  # Notre-Dame
    ("75104", 48.8530, 2.3499),  # ... in the fourth arrondissement
    ("13201", 43.3036, 5.3806),  # Marseille Saint-Charles
    ("69383", 45.7606, 4.8597),  # Lyon Part-Dieu
    ("2A004", 41.9192, 8.7386),  # Ajaccio
    ("97411", -20.8789, 55.4481),  # Saint-Denis de La Réunion
    ("97302", 4.9372, -52.3260),  # Cayenne
    ("84138", 44.3853, 4.9907),  # Valréas, amid the Drôme
]


@pytest.mark.parametrize(("code", "lat", "lon"), PLACES)
def test_a_place_lies_in_its_commune_and_no_neighbour(code: str, lat: float, lon: float) -> None:
    """A landmark is inside the outline of its commune; the département of the code has it too."""
    point = shapely.Point(lon, lat)
    assert outlines(COMMUNE, [code])[code].covers(point)
    departement = code[:3] if code.startswith("97") else code[:2]
    having = [key for key, shape in outlines(DEPARTEMENT).items() if shape.covers(point)]
    assert having == [departement]


def test_every_departement_and_region_is_there() -> None:
    """101 départements, 18 régions, and the collectivities of the other oceans."""
    overseas = {"975", "977", "978", "984", "986", "987", "988"}
    for kind, count in ((DEPARTEMENT, 101), (REGION, 18)):
        known = divisions(kind)
        assert len({it.code for it in known} - overseas) == count
        assert overseas < {it.code for it in known}
        assert set(outlines(kind)) == {it.code for it in known}
        assert all(shape.is_valid for shape in outlines(kind).values())
    assert len(divisions(COMMUNE)) > 34_000


def test_the_land_has_no_gap_but_llivia() -> None:
    """Départements leave no land between them: a site in a gap would be missed in silence."""
    land = shapely.union_all(list(outlines(REGION, module.METROPOLE).values()))
    holes = [shapely.Polygon(ring) for part in shapely.get_parts(land) for ring in part.interiors]
    assert [hole.covers(shapely.Point(1.9815, 42.4661)) for hole in holes] == [True]


def test_communes_make_up_their_departement() -> None:
    """The communes of three départements cover them, and little else."""
    for code in ("06", "15", "974"):
        names = [it.code for it in divisions(COMMUNE) if it.code.startswith(code)]
        communes = shapely.union_all(list(outlines(COMMUNE, names).values()))
        whole = outlines(DEPARTEMENT, [code])[code]
        assert communes.symmetric_difference(whole).area < 1e-3 * whole.area


def test_the_outline_to_search_is_wider_by_the_margin() -> None:
    """Points just outside an outline are in, points at twice the margin are not."""
    nice = division(COMMUNE, "06088")
    line = outlines(COMMUNE, ["06088"])["06088"]
    wide = around([nice])
    chance = random.Random(6)
    for _point in range(200):
        corner = line.exterior.interpolate(chance.random(), normalized=True)
        lat = corner.y + chance.uniform(-0.004, 0.004)
        lon = corner.x + chance.uniform(-0.004, 0.004)
        point = shapely.Point(lon, lat)
        if line.covers(point):
            assert wide.covers(point)
            continue
        line_m = shapely.shortest_line(shapely.transform(line, _squeezed), _squeezed_point(point))
        near_x, near_y = line_m.coords[0]
        away_m = distance_m(lat, lon, near_y, near_x / _SQUEEZE)
        if away_m < 0.98 * MARGIN_M:
            assert wide.covers(point)
        if away_m > 2.1 * MARGIN_M:  # a mitre reaches farther than the edges beside it
            assert not wide.covers(point)


_SQUEEZE = 0.7225


def _squeezed(corners: Any) -> Any:
    return corners * [_SQUEEZE, 1]


def _squeezed_point(point: shapely.Point) -> shapely.Point:
    return shapely.transform(point, _squeezed)


def test_every_departement_and_region_fits_the_selection() -> None:
    """Each is a polygon in France, with fewer corners than a polygon may have."""
    for it in (*divisions(DEPARTEMENT), *divisions(REGION)):
        area = polygon_of(around([it]), (it,))
        assert territory_at(area.lat, area.lon), it
        assert shapely.get_num_coordinates(shapely.geometry.shape(area.geometry)) < MAX_CORNERS


@pytest.mark.parametrize(
    ("kind", "typed", "code"),
    [
        (COMMUNE, " 06088 ", "06088"),
        (COMMUNE, "2a004", "2A004"),
        (DEPARTEMENT, "6", "06"),
        (DEPARTEMENT, "2b", "2B"),
        (DEPARTEMENT, "alpes maritimes", "06"),
        (DEPARTEMENT, "REUNION", "974"),
        (DEPARTEMENT, "saint-barthelemy", "977"),
        (REGION, "93", "93"),
        (REGION, "Provence Alpes Cote d'Azur", "93"),
        (REGION, "PACA", "93"),
        (REGION, "974", "04"),
        (REGION, "988", "988"),
    ],
)
def test_what_is_typed_is_found(kind: DivisionKind, typed: str, code: str) -> None:
    """Codes in any case, names without accents and hyphens."""
    assert division(kind, typed).code == code


@pytest.mark.parametrize(
    ("kind", "typed", "candidate"),
    [
        (COMMUNE, "Nice", "06088 Nice"),
        (COMMUNE, "saint denis", "97411 Saint-Denis"),
        (COMMUNE, "Aix-en-Provense", "13001 Aix-en-Provence"),
        (COMMUNE, "49001", "49050 Brissac Loire Aubance"),  # merged
        (COMMUNE, "6088", "06088 Nice"),  # of a spreadsheet
        (DEPARTEMENT, "20", "2A Corse-du-Sud, 2B Haute-Corse"),
        (COMMUNE, "O6088", "06088 Nice"),  # a letter for the nought
        (COMMUNE, "06", "--departement 06 (Alpes-Maritimes)"),
        (COMMUNE, "PACA", "--region 93 (Provence-Alpes-Côte d'Azur)"),
        (DEPARTEMENT, "Alpes-Maritime", "06 Alpes-Maritimes"),
        (DEPARTEMENT, "06000", "06 Alpes-Maritimes"),  # a postcode
        (DEPARTEMENT, "20200", "2A Corse-du-Sud, 2B Haute-Corse"),
        (DEPARTEMENT, "97400", "974 La Réunion"),
        (DEPARTEMENT, "06088", "--commune 06088 (Nice)"),
        (DEPARTEMENT, "Garone", "31 Haute-Garonne, 47 Lot-et-Garonne, 82 Tarn-et-Garonne"),
        (DEPARTEMENT, "Corse", "--region 94 (Corse), 2A Corse-du-Sud"),
        (REGION, "Bretagnes", "53 Bretagne"),
        (REGION, "Bourgonne", "27 Bourgogne-Franche-Comté"),
        (REGION, "33", "--departement 33 (Gironde)"),
    ],
)
def test_what_is_not_found_names_what_is_near(
    kind: DivisionKind, typed: str, candidate: str
) -> None:
    """A name in place of a code, a slip, a former commune: the hint lists candidates."""
    with pytest.raises(UsageError) as raised:
        division(kind, typed)
    assert raised.value.code == f"{kind}_unknown"
    assert candidate in raised.value.hint


@pytest.mark.parametrize(
    ("kind", "own", "other"),
    [
        (COMMUNE, "postcode", "Normandie"),
        (DEPARTEMENT, "Alpes-Maritimes", "postcode"),
        (REGION, "Normandie", "postcode"),
    ],
)
def test_what_is_like_nothing_is_told_how_its_own_kind_is_written(
    kind: DivisionKind, own: str, other: str
) -> None:
    """A département is told of départements, not of postcodes; a long slip is cut short."""
    with pytest.raises(UsageError) as raised:
        division(kind, "Zanzibar")
    assert own in raised.value.hint
    assert other not in raised.value.hint
    with pytest.raises(UsageError) as raised:
        division(kind, "x" * 9_999)
    assert len(raised.value.message) < 120


@pytest.mark.parametrize(
    "typed", ["06000", "99999", "", "\u00a0", "\udcff", "\0", "9" * 9_999, "'; DROP TABLE division"]
)
def test_nonsense_is_refused(typed: str) -> None:
    """A postcode is no INSEE code; nothing typed does harm."""
    with pytest.raises(UsageError) as raised:
        division(COMMUNE, typed)
    assert raised.value.hint


def test_a_commune_without_an_outline_says_so() -> None:
    """Some few communes were made after the outlines: a clear error, no empty alert."""
    with pytest.raises(UsageError) as raised:
        around([division(COMMUNE, "15031")])
    assert raised.value.code == "outline_missing"


def test_an_outline_is_read_as_it_was_written() -> None:
    """Rings, holes, parts, large and negative steps come back, right to a step."""
    chance = random.Random(9)
    for _shape in range(50):
        x, y = chance.randint(-180, 170), chance.randint(-80, 80)
        outer = shapely.box(x, y, x + chance.random() * 9 + 1, y + 1)
        hole = shapely.box(x + 0.2, y + 0.2, x + 0.8, y + chance.uniform(0.3, 0.9))
        isle = shapely.box(x, y + 2, x + 0.5, y + 2.5)
        shape = shapely.MultiPolygon([outer.difference(hole), isle])
        steps = shapely.set_precision(shapely.transform(shape, lambda xy: xy * STEPS), 1)
        read = module._decoded(_encoded(steps))
        assert read.equals_exact(shapely.transform(steps, lambda xy: xy / STEPS), 1e-9)


def test_a_drawing_needs_no_geometry_library() -> None:
    """Its rings are those of the outline."""
    drawn = shapely.geometry.shape(drawing(DEPARTEMENT, ["06"]))
    assert drawn.equals(outlines(DEPARTEMENT, ["06"])["06"])


def test_two_divisions_are_one_area() -> None:
    """Communes far apart make one MultiPolygon that has both."""
    named = [division(COMMUNE, code) for code in ("06088", "97411")]
    shape = around(named)
    assert shape.covers(shapely.Point(7.27, 43.70))
    assert shape.covers(shapely.Point(55.45, -20.88))
    assert Division(COMMUNE, "06088", "Nice") in named


def test_the_wheel_brings_the_outlines_and_whose_they_are(tmp_path: Path) -> None:
    """What is installed knows the map, and its licence stands beside it."""
    wheel = next(iter(WheelBuilder(str(ROOT)).build(directory=str(tmp_path))))
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read("umsalert/geo/data/france.sqlite") == module.FILE.read_bytes()
        assert b"Licence Ouverte" in archive.read("umsalert/geo/data/LICENCE.md")
        metadata = next(name for name in archive.namelist() if name.endswith("/METADATA"))
        assert b"License-Expression: Apache-2.0 AND etalab-2.0" in archive.read(metadata)
