"""A site carries its cell from the day it is registered, wherever it moves."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tests.workbench import CENTRE, all_on_duty, fill_register
from umsalert.geo.cells import cell_of
from umsalert.model import ChannelKind
from umsalert.store import schema, versions
from umsalert.store.spatialite import connect, load_extension
from umsalert.store.store import Store


def cells(path: Path) -> list[tuple[float, float, int | None]]:
    with closing(connect(path, write=False)) as connection:
        return [tuple(row) for row in connection.execute("SELECT lat, lon, cell FROM site")]


async def test_a_new_site_has_its_cell_and_a_moved_one_another(store: Store) -> None:
    """The register writes it, and a trigger follows the coordinates."""
    await fill_register(store, 3)
    assert all(cell == cell_of(lat, lon) for lat, lon, cell in cells(store.path))
    with closing(connect(store.path, write=True)) as connection:
        load_extension(connection)
        connection.execute("UPDATE site SET lat = 48.85, lon = 2.35")
    assert {cell for _lat, _lon, cell in cells(store.path)} == {cell_of(48.85, 2.35)}


async def test_an_unknown_cell_is_worked_out(store: Store) -> None:
    """A row that another program wrote is counted where it lies."""
    await fill_register(store, 12)
    before = await store.alerts.select(CENTRE, tuple(ChannelKind), all_on_duty, 5)
    assert before.dense
    with closing(connect(store.path, write=True)) as connection:
        connection.execute("UPDATE site SET cell = NULL")
    assert await store.alerts.select(CENTRE, tuple(ChannelKind), all_on_duty, 5) == before


def test_an_older_file_gets_its_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Migrating a database of before gives every site its cell."""
    path = tmp_path / "umsalert.db"
    earlier = [item for item in versions.migrations() if item[0] < 8]
    with monkeypatch.context() as past:
        past.setattr(schema, "migrations", lambda: earlier)
        schema.create(path)
    with closing(connect(path, write=True)) as connection:
        load_extension(connection)
        connection.execute(
            """
            INSERT INTO site (ref, name, lat, lon, region, time_zone, status, status_by, status_at,
                geom)
            VALUES ('S1', 'Site', 43.7, 7.27, 'FR', 'Europe/Paris', 'approved', 'me', '',
                MakePoint(7.27, 43.7, 4326))
            """
        )
    assert schema.upgrade(path) is not None
    assert cells(path) == [(43.7, 7.27, cell_of(43.7, 7.27))]
