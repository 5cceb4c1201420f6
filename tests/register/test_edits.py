"""Single fields that are typed anew: what is not named stays, all of it is checked."""

from __future__ import annotations

import dataclasses

import pytest

from tests.register.reading import read_contacts, read_sites
from umsalert import resources
from umsalert.errors import UsageError
from umsalert.model import Contact, ContactStatus, NewContact, NewSite, Site, SiteStatus
from umsalert.ports import SiteDefaults
from umsalert.register import edited_contact, edited_site

FOLDER = resources.folder("fixtures")
SITES = read_sites((FOLDER / "sites.csv").read_bytes()).rows
KNOWN = {site.ref: SiteDefaults(site.region, site.time_zone, site.client) for site in SITES}
PEOPLE = read_contacts((FOLDER / "contacts.csv").read_bytes(), KNOWN).rows


def site_of(new: NewSite) -> Site:
    return Site(
        id=1,
        status=SiteStatus.APPROVED,
        approved_until=None,
        suspended_until=None,
        status_by="",
        status_at=None,
        **new._asdict(),
    )


def contact_of(new: NewContact) -> Contact:
    fields = new._asdict() | {"ref": "c1"}
    return Contact(id=1, status=ContactStatus.NAMED, status_by="", status_at=None, **fields)


def test_an_edit_of_nothing_changes_nothing() -> None:
    """Every site and contact of the fixtures comes through an edit as it was."""
    assert [edited_site(site_of(new), {}) for new in SITES] == list(SITES)
    found = [edited_contact(contact_of(new), {}, KNOWN) for new in PEOPLE]
    assert found == [new._replace(ref="c1") for new in PEOPLE]


def test_an_empty_field_is_emptied() -> None:
    """What is typed as nothing is nothing afterwards; what must be there is refused."""
    site = site_of(SITES[0])
    assert edited_site(site, {"leader": "", "agents": ""}).leader is None
    with pytest.raises(UsageError) as caught:
        edited_site(site, {"name": "", "lat": "north"})
    assert [problem.code for problem in caught.value.problems] == [
        "value_missing",
        "coordinate_not_a_number",
    ]


def test_a_point_takes_its_time_zone_unless_it_was_chosen() -> None:
    """A site that moves overseas is read in the time there; a zone of its own stays."""
    port = {"lat": "-20.94", "lon": "55.298"}
    moved = edited_site(site_of(SITES[0]), port)
    assert (moved.region, moved.time_zone) == ("RE", "Indian/Reunion")
    own = dataclasses.replace(site_of(SITES[0]), time_zone="Europe/Berlin")
    assert edited_site(own, port).time_zone == "Europe/Berlin"


def test_a_new_card_has_a_new_end() -> None:
    """The end of a card follows its number, and goes with it."""
    contact = contact_of(PEOPLE[0])
    later = edited_contact(contact, {"card": "CAR-006-2031-02-03-00000000001"}, KNOWN)
    assert str(later.card_valid_until) == "2031-02-03 23:00:00+00:00"
    assert edited_contact(contact, {"card": ""}, KNOWN).card_valid_until is None
