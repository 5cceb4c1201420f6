"""Sites: rows of a file, or the fields of `site add`, to `NewSite`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from umsalert.cards import has_authorisation_shape
from umsalert.errors import Problem, UsageError
from umsalert.geo.coordinates import check_point, parse_coordinate
from umsalert.geo.territories import Territory, region_of_postcode, territory_at
from umsalert.i18n import _
from umsalert.model import NewSite, Site
from umsalert.register import fields, rows
from umsalert.register.rows import Import, Row, Unique
from umsalert.register.table import Column

COLUMNS = (
    Column("ref", 40, required=True),
    Column("name", 120, required=True),
    Column("lat", 40, required=True),
    Column("lon", 40, required=True),
    Column("kind", 40),
    Column("address", 200),
    Column("postcode", 10),
    Column("commune", 80),
    Column("agents", 6),
    Column("hours", 250),
    Column("time_zone", 60),
    Column("leader", 80),
    Column("lockdown_procedure", 120),
    Column("convention_ref", 80),
    Column("client", 120),
    Column("company", 120),
    Column("company_authorisation", 40),
)


def read_sites(data: bytes, known_refs: Collection[str]) -> Import[NewSite]:
    """Return the sites of a CSV file, and everything wrong with it.

    Args:
        data: the file's bytes.
        known_refs: those the register holds already.
    """
    refs = Unique(known_refs)
    return rows.read(data, COLUMNS, lambda row: _site(row, refs))


def site_from(values: Mapping[str, str], doubts: list[Problem] | None = None) -> NewSite:
    """Return the site that the fields of one command describe; what is doubtful joins `doubts`.

    Raises:
        UsageError: fields_invalid, with all problems.
    """
    return rows.single(values, COLUMNS, lambda row: _site(row, Unique(())), doubts)


def edited_site(
    site: Site, changes: Mapping[str, str], doubts: list[Problem] | None = None
) -> NewSite:
    """Return a site with some of its fields typed anew, checked like a new one; "" empties one.

    A point that moves into another territory takes its time zone, unless the site had one of its
    own. Raises UsageError: fields_invalid.
    """
    values = {column.name: _typed(site, column.name) for column in COLUMNS}
    here = territory_at(site.lat, site.lon)
    if changes.keys() & {"lat", "lon"} and here and here.time_zone == site.time_zone:
        del values["time_zone"]
    return site_from({**values, **changes}, doubts)


def _typed(site: Site, name: str) -> str:
    value = getattr(site, name)
    return "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class _Place:
    lat: float
    lon: float
    territory: Territory


def _site(row: Row, refs: Unique[str]) -> NewSite | None:
    ref = row.require("ref", fields.ref)
    if ref is not None:
        rows.claim_ref(row, ref, refs)
    name = row.require("name", str)
    place = _place(row)
    kind = row.read("kind", str)
    address = row.read("address", str)
    postcode = row.read("postcode", fields.postcode)
    commune = row.read("commune", str)
    agents = row.read("agents", fields.agents)
    hours = row.read("hours", fields.hours)
    time_zone = row.read("time_zone", fields.time_zone)
    if ref is None or name is None or place is None:
        return None
    if postcode is not None:
        _doubt_postcode(row, postcode, place.territory)
    authorisation = row.read("company_authorisation", str)
    if authorisation is not None and not has_authorisation_shape(authorisation):
        message = _("The authorisation does not look like AUT-ddd-YYYY-MM-DD- and eleven digits.")
        row.warn("company_authorisation", "authorisation_shape", message)
    return NewSite(
        ref=ref,
        name=name,
        lat=place.lat,
        lon=place.lon,
        region=place.territory.region,
        time_zone=time_zone or place.territory.time_zone,
        kind=kind,
        address=address,
        postcode=postcode,
        commune=commune,
        agents=agents,
        hours=hours,
        leader=row.read("leader", str),
        lockdown_procedure=row.read("lockdown_procedure", str),
        convention_ref=row.read("convention_ref", str),
        client=row.read("client", str),
        company=row.read("company", str),
        company_authorisation=authorisation,
    )


def _place(row: Row) -> _Place | None:
    lat = row.require("lat", parse_coordinate)
    lon = row.require("lon", parse_coordinate)
    if lat is None or lon is None:
        return None
    try:
        return _Place(lat, lon, check_point(lat, lon))
    except UsageError as error:
        row.refuse("lat", error.code, error.message)
        return None


def _doubt_postcode(row: Row, postcode: str, territory: Territory) -> None:
    if postcode not in row.cells["postcode"]:
        message = _("A leading zero was lost; the postcode is read as {postcode}.")
        row.warn("postcode", "postcode_zero_lost", message.format(postcode=postcode))
    region = region_of_postcode(postcode)
    if region not in (None, territory.region):
        row.warn(
            "postcode",
            "postcode_elsewhere",
            _("The postcode is not of the territory of the point, {name}.").format(
                name=territory.name
            ),
        )
