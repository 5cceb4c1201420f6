"""A real SpatiaLite file for each test, copied from one that is made once."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.workbench import FixedClock
from umsalert.store.schema import create
from umsalert.store.store import Store


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("prepared") / "umsalert.db"
    create(path)
    return path


@pytest.fixture
def database(empty_database: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy2(empty_database, tmp_path / "umsalert.db"))


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
async def store(database: Path, clock: FixedClock) -> AsyncIterator[Store]:
    async with Store(database, clock) as opened:
        yield opened
