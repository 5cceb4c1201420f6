"""The real program in a child process, on real files in a home of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from tests.running.process import started
from umsalert.store import schema


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that is over."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Return what --json printed on stdout."""
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, Any]:
        """Return the error that --json printed on stderr; nothing may stand on stdout then."""
        assert self.out == ""
        error: dict[str, Any] = json.loads(self.err)["error"]
        return error


class Cli:
    """Runs `umsalert` in `folder`; a warning ends it, and it never shows a traceback."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(
        self,
        *arguments: str | Path,
        stdin: bytes = b"",
        environ: Mapping[str, str] = MappingProxyType({}),
    ) -> Ended:
        child = started(
            *arguments,
            environ={**os.environ, **environ},
            folder=self.folder,
            stdin=subprocess.PIPE,
        )
        out, err = child.communicate(stdin)
        ended = Ended(child.returncode, out.decode(), err.decode())
        assert "Traceback" not in ended.out + ended.err, ended.err
        return ended


def command(*arguments: str | Path) -> list[str]:
    """Return the command line of a run."""
    return [sys.executable, "-W", "error", "-m", "umsalert", *map(str, arguments)]


@pytest.fixture
def home() -> Path:
    """Return the UMSALERT_HOME of this test."""
    return Path(os.environ["UMSALERT_HOME"])


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Return the program, not yet set up."""
    return Cli(tmp_path)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a new database, to be copied."""
    path = tmp_path_factory.mktemp("prepared") / "umsalert.db"
    schema.create(path)
    return path


@pytest.fixture
def database(home: Path, empty_database: Path) -> Path:
    """Return the empty database that the program finds in its home."""
    return Path(shutil.copy2(empty_database, home))
