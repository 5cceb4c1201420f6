"""An export, imported over the register that it came from, changes nothing: of no row, no field."""

from __future__ import annotations

import asyncio
import io
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import hypothesis
from hypothesis import strategies as st

from tests.store.importing import Noun, dump, reading
from tests.workbench import OPERATOR, FixedClock
from umsalert.cards import card_end
from umsalert.model import NewContact, NewSite, SiteStatus
from umsalert.ports import Order
from umsalert.register import ContactMaker, Manner, Reading, SiteMaker
from umsalert.register.export import contact_columns, site_columns, write_csv, write_geojson
from umsalert.register.sources.records import Records
from umsalert.store import geopackage
from umsalert.store.export import Rows
from umsalert.store.store import Store

WORDS = st.sampled_from(
    ["Été", "=1+1", "a;b", 'dit "x"', "-", "07", "1e5", "vrai", "null", "'x", "@"]
)
MAYBE = st.none() | WORDS
WHERE = [
    (43.7005, 7.2683, "FR", "Europe/Paris", "06000"),
    (44.5, 0.00001, "FR", "Europe/Paris", None),
    (-20.887, 55.455, "RE", "Indian/Reunion", "97400"),
    (-20.887, 55.455, "RE", "Europe/Paris", "01000"),
]
CARDS = [None, "CAR-006-2029-01-01-00000000001", "n° 7", "CAR-974-2029-02-29-00000000001"]
HOURS = [None, "24/7", "Mo-Fr 08:00-19:00; PH off"]


@st.composite
def registers(draw: st.DrawFn) -> tuple[list[NewSite], list[NewContact]]:
    """Return sites and people who have any of their fields."""
    sites, people = [], []
    for n in range(draw(st.integers(1, 4))):
        lat, lon, region, zone, postcode = draw(st.sampled_from(WHERE))
        words: dict[str, Any] = {
            name: draw(MAYBE)
            for name in NewSite._field_defaults
            if name not in ("agents", "hours", "postcode")
        }
        words |= {"agents": draw(st.none() | st.integers(0, 9)), "postcode": postcode}
        words["hours"] = draw(st.sampled_from(HOURS))
        sites.append(NewSite(f"S{n}", draw(WORDS), lat, lon, region, zone, **words))
    for n in range(draw(st.integers(0, 5))):
        site = draw(st.sampled_from(sites))
        card = draw(st.sampled_from(CARDS))
        people.append(
            NewContact(
                site.ref,
                f"{draw(WORDS)} {n}",
                draw(st.sampled_from([f"{site.ref}-c{n}", f"P-{n}"])),
                role=draw(MAYBE),
                phone=f"+3363998000{n}",
                phone_kind="mobile",
                email=draw(st.sampled_from([None, "-a@b.example"])),
                card=card,
                language=draw(st.sampled_from(["fr", "en"])),
                named_by=draw(MAYBE) or site.client,
                channels=draw(st.sampled_from([None, "sms", "email,sms", "voice,sms"])),
                hours=draw(st.sampled_from(HOURS)),
                fallback=draw(st.booleans()),
                card_valid_until=card_end(card, site.time_zone) if card else None,
            )
        )
    return sites, people


def _files(folder: Path, columns: Any, sites: Rows, people: Rows) -> dict[str, Any]:
    """Return what reads each of the files of an export, by the kind of the file."""
    rows = {"site": list(sites), "contact": list(people)}
    text, shapes = {}, io.StringIO(newline="")
    for noun, held in rows.items():
        file = io.StringIO(newline="")
        write_csv(file, columns[noun], iter(held))
        text[noun] = file.getvalue().encode()
    write_geojson(shapes, columns["site"], iter(rows["site"]))
    gpkg = folder / "register.gpkg"
    geopackage.write(
        gpkg, (columns["site"], iter(rows["site"])), (columns["contact"], iter(rows["contact"]))
    )
    features = shapes.getvalue().encode()
    return {
        "csv site": lambda known: reading("site", text["site"], known),
        "csv contact": lambda known: reading("contact", text["contact"], known),
        "geojson site": lambda known: reading("site", features, known),
        "gpkg site": lambda known: Reading(
            Records(lambda: geopackage.read(gpkg, "sites")), SiteMaker(known), Manner()
        ),
        "gpkg contact": lambda known: Reading(
            Records(lambda: geopackage.read(gpkg, "contacts")), ContactMaker(known), Manner()
        ),
    }


async def _import_over(path: Path, register: Any) -> Mapping[str, Any]:
    """Return what differs, by the kind of the file."""
    sites, people = register
    found = {}
    async with Store(path, FixedClock()) as store:
        await store.register.add_sites(sites, OPERATOR, approve=False)
        if people:
            await store.register.add_contacts(people, OPERATOR, certify=False)
        of_site, of_contact = await store.export.columns()
        columns = {"site": site_columns(of_site), "contact": contact_columns(of_contact)}
        files = await store.export.read(lambda s, c: _files(path.parent, columns, s, c))
        before = dump(path)
        for kind, read in files.items():
            noun: Noun = "site" if kind.endswith("site") else "contact"
            if noun == "contact" and not people:
                continue
            async with store.imports.open(noun) as staging:
                await staging.fill(read)
                await staging.compare("everywhere")
                done = await staging.apply(Order(OPERATOR, SiteStatus.REQUESTED, "everywhere"))
                found[kind] = (
                    [(item.code, item.value) for item in await staging.problems()],
                    done.total - done.unchanged,
                    done.leaving,
                    dump(path) == before,
                )
    return found


@hypothesis.settings(max_examples=15, deadline=None)
@hypothesis.given(register=registers())
def test_an_export_over_its_register_changes_nothing(
    empty_database: Path, register: tuple[list[NewSite], list[NewContact]]
) -> None:
    """As CSV, GeoJSON and GeoPackage: every row is there, unchanged, and nothing is recorded."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(shutil.copy(empty_database, folder))
        for kind, outcome in asyncio.run(_import_over(path, register)).items():
            assert outcome == ([], 0, 0, True), kind
