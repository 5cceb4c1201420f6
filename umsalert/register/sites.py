"""Sites: rows of a file, or the fields of `site add`, to `NewSite`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from umsalert.cards import has_authorisation_shape
from umsalert.errors import Problem
from umsalert.geo.territories import Territory, region_of_postcode, territory_at
from umsalert.i18n import _
from umsalert.model import NewSite, Site
from umsalert.ports import KnownRows
from umsalert.register import fields, rows
from umsalert.register.places import ADDRESS, Locating, keep_point, place_of, prepare
from umsalert.register.rows import Row
from umsalert.register.table import Column

COLUMNS = (
    Column("ref", 40, required=True),
    Column("name", 120, required=True),
    Column("lat", 40, required=True),
    Column("lon", 40, required=True),
    Column("x", 40),
    Column("y", 40),
    Column("crs", 40),
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


class SiteMaker:
    """Makes the sites of a file."""

    columns = COLUMNS

    def __init__(self, known: KnownRows, locating: Locating | None = None) -> None:
        """Ask `known` what the register holds, `locating` where a site lies."""
        self._known = known
        self._locating = locating or Locating()

    def needed(self, present: Sequence[str]) -> tuple[str, ...]:
        """Return the columns that a new site has to have."""
        point: tuple[str, ...] = ("lat", "lon")
        if self._locating.to_wgs84 and "x" in present and "lat" not in present:
            point = ("x", "y")
        elif self._locating.geocoder and set(ADDRESS) & set(present) and "lat" not in present:
            point = ()
        return ("ref", "name", *point)

    def found(self, present: Sequence[str], /) -> tuple[str, ...]:
        """Return the columns that are looked up, given those that the file has."""
        typed = {"lat", "lon", "x", "y"} & set(present)
        wanted = self._locating.geocoder and set(ADDRESS) & set(present) and not typed
        return ("lat", "lon") if wanted else ()

    def prepare(self, rows: Sequence[Row], absent: Sequence[str]) -> None:
        """Fill in what the register holds of the columns that are absent and needed."""
        located = bool(rows) and bool(self.found(tuple(rows[0].cells)))
        if absent or located:
            refs = {row.cells.get("ref", "").strip() for row in rows}
            held = self._known.sites(refs)
            for row in rows:
                if found := held.get(row.cells.get("ref", "").strip()):
                    row.cells.update({name: found[name] for name in absent})
                    if located:
                        keep_point(row, found)
        if self._locating.geocoder:
            prepare(rows, self._locating.geocoder)

    def make(self, row: Row) -> NewSite | None:
        """Return the site of a row."""
        return _site(row, self._locating)


def site_from(values: Mapping[str, str], doubts: list[Problem] | None = None) -> NewSite:
    """Return the site that the fields of one command describe; what is doubtful joins `doubts`.

    Raises:
        UsageError: fields_invalid, with all problems.
    """
    return rows.single(values, COLUMNS, lambda row: _site(row, Locating()), doubts)


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
    value = getattr(site, name, None)  # x, y and crs are columns of files only
    return "" if value is None else str(value)


def _site(row: Row, locating: Locating) -> NewSite | None:
    ref = row.require("ref", fields.ref)
    name = row.require("name", str)
    place = place_of(row, locating)
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
