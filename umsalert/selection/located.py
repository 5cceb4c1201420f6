"""From the kinds, refs and places that an area names to the sites that the register has."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import replace

from umsalert.errors import UsageError
from umsalert.i18n import _, ngettext
from umsalert.model import Area, Everywhere
from umsalert.ports import NamedSites

LISTED = 50
"""More refs are only counted."""

_EARTH_RADIUS_M = 6_378_137.0
_ROUGH = 1.01
"""A sphere is off by 0.6 %."""


def located(area: Area, named: NamedSites, *, typed: bool) -> Area:
    """Return an area with kinds as the register spells them, and everywhere with where that is.

    What was `typed` just now must be known. Raises UsageError: site_kind_unknown, sites_unknown.
    """
    if typed and named.unknown:
        raise _unknown_sites(named.unknown)
    kinds = _kinds(area.only.kinds, named.kinds, typed=typed)
    area = replace(area, only=area.only._replace(kinds=kinds))
    if not (isinstance(area, Everywhere) and named.spots):
        return area
    lats, turned = zip(*named.spots, strict=True)
    lons = _side_by_side(turned)
    lat, lon = round(statistics.median(lats), 7), round(statistics.median(lons), 7)
    reach_m = max(_distance_m(lat, lon, *spot) for spot in _outer(lats, lons, lon))
    radius_m = round(max(reach_m * _ROUGH, 1.0), 1)
    return replace(area, lat=lat, lon=lon - 360 if lon > 180 else lon, radius_m=radius_m)


def _side_by_side(lons: Sequence[float]) -> Sequence[float]:
    """Return longitudes so that neighbours across the antimeridian are neighbours, beyond 180."""
    if max(lons) - min(lons) <= 180:
        return lons
    beyond = [lon % 360 for lon in lons]
    return beyond if max(beyond) - min(beyond) < max(lons) - min(lons) else lons


def _outer(
    lats: Sequence[float], lons: Sequence[float], middle: float
) -> Sequence[tuple[float, float]]:
    """Return points of which one lies at least as far from the middle as any site.

    Up to a quarter of the globe to the east and west these are the corners of a box.
    """
    if max(max(lons) - middle, middle - min(lons)) <= 90:
        return _corners(lats, lons)
    spots = list(zip(lats, lons, strict=True))
    far = [spot for spot in spots if abs(spot[1] - middle) > 90]
    near = [spot for spot in spots if abs(spot[1] - middle) <= 90]
    return [*far, *_corners(*zip(*near, strict=True))] if near else far


def _corners(lats: Sequence[float], lons: Sequence[float]) -> list[tuple[float, float]]:
    return [(lat, lon) for lat in (min(lats), max(lats)) for lon in (min(lons), max(lons))]


def folded_kind(kind: str) -> str:
    """Return a kind of site without what makes no difference."""
    return " ".join(kind.split()).casefold()


def listed(refs: Sequence[str]) -> str:
    """Return refs for a sentence: so many that it can be read."""
    words = ", ".join(refs[:LISTED])
    more = len(refs) - LISTED
    return words + (
        ngettext(" and {n} more", " and {n} more", more).format(n=more) if more > 0 else ""
    )


def _kinds(wanted: Sequence[str], known: Sequence[str], *, typed: bool) -> tuple[str, ...]:
    spelled: dict[str, list[str]] = {}
    for kind in known:
        spelled.setdefault(folded_kind(kind), []).append(kind)
    unknown = [kind for kind in wanted if folded_kind(kind) not in spelled]
    if typed and unknown:
        raise UsageError(
            "site_kind_unknown",
            ngettext(
                "No site of the register is of the kind {kinds}.",
                "No site of the register is of the kinds {kinds}.",
                len(unknown),
            ).format(kinds=", ".join(unknown)),
            hint=_("There are: {kinds}").format(kinds=", ".join(known))
            if known
            else _("No site of the register has a kind."),
        )
    found = [kind for it in wanted for kind in spelled.get(folded_kind(it), [it])]
    return tuple(dict.fromkeys(found))


def _unknown_sites(refs: Sequence[str]) -> UsageError:
    return UsageError(
        "sites_unknown",
        ngettext(
            "{n} ref of the list is no site of the register: {refs}",
            "{n} refs of the list are no sites of the register: {refs}",
            len(refs),
        ).format(n=len(refs), refs=listed(refs)),
        hint=_("Nothing was sent. Correct the list; the refs: umsalert site list"),
    )


def _distance_m(lat: float, lon: float, lat_b: float, lon_b: float) -> float:
    """Return a distance on the sphere: no library of the ellipsoid is needed for a frame."""
    a, b = math.radians(lat), math.radians(lat_b)
    turn = math.radians(lon_b - lon)
    half = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(turn / 2) ** 2
    return 2 * _EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(half)))
