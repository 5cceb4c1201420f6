"""The options that say where: a circle, a polygon, a commune, a list; and for which sites there.

`alert preview`, `alert send` and bulletins take the same ones: see `area_asked`.
"""

from __future__ import annotations

import errno
import io
import os
import shlex
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from umsalert.cli import completers
from umsalert.cli.options import refuse_empty
from umsalert.errors import UsageError
from umsalert.geo.coordinates import check_point, parse_coordinate
from umsalert.geo.units import check_radius, parse_distance
from umsalert.i18n import _, system_reason
from umsalert.model import Area, Circle, DivisionKind, Everywhere, Only, Polygon

MAX_FILE_BYTES = 10_000_000
"""Some hundred bytes for each corner or site that is taken; a device or a pipe may have no end."""

Lat = Annotated[
    str | None,
    typer.Option("--lat", metavar="DEGREES", help=_("Latitude of the centre, WGS 84.")),
]
Lon = Annotated[
    str | None,
    typer.Option("--lon", metavar="DEGREES", help=_("Longitude of the centre, WGS 84.")),
]
Radius = Annotated[
    str | None,
    typer.Option("--radius", metavar="DISTANCE", help=_("With its unit: 800m, 3km.")),
]
AroundSite = Annotated[
    str | None,
    typer.Option(
        "--site",
        metavar="REF",
        help=_("Around this site of the register."),
        autocompletion=completers.sites,
    ),
]
PolygonFile = Annotated[
    Path | None,
    typer.Option(
        "--polygon", metavar="FILE", help=_("An area as GeoJSON, in place of a circle; -: stdin.")
    ),
]
Communes = Annotated[
    list[str] | None,
    typer.Option(
        "--commune",
        metavar="CODE",
        help=_("A commune by its INSEE code: 06088; repeatable."),
        autocompletion=completers.communes,
    ),
]
Departements = Annotated[
    list[str] | None,
    typer.Option(
        "--departement",
        metavar="CODE",
        help=_("A département by code or name: 06; repeatable."),
        autocompletion=completers.departements,
    ),
]
Regions = Annotated[
    list[str] | None,
    typer.Option(
        "--region",
        metavar="CODE",
        help=_("A région by code or name: 93; repeatable."),
        autocompletion=completers.regions,
    ),
]
AllSites = Annotated[bool, typer.Option("--all", help=_("Every vetted site of the register."))]
SitesFile = Annotated[
    Path | None,
    typer.Option(
        "--sites-file",
        metavar="FILE",
        help=_("Only these sites: one ref a line, or a CSV with a column ref; -: stdin."),
    ),
]
SiteKinds = Annotated[
    list[str] | None,
    typer.Option(
        "--kind",
        metavar="KIND",
        help=_("Only sites of this kind: mall; repeatable."),
        autocompletion=completers.kinds,
    ),
]


class Place(NamedTuple):
    """Where, as typed: a command that takes it takes all of these options."""

    lat: Lat = None
    lon: Lon = None
    radius: Radius = None
    polygon: PolygonFile = None
    communes: Communes = None
    departements: Departements = None
    regions: Regions = None
    everywhere: AllSites = False
    sites_file: SitesFile = None
    kinds: SiteKinds = None


class Centre(NamedTuple):
    """The new centre as typed, by a site or by its coordinates, and the new radius."""

    site: AroundSite = None
    lat: Lat = None
    lon: Lon = None
    radius: Radius = None


def area_asked(place: Place, max_radius_m: float) -> Area:
    """Return the area that was typed; the planner finds its sites, refs and kinds in the register.

    Before any spatial query: see `geo.native`. `max_radius_m` is alert.max_radius_m: it limits
    circles and polygons, whose size may be a slip of the hand. Raises UsageError: value_empty,
    area_missing, two_areas, and whatever is wrong with what was typed.
    """
    refuse_empty("--commune", "06088", *(place.communes or ()))
    refuse_empty("--departement", "06", *(place.departements or ()))
    refuse_empty("--region", "93", *(place.regions or ()))
    refuse_empty("--kind", "mall", *(place.kinds or ()))
    _check_one(place)
    only = Only(tuple(place.kinds or ()), _refs(place.sites_file) if place.sites_file else ())
    if place.polygon is not None:
        from umsalert.geo.polygons import parse_polygon

        area: Area = parse_polygon(_text_of(place.polygon, _polygon_unreadable))
        check_radius(area.radius_m, max_radius_m)
    elif place.communes or place.departements or place.regions:
        area = _named(place)
    elif place.lat is not None and place.lon is not None and place.radius is not None:
        lat, lon = parse_coordinate(place.lat), parse_coordinate(place.lon)
        check_point(lat, lon)
        area = Circle(lat, lon, parse_distance(place.radius))
        check_radius(area.radius_m, max_radius_m)
    else:
        area = Everywhere()
    return replace(area, only=only)


def _check_one(place: Place) -> None:
    """Raise UsageError unless exactly one kind of place is given, or a list of sites alone."""
    circle = {"--lat": place.lat, "--lon": place.lon, "--radius": place.radius}
    given = [option for option, value in circle.items() if value is not None]
    ways = {
        _("a circle"): bool(given),
        _("a polygon"): place.polygon is not None,
        _("communes, départements or régions"): bool(
            place.communes or place.departements or place.regions
        ),
        _("all sites"): place.everywhere,
    }
    meant = [way for way, used in ways.items() if used]
    if len(meant) > 1:
        raise UsageError(
            "two_areas",
            _("Two areas are given, {first} and {second}: only one of them can be meant.").format(
                first=meant[0], second=meant[1]
            ),
            hint=_("Leave one of them out; --kind and --sites-file narrow down any area."),
        )
    missing = [option for option in circle if option not in given]
    if place.kinds and not meant and place.sites_file is None:
        raise UsageError(
            "area_missing",
            _("Where? --kind only narrows an area down, and none is given."),
            hint=_(
                "All of a kind: --all --kind {kind}; or add --departement, --commune or a circle."
            ).format(kind=shlex.quote(place.kinds[0])),
        )
    if (given and missing) or (not meant and place.sites_file is None):
        raise UsageError(
            "area_missing",
            _("Where? Missing: {options}").format(options=", ".join(missing)),
            hint=_(
                "Give --lat, --lon and --radius; or one of --polygon, --commune, --departement, "
                "--region, --sites-file, --all."
            ),
        )


def _named(place: Place) -> Polygon:
    from umsalert.geo.divisions import division
    from umsalert.geo.outlines import around
    from umsalert.geo.polygons import polygon_of

    typed = {
        DivisionKind.COMMUNE: place.communes,
        DivisionKind.DEPARTEMENT: place.departements,
        DivisionKind.REGION: place.regions,
    }
    found = [division(kind, text) for kind, texts in typed.items() for text in texts or ()]
    named = tuple(dict.fromkeys(found))
    return polygon_of(around(named), named)


def _refs(file: Path) -> tuple[str, ...]:
    """Return the refs of a list, each once. Raises UsageError: sites_file_unreadable."""
    import csv

    text = _text_of(file, _sites_unreadable)
    lines = [line for line in text.splitlines() if line.strip()]
    header = lines[0] if lines else ""
    delimiter = max(",;\t", key=header.count)
    columns = [name.strip().strip('"').casefold() for name in header.split(delimiter)]
    if "ref" in columns:
        rows = csv.DictReader(io.StringIO(text), columns, delimiter=delimiter)
        refs = [(row["ref"] or "").strip() for row in rows][1:]
    else:
        refs = [line.partition("#")[0].strip() for line in lines]
        if any(delimiter in ref for ref in refs):
            raise _sites_unreadable(file, _("it has no column ref"))
    found = tuple(dict.fromkeys(filter(None, refs)))
    if not found:
        raise _sites_unreadable(file, _("it names no site"))
    return found


def _text_of(file: Path, unreadable: Callable[[Path, str], UsageError]) -> str:
    try:
        if str(file) == "-" and sys.stdin is None:  # closed by whoever started us
            raise _os_error(errno.EBADF)
        with open(0 if str(file) == "-" else file, "rb", closefd=str(file) != "-") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            raise _os_error(errno.EFBIG)
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise unreadable(file, _("it is not UTF-8")) from error
    except OSError as error:
        raise unreadable(file, system_reason(error)) from error


def _polygon_unreadable(file: Path, reason: str) -> UsageError:
    return UsageError(
        "polygon_unreadable",
        _("The polygon {file} cannot be read: {reason}.").format(file=file, reason=reason),
        hint=_("Give one Polygon or MultiPolygon as GeoJSON (RFC 7946)."),
    )


def _sites_unreadable(file: Path, reason: str) -> UsageError:
    return UsageError(
        "sites_file_unreadable",
        _("The list of sites {file} cannot be read: {reason}.").format(file=file, reason=reason),
        hint=_("Give one ref a line, or a CSV with a column ref."),
    )


def _os_error(number: int) -> OSError:
    return OSError(number, os.strerror(number))
