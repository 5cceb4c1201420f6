"""The register that ships for the demo: fictional, valid, and dense where the demo needs it."""

from __future__ import annotations

import runpy
from collections import Counter
from collections.abc import Sequence

import pytest
from pyproj import Geod

from tests.register.reading import Found, read_contacts, read_sites
from umsalert import resources
from umsalert.geo.boxes import Box
from umsalert.model import NewContact, NewSite
from umsalert.phones import is_fictional
from umsalert.ports import SiteDefaults
from umsalert.vetting import check_facts

FOLDER = resources.folder("fixtures")
GEOD = Geod(ellps="WGS84")
# Inland boxes around each area; the one of the centre ends where the shore begins.
DRY = {
    "NCE": Box(7.2540, 43.6955, 7.2830, 43.7100),
    "NIC": Box(7.1850, 43.6640, 7.3050, 43.7450),
    "AZU": Box(6.9000, 43.5400, 7.5100, 43.7900),
    "PAR": Box(2.2200, 48.8200, 2.3900, 48.9500),
    "LYO": Box(4.8000, 45.7200, 4.8900, 45.7900),
    "REU": Box(55.2700, -21.3450, 55.5250, -20.8800),
}


@pytest.fixture(scope="module")
def sites() -> Found[NewSite]:
    return read_sites((FOLDER / "sites.csv").read_bytes())


@pytest.fixture(scope="module")
def contacts(sites: Found[NewSite]) -> Found[NewContact]:
    known = {
        site.ref: SiteDefaults(site.region, site.time_zone, site.client) for site in sites.rows
    }
    return read_contacts((FOLDER / "contacts.csv").read_bytes(), known)


def within(sites: Sequence[NewSite], lat: float, lon: float, radius_m: float) -> int:
    return sum(GEOD.inv(lon, lat, site.lon, site.lat)[2] <= radius_m for site in sites)


def test_committed_files_are_the_generated_ones() -> None:
    """Running the generator again changes nothing."""
    files = runpy.run_path(str(FOLDER / "generate.py"))["files"]()
    assert set(files) == {path.name for path in FOLDER.glob("*.csv")}
    for name, text in files.items():
        assert (FOLDER / name).read_bytes().decode() == text


def test_every_row_is_valid(sites: Found[NewSite], contacts: Found[NewContact]) -> None:
    """Both files are imported without a problem or a warning, whole."""
    assert (sites.problems, sites.warnings, len(sites.rows)) == ((), (), 330)
    assert (contacts.problems, contacts.warnings) == ((), ())
    assert len(contacts.rows) == contacts.total
    assert {contact.site_ref for contact in contacts.rows} == {site.ref for site in sites.rows}


def test_numbers_and_addresses_belong_to_nobody(contacts: Found[NewContact]) -> None:
    """Every number is of a fictional range and is used once; every address ends in .example."""
    numbers = [contact.phone for contact in contacts.rows if contact.phone]
    emails = [contact.email for contact in contacts.rows if contact.email]
    assert all(is_fictional(number) for number in numbers)
    assert all(email.endswith(".example") for email in emails)
    assert len(set(numbers)) == len(numbers)
    assert len(set(emails)) == len(emails)


def test_names_are_unique(sites: Found[NewSite], contacts: Found[NewContact]) -> None:
    """No two sites and no two people share a name, so that a demo's report is readable."""
    assert len({site.name for site in sites.rows}) == len(sites.rows)
    assert len({contact.name for contact in contacts.rows}) == len(contacts.rows)


def test_variety(sites: Found[NewSite], contacts: Found[NewContact]) -> None:
    """Both languages, both kinds of lines, e-mail only and hours of every kind occur."""
    people = contacts.rows
    assert {contact.phone_kind for contact in people} == {"mobile", "fixed", None}
    assert 1 / 15 < sum(contact.language == "en" for contact in people) / len(people) < 1 / 9
    assert 0.65 < sum(contact.email is not None for contact in people) / len(people) < 0.80
    assert 5 <= sum(contact.phone is None for contact in people) <= 20
    assert min(contact.card or "" for contact in people if contact.card) >= "CAR-006-2029"
    hours = Counter(site.hours for site in sites.rows)
    assert hours["24/7"] > 100
    assert hours[None] == 0
    assert hours["Mo-Su 18:00-08:00"] >= 5
    assert hours["Mo-Sa 09:00-20:00"] >= 30


def test_sites_stand_on_land(sites: Found[NewSite]) -> None:
    """Each site lies in the inland box of its area, in the region of its postcode."""
    assert [
        site.ref for site in sites.rows if not DRY[site.ref[:3]].contains(site.lat, site.lon)
    ] == []
    assert {site.region for site in sites.rows if site.ref.startswith("REU")} == {"RE"}


def test_every_site_can_be_approved(sites: Found[NewSite], contacts: Found[NewContact]) -> None:
    """No site lacks a fact, and every contact is named by its site's client."""
    check_facts(sites.rows)
    assert all(site.company_authorisation for site in sites.rows)
    clients = {site.ref: site.client for site in sites.rows}
    assert all(contact.named_by == clients[contact.site_ref] for contact in contacts.rows)


def test_founding_circles(sites: Found[NewSite]) -> None:
    """The three circles of the founding cases hold a demo's worth of sites, each more."""
    person = within(sites.rows, 43.7005, 7.2683, 800)
    vehicle = within(sites.rows, 43.7102, 7.2620, 3_000)
    attack = within(sites.rows, 43.6956, 7.2706, 30_000)
    assert 45 <= person <= 80
    assert person < vehicle < attack
    assert attack >= 200
