"""Rows of the register as sites."""

from __future__ import annotations

from umsalert.model import Site, SiteStatus
from umsalert.store.instants import optional_time
from umsalert.store.spatialite import Connection


def site_of_row(row: Connection) -> Site:
    """Return the site that a row holds."""
    return Site(
        id=row["id"],
        ref=row["ref"],
        name=row["name"],
        lat=row["lat"],
        lon=row["lon"],
        region=row["region"],
        time_zone=row["time_zone"],
        status=SiteStatus(row["status"]),
        kind=row["kind"],
        address=row["address"],
        postcode=row["postcode"],
        commune=row["commune"],
        agents=row["agents"],
        hours=row["hours"],
        leader=row["leader"],
        lockdown_procedure=row["lockdown_procedure"],
        convention_ref=row["convention_ref"],
        client=row["client"],
        company=row["company"],
        company_authorisation=row["company_authorisation"],
        approved_until=optional_time(row["approved_until"]),
        suspended_until=optional_time(row["suspended_until"]),
        status_by=row["status_by"],
        status_at=optional_time(row["status_at"]),
    )
