"""What an import does to the register: what differs, all of it, once."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests import support
from tests.store.importing import dump, import_text, reading
from tests.workbench import OPERATOR, FixedClock
from umsalert.chain import GENESIS, link, links
from umsalert.errors import RefusedByRule
from umsalert.model import (
    CONTACT_MOVES,
    AuditHead,
    ContactStatus,
    Decision,
    NewSite,
    SiteStatus,
)
from umsalert.ports import Order, Step
from umsalert.register import edited_site
from umsalert.store.bulk import MANY
from umsalert.store.spatialite import Connection, connect
from umsalert.store.store import Store

SITES = """ref;name;lat;lon;kind;agents
TILLEULS;Galerie des Tilleuls;43.7005;7.2683;mall;2
PORT;Résidence du Port;43.6995;7.2750;;1
REU;Entrepôt de l'Alambic;-20.8870;55.4550;;
"""
PEOPLE = """site_ref;name;ref;phone;email
TILLEULS;Claude Lavande;;06 39 98 00 01;
PORT;Dominique Romarin;port-1;06 39 98 00 02;d.romarin@port.example
"""


@pytest.fixture
async def register(store: Store) -> Store:
    """Return a store with the sites and the people of both files."""
    await import_text(store, "site", SITES)
    await import_text(store, "contact", PEOPLE)
    return store


@pytest.mark.parametrize(("noun", "text"), [("site", SITES), ("contact", PEOPLE)])
async def test_the_same_file_again_changes_nothing_at_all(
    register: Store, database: Path, noun: str, text: str
) -> None:
    """Not a row, not a time, not an entry of the audit log."""
    before = dump(database)
    found = await import_text(register, noun, text)  # type: ignore[arg-type]
    assert found.done is not None
    assert (found.done.added, found.done.changed) == (0, 0)
    assert found.done.unchanged == found.done.total
    assert found.differences == ()
    assert dump(database) == before


async def test_only_what_differs_is_changed_and_told(register: Store, database: Path) -> None:
    """A changed row changes its fields only; status and its time stay; the log names the fields."""
    before = dump(database)
    text = SITES.replace("Galerie des Tilleuls", "Galerie neuve").replace(";mall;2", ";;2")
    found = await import_text(register, "site", text, vetted=False)
    (difference,) = found.differences
    assert (difference.kind, difference.ref) == ("changed", "TILLEULS")
    assert difference.fields == (
        ("name", "Galerie des Tilleuls", "Galerie neuve"),
        ("kind", "mall", None),
    )
    site = await register.register.site("TILLEULS")
    assert (site.name, site.kind, site.agents) == ("Galerie neuve", None, 2)
    assert site.status is SiteStatus.APPROVED
    after = dump(database)
    assert after["status_change"] == before["status_change"]
    (entry,) = after["audit"][len(before["audit"]) :]
    assert entry[3:7] == ("site.edit", "site", "TILLEULS", '{"fields":["name","kind"]}')


async def test_an_absent_column_stays_and_an_empty_cell_clears(register: Store) -> None:
    """A file of two columns touches no third one, and needs no other for sites that are known."""
    found = await import_text(register, "site", "ref;kind\nTILLEULS;\nPORT;port\n")
    assert found.done is not None
    assert (found.done.changed, found.codes) == (2, [])
    first, second = [await register.register.site(ref) for ref in ("TILLEULS", "PORT")]
    assert (first.name, first.kind, first.agents) == ("Galerie des Tilleuls", None, 2)
    assert (second.lat, second.kind) == (43.6995, "port")


async def test_a_file_takes_no_fact_from_a_site_in_force(register: Store, database: Path) -> None:
    """Nor what a certified contact was named by: the line is refused as an edit would be."""
    before = dump(database)
    found = await import_text(register, "site", "ref;agents\nPORT;0\nREU;3\nTILLEULS;\n")
    assert [(p.row, p.column, p.code) for p in found.problems] == [
        (2, "agents", "fact_lost"),
        (4, "agents", "fact_lost"),
    ]
    assert dump(database) == before
    to = Decision(SiteStatus.UNDER_REVIEW, "new company")
    await register.vetting.move_sites(["TILLEULS"], to, OPERATOR, lambda _sites: ())
    assert (await import_text(register, "site", "ref;agents\nTILLEULS;\n")).codes == []
    named = "site_ref;name;named_by\nPORT;Dominique Romarin;"
    assert (await import_text(register, "contact", f"{named}Résidence\n")).codes == []
    assert (await import_text(register, "contact", f"{named}\n")).codes == [(2, "fact_lost")]


async def test_a_new_row_needs_its_columns(register: Store) -> None:
    """In a file that lacks them a site that is not known is a problem, and only that one."""
    found = await import_text(register, "site", "ref;agents\nTILLEULS;3\nNEW;1\n")
    assert found.codes == [
        (1, "column_missing"),
        (1, "column_missing"),
        (1, "column_missing"),
        (3, "row_incomplete"),
        (3, "row_incomplete"),
        (3, "row_incomplete"),
    ]


async def test_a_site_that_moves_takes_everything_with_it(register: Store, database: Path) -> None:
    """Geometry, index, cell, region and time zone follow the point: the same as if it were new."""
    moved = SITES.replace("43.7005;7.2683", "-20.9000;55.4600")
    await import_text(register, "site", moved)
    twin = NewSite("TWIN", "x", -20.9, 55.46, "RE", "Indian/Reunion")
    await register.register.add_sites([twin], support.OPERATOR, approve=True)
    with contextlib.closing(connect(database, write=False)) as connection:
        rows = connection.execute(
            "SELECT region, time_zone, cell, geom, xmin, ymax FROM site"
            " JOIN idx_site_geom ON pkid = id WHERE ref IN ('TILLEULS', 'TWIN')"
        )
        first, second = map(tuple, rows)
    assert first == second
    assert first[:2] == ("RE", "Indian/Reunion")


async def test_many_sites_at_once_are_indexed_as_one_by_one(
    store: Store, database: Path, tmp_path: Path, empty_database: Path
) -> None:
    """Boxes, geometries and triggers are the same as if each had come alone."""
    places = [(f"S{n}", 43.5 + n / 9973, 7 + n / 7919) for n in range(MANY + 200)]
    text = "ref;name;lat;lon\n" + "".join(f"{ref};{ref};{lat};{lon}\n" for ref, lat, lon in places)
    await import_text(store, "site", text)
    other = Path(shutil.copy2(empty_database, tmp_path / "other.db"))
    async with Store(other, FixedClock()) as alone:
        for at in range(0, len(places), MANY // 2):
            sites = [
                NewSite(ref, ref, lat, lon, "FR", "Europe/Paris")
                for ref, lat, lon in places[at : at + MANY // 2]
            ]
            await alone.register.add_sites(sites, support.OPERATOR, approve=True)
    first, second = dump(database), dump(other)
    assert len(first["site"]) == len(places)
    assert first["idx_site_geom"] == second["idx_site_geom"]
    assert [row[:17] for row in first["site"]] == [row[:17] for row in second["site"]]
    with contextlib.closing(connect(database, write=False)) as connection:
        mine = _triggers(connection)
    with contextlib.closing(connect(other, write=False)) as connection:
        assert mine == _triggers(connection)


def _triggers(connection: Connection) -> list[tuple[str, str]]:
    sql = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name"
    return [(row["name"], row["sql"]) for row in connection.execute(sql)]


async def test_a_time_zone_of_ones_own_stays(register: Store) -> None:
    """Where somebody wrote another time zone than the territory's, a move does not undo it."""
    await import_text(register, "site", "ref;time_zone\nPORT;Indian/Mayotte\n")
    await import_text(register, "site", SITES)
    assert (await register.register.site("PORT")).time_zone == "Indian/Mayotte"
    await import_text(register, "site", SITES.replace("43.6995", "43.6990"))
    assert (await register.register.site("PORT")).time_zone == "Indian/Mayotte"


@pytest.mark.parametrize("by", ["import", "edit"])
async def test_last_days_go_with_a_site_to_another_time_zone(register: Store, by: str) -> None:
    """A card, an approval and a suspension end with their day at the site, wherever that is now."""
    day = date(2031, 5, 4)
    card = "CAR-006-2031-05-04-20260123456"
    people = f"site_ref;name;phone;card\nPORT;A. Carte;06 39 98 00 09;{card}\n"
    assert (await import_text(register, "contact", people)).done
    vetting = register.vetting
    for to in (SiteStatus.APPROVED, SiteStatus.SUSPENDED):
        there = Decision(to, "drill", day)
        await vetting.move_sites(["PORT"], there, support.OPERATOR, lambda _sites: ())
    if by == "import":
        await import_text(register, "site", "ref;time_zone\nPORT;Indian/Reunion\n")
    else:
        change = {"time_zone": "Indian/Reunion"}
        await vetting.edit_site("PORT", lambda site: edited_site(site, change), support.OPERATOR)
    site = await register.register.site("PORT")
    assert site.time_zone == "Indian/Reunion"
    contacts = await register.register.contacts()
    ends = [contact.card_valid_until for contact in contacts if contact.card == card]
    end = datetime(2031, 5, 4, 20, tzinfo=UTC)
    assert [*ends, site.approved_until, site.suspended_until] == [end, end, end]


async def test_people_are_known_by_ref_or_by_site_and_name(register: Store) -> None:
    """Without a ref, by the name at the site; with one, the name itself may change."""
    text = PEOPLE.replace("Claude", "CLAUDE").replace("Dominique", "Dominique Anne")
    found = await import_text(register, "contact", text)
    assert found.done is not None
    assert (found.done.added, found.done.changed) == (0, 2)
    names = [contact.name for contact in await register.register.contacts()]
    assert names == ["Dominique Anne Romarin", "CLAUDE Lavande"]


async def test_a_file_of_some_columns_of_people(register: Store) -> None:
    """By their refs alone; who has a phone in the register needs none in the file."""
    found = await import_text(register, "contact", "ref;role\nport-1;veilleur\n")
    assert found.codes == []
    contact = (await register.register.contacts(site_ref="PORT"))[0]
    assert (contact.role, contact.phone) == ("veilleur", "+33639980002")


async def test_new_people_get_the_next_numbers(register: Store) -> None:
    """After the highest number of the site, in the register and in the file."""
    text = (
        "site_ref;name;ref;phone\n"
        "TILLEULS;Un;TILLEULS-c7;0639980003\nTILLEULS;Deux;;0639980004\nPORT;Trois;;0639980005\n"
    )
    await import_text(register, "contact", text)
    refs = {contact.name: contact.ref for contact in await register.register.contacts()}
    assert (refs["Deux"], refs["Trois"]) == ("TILLEULS-c8", "PORT-c1")


async def test_what_only_the_whole_file_can_tell(register: Store, database: Path) -> None:
    """Refs and names that come twice, and a name, a ref or a place that is another's."""
    before = dump(database)
    rows = (
        "PORT;Sacha Thym;s-1;0639980010",
        "PORT;SACHA THYM;s-2;0639980011",
        "PORT;Lou Sauge;s-1;0639980012",
        "PORT;Dominique Romarin;s-3;0639980013",
        "TILLEULS;Dominique Romarin;port-1;0639980014",
        "TILLEULS;Claude Lavande;TILLEULS-c1;0639980015",
        "TILLEULS;Claude Lavande;;0639980016",
    )
    found = await import_text(register, "contact", "site_ref;name;ref;phone\n" + "\n".join(rows))
    assert found.codes == [
        (3, "contact_repeated"),
        (4, "ref_repeated"),
        (5, "contact_exists"),
        (6, "contact_elsewhere"),
        (8, "contact_repeated"),
    ]
    assert "port-1" in found.problems[2].message
    assert "Line 2 " in found.problems[0].message
    assert dump(database) == before


async def test_two_people_may_exchange_their_names(register: Store) -> None:
    """Only a name that is taken after the import is a problem."""
    await import_text(
        register, "contact", "site_ref;name;ref;phone\nPORT;Lou Sauge;port-2;0639980003\n"
    )
    found = await import_text(
        register, "contact", "ref;name\nport-1;Lou Sauge\nport-2;Dominique Romarin\n"
    )
    assert found.codes == []
    contacts = await register.register.contacts(site_ref="PORT")
    assert [contact.name for contact in contacts] == ["Lou Sauge", "Dominique Romarin"]


async def test_who_was_erased_is_not_filled_in_again(register: Store, database: Path) -> None:
    """The ref of somebody who was erased takes nobody any more."""
    assert ContactStatus.ERASED in CONTACT_MOVES[ContactStatus.CERTIFIED]
    await register.register.set_contact_status(["port-1"], ContactStatus.ERASED, support.OPERATOR)
    found = await import_text(register, "contact", PEOPLE)
    assert found.codes == [(3, "contact_erased")]


async def test_what_was_closed_stays_closed_with_a_word(register: Store) -> None:
    """An import reopens nothing, and says so."""
    await register.register.set_site_status(["PORT"], SiteStatus.CLOSED, support.OPERATOR)
    found = await import_text(register, "site", SITES.replace("Résidence du", "Hôtel du"))
    assert found.doubts == [(3, "not_active")]
    site = await register.register.site("PORT")
    assert (site.name, site.status) == ("Hôtel du Port", SiteStatus.CLOSED)


async def test_what_vanished_is_closed_on_record(register: Store, database: Path) -> None:
    """--prune closes sites that the file does not name, and revokes people of those it names."""
    found = await import_text(register, "site", "\n".join(SITES.split("\n")[:3]), prune="named")
    assert [(item.kind, item.ref) for item in found.differences] == [("closed", "REU")]
    assert (await register.register.site("REU")).status is SiteStatus.CLOSED
    assert dump(database)["status_change"][-1][2:5] == ("REU", "approved", "closed")

    others = "site_ref;name;phone\nTILLEULS;Alix Thym;0639980009\n"
    found = await import_text(register, "contact", others, prune="named")
    statuses = {contact.ref: contact.status for contact in await register.register.contacts()}
    assert statuses == {
        "TILLEULS-c1": ContactStatus.REVOKED,
        "TILLEULS-c2": ContactStatus.CERTIFIED,
        "port-1": ContactStatus.CERTIFIED,
    }
    await import_text(register, "contact", others, prune="everywhere")
    (contact,) = await register.register.contacts(site_ref="PORT")
    assert contact.status is ContactStatus.REVOKED


async def test_probable_doubles_of_sites(register: Store) -> None:
    """The same place and a like name, in the file or in the register; neither alone is enough."""
    rows = (
        "D1;Galerie des  tilleuls (Nord);43.70052;7.26832",  # 3 m from TILLEULS
        "D2;Pharmacie du Phare;43.70052;7.26832",
        "D3;Galerie des Tilleuls;43.7105;7.2683",
        "D4;Musée de la Lucarne;43.72;7.20",
        "D5;Musee Lucarne;43.72020;7.20",  # 22 m from D4
        "D6;Musée de la Lucarne;43.72040;7.20",  # 44 m from D4, 22 m from D5
        "D7;Parc du Phare, hall 1;43.73;7.20",
        "D8;Parc du Phare, hall 2;43.73;7.20",
    )
    found = await import_text(register, "site", "ref;name;lat;lon\n" + "\n".join(rows))
    assert found.doubts == [(2, "same_place"), (6, "same_place"), (7, "same_place")]
    assert [warning.message.split()[0] for warning in found.warnings] == ["TILLEULS", "D4", "D5"]


async def test_probable_doubles_of_people(register: Store) -> None:
    """One telephone or e-mail address at two sites is doubtful; at one site it is not."""
    rows = (
        "TILLEULS;Alix Thym;06 39 98 00 02;",
        "TILLEULS;Lou Sauge;06 39 98 00 01;",
        "REU;Sacha Genêt;06 39 98 00 07;x@y.example",
        "PORT;Noé Genêt;06 39 98 00 08;x@y.example",
    )
    found = await import_text(register, "contact", "site_ref;name;phone;email\n" + "\n".join(rows))
    assert found.doubts == [(2, "same_address"), (5, "same_address")]
    assert "PORT" in found.warnings[0].message
    assert "REU" in found.warnings[1].message


async def test_the_register_may_not_change_under_a_comparison(
    register: Store, database: Path, clock: object
) -> None:
    """What would be done is what a person has seen: otherwise nothing is done."""
    async with register.imports.open("site") as staging:
        data = SITES.encode() + b"NEW;x;43.6;7.2;;\n"
        await staging.fill(lambda known: reading("site", data, known))
        await staging.compare("none")
        new = NewSite("NEW", "x", 43.6, 7.2, "FR", "Europe/Paris")
        await register.register.add_sites([new], support.OPERATOR, approve=False)
        before = dump(database)
        with pytest.raises(RefusedByRule) as caught:
            await staging.apply(Order(support.OPERATOR, SiteStatus.APPROVED))
        assert caught.value.code == "register_changed"
    assert dump(database) == before


async def test_another_alert_meanwhile_is_no_change(register: Store, database: Path) -> None:
    """Somebody else's writing that touches no row of the file does not stop an import."""
    async with register.imports.open("site") as staging:
        data = SITES.encode() + b"NEW;x;43.6;7.2;;\n"
        await staging.fill(lambda known: reading("site", data, known))
        await staging.compare("none")
        other = NewSite("OTHER", "y", 43.6, 7.3, "FR", "Europe/Paris")
        await register.register.add_sites([other], support.OPERATOR, approve=False)
        done = await staging.apply(Order(support.OPERATOR, SiteStatus.APPROVED))
    assert done.added == 1


async def test_an_interrupted_import_leaves_nothing(store: Store, database: Path) -> None:
    """Ctrl-C while the rows are read, or written: the command ends and nothing is there."""
    before = dump(database)
    rows = "".join(f"S{n};Site {n};43.7;7.{n:05d}\n" for n in range(12_000))
    data = ("ref;name;lat;lon\n" + rows).encode()
    for where in Step:
        reached = asyncio.Event()
        loop = asyncio.get_running_loop()

        def told(step: Step, _done: int, where: Step = where) -> None:
            if step is where:
                loop.call_soon_threadsafe(reached.set)  # noqa: B023

        async def work() -> None:
            async with store.imports.open("site") as staging:
                await staging.fill(lambda known: reading("site", data, known), told)
                await staging.apply(Order(support.OPERATOR, SiteStatus.APPROVED), told)

        task = asyncio.create_task(work())
        await reached.wait()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        if task.cancelled():
            assert dump(database) == before
    assert {path.name for path in database.parent.iterdir()} <= {
        database.name,
        f"{database.name}-wal",
        f"{database.name}-shm",
    }


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from tests import support
from tests.store.importing import reading
from umsalert.model import SiteStatus
from umsalert.ports import Order, Step
from umsalert.store.store import Store
from umsalert.wiring import SystemClock

def told(step, done):
    if step is Step.WRITING:
        os.kill(os.getpid(), signal.SIGKILL)

async def main():
    async with Store(Path(sys.argv[1]), SystemClock()) as store:
        async with store.imports.open("site") as staging:
            rows = "".join(f"S{n};Site {n};43.7;7.{n:05d}\\n" for n in range(12_000))
            data = ("ref;name;lat;lon\\n" + rows).encode()
            await staging.fill(lambda known: reading("site", data, known))
            await staging.apply(Order(support.OPERATOR, SiteStatus.APPROVED), told)

asyncio.run(main())
"""


def test_a_kill_in_the_middle_leaves_nothing_half_imported(database: Path) -> None:
    """SIGKILL among thousands of rows: the register is as before, and no file is left."""
    before = dump(database)
    root = Path(__file__).parents[2]
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, database],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL
    assert dump(database) == before
    assert not list(database.parent.glob("*import*"))


def test_many_links_are_those_of_one_by_one() -> None:
    """The quick way to make links of a whole import makes the same links."""
    at = datetime(2026, 3, 1, 12, 0, 0, 5000, tzinfo=UTC)
    refs = ["A", 'quote"d', "é\u2028", "\\"]
    fields = ("clerk@Nice", "site.add", "site")
    detail = '{"from":null,"to":"approved"}'
    slow = itertools.accumulate(
        refs, lambda head, ref: link(head, at, (*fields, ref, detail)), initial=GENESIS
    )
    quick = links(GENESIS, at, (*fields, detail), refs)
    assert list(slow)[1:] == [AuditHead(n, sha256) for n, sha256, _ref in quick]
