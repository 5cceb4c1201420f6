"""An installation in a folder, on whichever platform a test says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from umsalert import settings
from umsalert.doctor import Subject
from umsalert.platforms import Platform
from umsalert.store import schema

Install = Callable[..., Subject]


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return a new database, to be written where a test wants it."""
    path = tmp_path_factory.mktemp("prepared") / "umsalert.db"
    schema.create(path)
    return path.read_bytes()


@pytest.fixture
def install(tmp_path: Path, empty_database: bytes) -> Install:
    """Return a function that reads an installation: a sound database, settings as given."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    database = home / settings.DATABASE_NAME
    database.write_bytes(empty_database)
    database.chmod(0o600)

    def read(toml: str = "", platform: Platform = Platform.DEBIAN, **environ: str) -> Subject:
        if toml:
            (home / settings.CONFIG_NAME).write_text(toml, "utf-8")
            (home / settings.CONFIG_NAME).chmod(0o600)
        variables = {"UMSALERT_HOME": str(home), **environ}
        return Subject(settings.inspect(environ=variables), platform)

    return read
