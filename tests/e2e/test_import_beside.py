"""An alert to hundreds of people, while clerks import thousands of sites into the same file."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.office import FACT_COLUMNS, FACTS, Ended, Office, numbers, open_office, sending
from umsalert.store.spatialite import connect

PEOPLE = 300
ROWS = 5_000


class Clerk(threading.Thread):
    """Imports the same file over and over, each time with other names: every row is written."""

    def __init__(self, office: Office) -> None:
        super().__init__()
        self.imports: list[Ended] = []
        self.enough = threading.Event()
        self._office = office

    def run(self) -> None:
        file = self._office.home / "many.csv"
        while not self.enough.is_set():
            title = f"Import {len(self.imports)}"
            rows = (f"M{n},{title} {n},{48 + n * 1e-4:.4f},2.35,{FACTS}" for n in range(ROWS))
            file.write_text("\n".join([f"ref,name,lat,lon,{FACT_COLUMNS}", *rows]), "utf-8")
            process = self._office.start("site", "import", str(file), "--json")
            out, err = process.communicate()
            self.imports.append(Ended(process.returncode, out.decode(), err.decode()))


@pytest.fixture
def large_office(tmp_path: Path) -> Iterator[Office]:
    with open_office(tmp_path / "office", PEOPLE, "--speed", "30") as office:
        yield office


def test_an_alert_and_imports_come_to_their_end_beside_each_other(large_office: Office) -> None:
    """Everybody is alerted once, every import is whole, and none gives up."""
    office = large_office
    clerk = Clerk(office)
    clerk.start()
    try:
        process, before = sending(office, 1)
        ended = office.end(process)
    finally:
        clerk.enough.set()
        clerk.join()
    assert ended.code in (0, 1), ended.err  # a telephone may be off: its receipt says so
    assert numbers(office.sms(before)) == [f"+3363998{n:04}" for n in range(PEOPLE)]
    assert not office.states().keys() & {"queued", "sending", "unknown", "failed", "cancelled"}
    assert [item.code for item in clerk.imports] == [0] * len(clerk.imports), clerk.imports[-1].err
    with contextlib.closing(connect(office.database, write=False)) as connection:
        names = Counter(
            row["name"].rpartition(" ")[0]
            for row in connection.execute("SELECT name FROM site WHERE ref LIKE 'M%'")
        )
    assert names == {f"Import {len(clerk.imports) - 1}": ROWS}
