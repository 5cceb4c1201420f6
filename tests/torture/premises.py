"""One prepared office that every run gets a copy of, and what a dead process left in it."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.office import Office, fill
from tests.torture.plan import PEOPLE_AT_MOST
from tests.torture.points import COUNTS, Counts
from umsalert.simulator.keys import Keys
from umsalert.simulator.training import Training, prepare_home
from umsalert.store.spatialite import Connection, connect

GUARD = Path(__file__).parent.parent / "guard"
VETTED = PEOPLE_AT_MOST + 6
STEP_DEG, STEP_M = 0.005, 555.6
"""About this far from one site to the next: no two of them lie in one cell of the network."""
ENVIRON = {"UMSALERT_STATION": "Nice", "UMSALERT_LANG": "en"}

ON_THE_WIRE = """
SELECT alert.ref || '-' || delivery.id || '-' || attempt.n FROM attempt
JOIN sender ON sender.id = attempt.sender_id
JOIN delivery ON delivery.id = attempt.delivery_id
JOIN alert ON alert.id = delivery.alert_id
WHERE attempt.state = 'sending' AND sender.pid = ?
"""
_UNVETTED_SITES = "ref,name,lat,lon\nU0,Not approved,43.7005,7.2683\n"
_UNVETTED_PEOPLE = """site_ref,name,phone,email
U0,Agent of U0,+33639985000,u0@example.org
S0,Not certified,+33639985001,u1@example.org
"""


def prepare(home: Path) -> Path:
    """Make an office with vetted guards one after the other northwards, and two nobody vetted."""
    home.mkdir(parents=True)
    Keys(home)
    prepare_home(Training(home, http_port=1, smtp_port=1))
    office = Office(home, environ_of(), fresh=True)
    assert office.run("init").code == 0
    fill(office, VETTED, STEP_DEG)
    for noun, text in (("site", _UNVETTED_SITES), ("contact", _UNVETTED_PEOPLE)):
        file = home / f"unvetted-{noun}s.csv"
        file.write_text(text, "utf-8")
        ended = office.run(noun, "import", str(file))
        assert ended.code == 0, ended.err
    return home


def environ_of() -> dict[str, str]:
    """Return what programs of a run see: English, and a guard that keeps them on this machine."""
    path = os.environ.get("PYTHONPATH", "")
    guarded = path if str(GUARD) in path.split(os.pathsep) else os.pathsep.join([str(GUARD), path])
    return ENVIRON | {"PYTHONPATH": guarded.rstrip(os.pathsep)}


def radius(people: int) -> str:
    """Return a circle that holds the first so many guards."""
    return f"{(people - 0.5) * STEP_M:.0f}m"


@dataclass(frozen=True, slots=True)
class Remains:
    """What stands in the database when no process is at work.

    `open` says by channel how many are queued or on the wire, 0 where it is done. `ambiguous` are
    the references of what a dead process had on the wire, as far as the record knows.
    """

    alert: str = ""
    expires_at: str = ""
    open: Mapping[str, int] = field(default_factory=dict)
    ambiguous: frozenset[str] = frozenset()
    counts: Counts = (0, 0, 0, 0)

    @property
    def open_in_all(self) -> int:
        """How many are queued or on the wire."""
        return sum(self.open.values())

    @property
    def between_channels(self) -> bool:
        """Say whether a channel is done and another is not."""
        return 0 in self.open.values() and self.open_in_all > 0


def open_by_channel(connection: Connection) -> dict[str, int]:
    """Return how many are queued or on the wire, by channel."""
    rows = connection.execute(
        "SELECT channel, sum(state IN ('queued', 'sending')) FROM delivery GROUP BY channel"
    )
    return dict(map(tuple, rows))


@contextlib.contextmanager
def exhumed(database: Path) -> Iterator[Connection]:
    """Open a copy of a database that nobody has open.

    Not the file itself: its recovery after a crash is the next program's work and not ours.
    """
    copy = database.with_name("exhumed.db")
    for suffix in ("", "-wal"):
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(f"{database}{suffix}", f"{copy}{suffix}")
    try:
        with contextlib.closing(connect(copy, write=True)) as connection:
            yield connection
    finally:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{copy}{suffix}").unlink(missing_ok=True)


def remains(database: Path, pid: int = 0) -> Remains:
    """Return what stands in the database; `pid` is the process that has died last."""
    with exhumed(database) as connection:
        row = connection.execute("SELECT ref, expires_at FROM alert").fetchone() or ("", "")
        return Remains(
            alert=row[0],
            expires_at=row[1],
            open=open_by_channel(connection),
            ambiguous=frozenset(row[0] for row in connection.execute(ON_THE_WIRE, (pid,))),
            counts=tuple(connection.execute(COUNTS).fetchone()),
        )
