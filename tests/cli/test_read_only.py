"""A register that this account can only read: looked at as it is, and an alert previewed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.cli.test_register_commands import FACTS
from umsalert.store.spatialite import connect

# Root without these two powers is bound by modes like anybody else.
ORDINARY = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps=-all")
PREVIEW = (
    *("alert", "preview", "--lat", "43.7", "--lon", "7.27", "--radius", "800m", "--template"),
    *("search-person", "--var", "description=x", "--var", "last_seen=y"),
    *("--incident-time", "00:00"),
)
SITES = f"ref,name,lat,lon,{','.join(FACTS)}\n" + "".join(
    f"{ref},{ref},{lat},7.27,{','.join(FACTS.values())}\n"
    for ref, lat in (("ON", "43.7000"), ("OVER", "43.7013"))
)
PEOPLE = "site_ref;name;phone;named_by\nON;Claude;06 39 98 00 01;x\nOVER;Andrea;06 39 98 00 02;x\n"


def look(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command as an account that is bound by modes."""
    return subprocess.run(
        [*(ORDINARY if os.geteuid() == 0 else ()), sys.executable, "-m", "umsalert", *words],
        env={
            **os.environ,
            "UMSALERT_HOME": str(folder),
            "UMSALERT_STATION": "Nice",
            "UMSALERT_ALERT_CALLBACK_NUMBER": "0199000001",
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def folder(cli: Cli, database: Path) -> Iterator[Path]:
    """Return a folder of mode 0555: a site, and one whose approval ended an hour ago."""
    assert cli("site", "import", "-", "--approve", stdin=SITES.encode()).code == 0
    assert cli("contact", "import", "-", "--certify", stdin=PEOPLE.encode()).code == 0
    connection = connect(database, write=True)
    ended = (datetime.now(UTC) - timedelta(hours=1)).isoformat(timespec="milliseconds")
    connection.execute(
        "UPDATE site SET approved_until = ? WHERE ref = 'OVER'", [ended.replace("+00:00", "Z")]
    )
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    database.chmod(0o444)
    database.parent.chmod(0o555)
    yield database.parent
    database.parent.chmod(0o755)


def test_a_preview_foresees_what_it_cannot_write(folder: Path) -> None:
    """Who is no longer approved gets nothing in it, and that the file does not know is said."""
    before = {item.name: item.stat().st_mtime_ns for item in folder.iterdir()}
    done = look(folder, *PREVIEW)
    assert done.returncode == 0, done.stderr
    assert "1 person at 1 site:" in done.stdout
    assert "The database can only be read: 1 approval" in done.stderr
    assert {item.name: item.stat().st_mtime_ns for item in folder.iterdir()} == before
    listed = look(folder, "site", "list")
    assert listed.returncode == 0, listed.stderr
    assert "OVER" in listed.stdout


def test_a_file_that_somebody_writes_is_not_taken_for_whole(folder: Path) -> None:
    """Where its log has something, and cannot be joined, nothing is shown rather than half."""
    folder.chmod(0o755)
    (folder / "umsalert.db-wal").write_bytes(b"\0" * 100)
    folder.chmod(0o555)
    done = look(folder, "site", "list")
    assert done.returncode == 4
    assert "Traceback" not in done.stderr
