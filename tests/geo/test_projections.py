"""Projected coordinates, held against GeographicLib's programs and points that others published."""

from __future__ import annotations

import math
import random
import subprocess
import sys
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.typed import typed
from umsalert.errors import UsageError
from umsalert.geo.circles import distance_m
from umsalert.geo.projections import find_crs, guess_crs, parse_metres, to_wgs84, typed_to_wgs84
from umsalert.geo.territories import TERRITORIES, territory_at

GRS80 = ("-e", "6378137", "1/298.257222101")
UTM = {
    5490: (20, "n"), 2972: (22, "n"), 2975: (40, "s"), 4471: (38, "s"), 4467: (21, "n"),
    3296: (5, "s"), 3297: (6, "s"), 3298: (7, "s"), 3299: (8, "s"), 8903: (1, "s"),
}  # fmt: skip
"""The zone and hemisphere of each code."""
LAMBERT = {
    2154: (44.0, 49.0, 3.0, 46.5, 700_000.0, 6_600_000.0),
    3163: (-20 - 40 / 60, -22 - 20 / 60, 166.0, -21.5, 400_000.0, 300_000.0),
    **{
        3900 + zone: (zone - 0.75, zone + 0.75, 3.0, zone, 1_700_000.0, (zone - 41) * 1e6 + 200_000)
        for zone in range(42, 51)
    },
}
"""Of each code: two standard parallels, the meridian, the latitude of origin, its x and y."""
Points = Sequence[tuple[float, float]]


def program(*arguments: str, lines: Points) -> list[list[str]]:
    text = "\n".join(f"{lat:.12f} {lon:.12f}" for lat, lon in lines)
    done = subprocess.run(arguments, input=text, capture_output=True, text=True, check=True)
    return [line.split() for line in done.stdout.splitlines()]


def projected(epsg: int, points: Points) -> list[tuple[float, float]]:
    """Return x and y of points in degrees, by GeographicLib's own programs."""
    if epsg in UTM:
        zone, hemisphere = UTM[epsg]
        rows = program("GeoConvert", "-u", "-z", f"{zone}{hemisphere}", "-p", "9", lines=points)
        return [(float(x), float(y)) for _zone, x, y in rows]
    south, north, meridian, latitude, x_0, y_0 = LAMBERT[epsg]
    conic = ["ConicProj", "-c", str(south), str(north), "-l", str(meridian), *GRS80, "-p", "9"]
    # ConicProj counts y from another latitude: the first point is the system's own origin.
    rows = program(*conic, lines=[(latitude, meridian), *points])
    origin_y = float(rows[0][1])
    return [(x_0 + float(row[0]), y_0 + float(row[1]) - origin_y) for row in rows[1:]]


def places(epsg: int) -> list[tuple[float, float]]:
    """Return points all over the territories where a system is used, those of its zone."""
    draw, regions = random.Random(epsg), find_crs(str(epsg)).regions
    found: list[tuple[float, float]] = []
    while len(found) < 200:
        box = draw.choice([place.box for place in TERRITORIES if place.region in regions])
        lat, lon = draw.uniform(box.south, box.north), draw.uniform(box.west, box.east)
        territory = territory_at(lat, lon)
        inside = territory and territory.region in regions
        # beyond its zone UTM is no longer what anybody means
        if inside and (epsg not in UTM or abs(lon + 183 - 6 * UTM[epsg][0]) <= 4):
            found.append((lat, lon))
    return found


@pytest.mark.parametrize("epsg", [*UTM, *LAMBERT])
def test_every_system_agrees_with_an_independent_library(epsg: int) -> None:
    """All over its territories each system gives GeographicLib's point, to two millimetres."""
    points = places(epsg)
    for (lat, lon), (x, y) in zip(points, projected(epsg, points), strict=True):
        assert distance_m(lat, lon, *to_wgs84(x, y, str(epsg))) < 0.002


@pytest.mark.parametrize(
    ("crs", "x", "y", "lat", "lon"),
    [
        # the tests of Etalab's project-legal: WGS 84 to the legal system, by proj4js
        ("Lambert 93", 649242.57, 6861355.85, 48.850244, 2.308310),
        ("RGAF09", 655995.30, 1797030.02, 16.248957, -61.540298),
        ("UTM 20N", 709371.91, 1615884.45, 14.608169, -61.056312),
        ("UTM20 Nord", 491382.61, 1998509.81, 18.075223, -63.081436),
        ("RGAF09 / UTM zone 20N", 516012.15, 1978611.10, 17.895324, -62.848835),
        ("RGFG95", 351541.87, 540162.02, 4.885560, -52.338867),
        ("RGR92", 338573.17, 7688873.88, -20.893366, 55.447998),
        ("RGM04", 521488.64, 8585837.37, -12.792185, 45.197995),
        ("RGSPM06", 552154.77, 5191524.54, 46.875213, -56.315575),
        # answers of the national address base, which gives both
        ("L93", 648952.58, 6977867.25, 49.897443, 2.290084),
        ("2154", 988291.09, 6537109.01, 45.872554, 6.717797),
    ],
)
def test_published_points_are_met(crs: str, x: float, y: float, lat: float, lon: float) -> None:
    """Points that others publish in both notations are the same to the 15 cm of their digits."""
    assert distance_m(lat, lon, *to_wgs84(x, y, crs)) < 0.15


@pytest.mark.parametrize(
    ("names", "epsg"),
    [
        (["2154", "EPSG:2154", "epsg 2154", "2154.0", "Lambert 93", "LAMBERT-93", "L93"], 2154),
        (["RGF93", "RGF93 / Lambert-93", "RGF93 v1 / Lambert-93", "RGF93 v2b / Lambert-93"], 2154),
        (["9794", "EPSG:9793", "IGNF:LAMB93", "urn:ogc:def:crs:EPSG::2154"], 2154),
        (["CC43", "cc 43", "RGF93 / CC43", "Lambert CC43", "conique conforme 43", "9843"], 3943),
        (["CC50", "EPSG:3950", "RGF93 v2b / CC50", "Lambert conique conforme 50"], 3950),
        (["UTM 20N", "utm zone 20 nord", "UTM fuseau 20 N", "RGAF09", "4559", "32620"], 5490),
        (["WGS 84 / UTM zone 20N", "http://www.opengis.net/def/crs/EPSG/0/5490"], 5490),
        (["UTM 40S", "UTM40 Sud", "RGR92", "RGR92 / UTM zone 40S", "EPSG::2975"], 2975),
        (["UTM 38S", "RGM04", "IGNF:RGM04UTM38S"], 4471),
        (["UTM 22N", "RGFG95", "RGFG95 / UTM zone 22N"], 2972),
        (["UTM 21N", "RGSPM06"], 4467),
        (["Lambert NC", "RGNC91-93", "RGNC91-93 / Lambert New Caledonia"], 3163),
        (["UTM 6S", "RGPF / UTM zone 6S", "EPSG:32706"], 3297),
        (["UTM 1S", "RGWF96"], 8903),
    ],
)  # fmt: skip
def test_systems_are_known_by_the_names_people_write(names: list[str], epsg: int) -> None:
    """Codes, IGN's names and the short ones of the offices mean the same system."""
    assert {find_crs(name).epsg for name in names} == {epsg}


@pytest.mark.parametrize(
    "name",
    [
        "", "Lambert", "Lambert II étendu", "27572", "EPSG:3857", "RGPF", "CC51", "UTM 40",
        "UTM 31N", "MOP78 / UTM zone 1S", "21540", "Sainte Anne / UTM zone 20N", "CSG67 / UTM 22N",
    ],
)  # fmt: skip
def test_other_systems_are_refused(name: str) -> None:
    """Old datums lie hundreds of metres off: they are refused, and the known ones are named."""
    with pytest.raises(UsageError) as caught:
        to_wgs84(700_000, 6_600_000, name)
    assert caught.value.code == "crs_unknown"
    assert "Lambert-93" in caught.value.hint
    assert "RGR92 UTM 40S" in caught.value.hint


@pytest.mark.parametrize(
    ("x", "y", "crs", "code"),
    [
        (6861355.85, 649242.57, "L93", "coordinates_swapped"),
        (7688873.88, 338573.17, "RGR92", "coordinates_swapped"),
        (2.3, 48.85, "L93", "coordinates_in_degrees"),
        (338573.17, 7688873.88, "L93", "outside_crs"),
        (649242.57, 6861355.85, "CC46", "outside_crs"),
        (649242.57, 6861355.85, "RGM04", "outside_crs"),
        (649.24257, 6861.35585, "L93", "outside_crs"),
        (math.nan, 6861355.85, "L93", "outside_crs"),
        (649242.57, math.inf, "L93", "outside_crs"),
        (1e300, -1e300, "CC42", "outside_crs"),
        (48.85, 2.3, "WGS84", "coordinates_swapped"),
        (649242.57, 6861355.85, "EPSG:4326", "coordinates_out_of_range"),
    ],
)
def test_a_point_where_its_system_is_not_used_is_refused(
    x: float, y: float, crs: str, code: str
) -> None:
    """Another territory's numbers, exchanged ones, degrees and kilometres are told apart."""
    with pytest.raises(UsageError) as caught:
        to_wgs84(x, y, crs)
    assert caught.value.code == code
    assert caught.value.hint


@pytest.mark.parametrize(
    ("x", "y", "crs", "region"),
    [
        ("649242,57", "6 861 355,85", "Lambert 93", None),
        ("649242.57", "6861355.85", "", None),
        ("649242.57", "6861355.85", " ", "FR"),
        ("2,308310", "48,850244", "WGS84", None),
        ("2°18'29,916\"E", "48°51'0,878\"N", "4326", None),
    ],
)
def test_cells_are_read_as_they_stand(x: str, y: str, crs: str, region: str | None) -> None:
    """Three cells are a point: with commas, grouped, without a crs, and in degrees."""
    assert distance_m(48.850244, 2.308310, *typed_to_wgs84(x, y, crs, region)) < 0.15


def test_a_guess_by_cells_needs_the_region_overseas() -> None:
    """The postcode's region stands for a crs that is missing."""
    cells = ("338573,17", "7688873,88", "")
    assert distance_m(-20.893366, 55.447998, *typed_to_wgs84(*cells, "RE")) < 0.15
    with pytest.raises(UsageError) as caught:
        typed_to_wgs84(*cells)
    assert caught.value.code == "crs_missing"


def test_degrees_have_the_longitude_in_x() -> None:
    """Where crs says WGS 84, x is the longitude, and the result has the latitude first."""
    assert to_wgs84(7.2683, 43.7005, "WGS 84") == (43.7005, 7.2683)


CORNERS = [
    (51.03, 2.38), (48.97, 8.23), (43.78, 7.51), (42.70, 9.45), (41.39, 9.16), (42.44, 3.16),
    (43.36, -1.77), (47.80, -4.37), (48.45, -5.09), (49.73, -1.94), (46.58, 0.34), (43.01, 9.40),
    (45.76, 4.84),
]  # fmt: skip
"""Towns at the edges of the métropole, and two in its middle."""


def test_lambert_93_is_guessed_all_over_the_metropole() -> None:
    """Metropolitan numbers need no crs, with or without a postcode."""
    for x, y in projected(2154, CORNERS):
        assert guess_crs(x, y).epsg == guess_crs(x, y, "FR").epsg == 2154


@pytest.mark.parametrize("parallel", range(42, 51))
def test_the_nine_zones_are_told_apart(parallel: int) -> None:
    """A point in one of the nine zones is guessed as that or asked about, never another."""
    points = [point for point in (*CORNERS, (47.33, -3.20)) if abs(point[0] - parallel) <= 1]
    for x, y in projected(3900 + parallel, points):
        try:
            assert guess_crs(x, y).epsg == 3900 + parallel
        except UsageError as error:  # such as Corsica in another zone than its own
            assert error.code == "crs_missing"  # noqa: PT017 - both ends are right


def test_what_could_be_several_places_is_asked_about() -> None:
    """Each zone of Polynesia has the same numbers: a guess would be 600 km off, so it asks."""
    ((x, y),) = projected(3297, [(-17.54, -149.57)])
    with pytest.raises(UsageError) as caught:
        guess_crs(x, y, "PF")
    assert caught.value.code == "crs_missing"
    assert "Lambert-93" in caught.value.hint


def test_what_is_plainly_no_metres_east_and_north_is_said_so() -> None:
    """Without a crs, too, exchanged columns and degrees are called by their name."""
    ((x, y),) = projected(2154, [(43.7005, 7.2683)])
    for cells, code in (
        ((str(y), str(x), ""), "coordinates_swapped"),
        (("7,2683", "43,7005", ""), "coordinates_in_degrees"),
    ):
        with pytest.raises(UsageError) as caught:
            typed_to_wgs84(*cells)
        assert caught.value.code == code


@pytest.mark.parametrize("epsg", [*UTM, 3163])
def test_no_overseas_numbers_pass_for_metropolitan(epsg: int) -> None:
    """What is legal overseas is never taken for metropolitan, save in the south of Polynesia."""
    points = [point for point in places(epsg) if not -31 < point[0] < -24]
    for x, y in projected(epsg, points):
        with pytest.raises(UsageError) as caught:
            guess_crs(x, y)
        assert caught.value.code == "crs_missing"


@pytest.mark.parametrize(
    ("region", "epsg", "lat", "lon"),
    [
        ("GP", 5490, 16.24, -61.53),
        ("MQ", 5490, 14.60, -61.07),
        ("MF", 5490, 18.07, -63.08),
        ("BL", 5490, 17.90, -62.85),
        ("GF", 2972, 4.93, -52.33),
        ("RE", 2975, -20.88, 55.45),
        ("YT", 4471, -12.78, 45.23),
        ("PM", 4467, 46.78, -56.17),
        ("NC", 3163, -22.27, 166.44),
        ("WF", 8903, -13.28, -176.18),
    ],
)
def test_overseas_a_guess_needs_the_region(region: str, epsg: int, lat: float, lon: float) -> None:
    """Overseas numbers are guessed by the postcode's region, and never without it."""
    ((x, y),) = projected(epsg, [(lat, lon)])
    assert guess_crs(x, y, region).epsg == epsg
    for wrong in (None, "FR", "TF"):
        with pytest.raises(UsageError) as caught:
            guess_crs(x, y, wrong)
        assert caught.value.code == "crs_missing"


@given(st.floats(), st.floats(), typed("0123456789EPSGepsg:utmlambertcUTM ns/"))
def test_any_numbers_and_any_name_are_a_point_in_france_or_a_usage_error(
    x: float, y: float, crs: str
) -> None:
    """Nothing that a file can hold breaks the reading, or gives a point outside France."""
    for name in (crs, "2154", "UTM 40S"):
        try:
            lat, lon = to_wgs84(x, y, name)
        except UsageError:
            continue
        assert territory_at(lat, lon)


@pytest.mark.parametrize(
    ("text", "metres"),
    [
        ("6859290.95", 6859290.95),
        ("6859290,95", 6859290.95),
        ("6 859 290,95", 6859290.95),
        ("6\N{NARROW NO-BREAK SPACE}859\N{NO-BREAK SPACE}290", 6859290.0),
        (" 652709 ", 652709.0),
        ("\N{MINUS SIGN}12,5", -12.5),
        ("6.85929095E+06", 6859290.95),
        ("6,859290E+06", 6859290.0),
    ],
)
def test_metres_are_read_as_spreadsheets_write_them(text: str, metres: float) -> None:
    """One number of metres, with a decimal comma and grouped thousands."""
    assert parse_metres(text) == metres


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "coordinate_not_a_number"),
        ("nan", "coordinate_not_a_number"),
        ("652709 m", "coordinate_not_a_number"),
        ("652709;6859290", "coordinate_not_a_number"),
        ("65 27 09", "coordinate_not_a_number"),
        ("6,859,290.95", "coordinate_not_a_number"),
        ("6,86E+06", "coordinate_digits_lost"),
        ("7E+06", "coordinate_digits_lost"),
    ],
)
def test_what_is_no_number_of_metres_is_refused(text: str, code: str) -> None:
    """Units, pairs and shortened numbers are refused: a kilometre hides in 6,86E+06."""
    with pytest.raises(UsageError) as caught:
        parse_metres(text)
    assert caught.value.code == code
    assert caught.value.hint


@given(typed("0123456789.,+- \u202feE"))
def test_any_text_is_metres_or_a_usage_error(text: str) -> None:
    """Nothing that can be typed breaks the reading or gives metres that are not finite."""
    try:
        metres = parse_metres(text)
    except UsageError:
        return
    assert math.isfinite(metres)


def test_the_library_is_loaded_in_time() -> None:
    """Loaded at the start, projections serve after mod_spatialite too; later is refused."""
    code = (
        "import sys; from umsalert.geo import native, projections;"
        " projections.load() if sys.argv[1:] else None; native.spatialite_loads();"
        " print(projections.to_wgs84(649242.57, 6861355.85, 'L93')[0])"
    )
    run = [sys.executable, "-c", code]
    done = subprocess.run([*run, "load"], capture_output=True, text=True, check=True)
    assert float(done.stdout) == pytest.approx(48.850244, abs=1e-6)
    late = subprocess.run(run, capture_output=True, text=True, check=False)
    assert "before the first spatial query" in late.stderr


def test_names_are_told_without_loading_the_library() -> None:
    """Asking which system a name means does not load pyproj."""
    code = "import sys; from umsalert.geo.projections import find_crs; find_crs('L93');"
    code += " print('pyproj' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
