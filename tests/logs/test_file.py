"""The file: shared by processes, rotated, readable by its owner only, never in the way."""

from __future__ import annotations

import fcntl
import json
import logging
import subprocess
import sys
from pathlib import Path

from umsalert.logs import Log, LogConfig
from umsalert.settings import LogSettings

LINES = 400
WRITER = """
import logging, sys
from pathlib import Path
from umsalert.logs import Log, LogConfig
from umsalert.settings import LogSettings
log = Log(LogConfig(Path(sys.argv[1]), LogSettings(max_bytes=8_000, backups=50, format="json")))
print("ready", flush=True)
sys.stdin.readline()
for n in range({lines}):
    logging.getLogger("umsalert.test").info("written", extra={{"delivery": n}})
assert log.stop() is not None
"""

STUCK = """
import logging, sys
from pathlib import Path
from umsalert import logs
from umsalert.settings import LogSettings
logs.STOP_WITHIN_S = 0.1
log = logs.Log(logs.LogConfig(Path(sys.argv[1]), LogSettings(max_bytes=1_000)))
logging.getLogger("umsalert.test").info("written")
assert log.stop() is None
"""


def lines(folder: Path) -> list[str]:
    return [line for file in folder.glob("*.log*") for line in file.read_text("utf-8").splitlines()]


def test_two_processes_lose_and_tear_no_line(tmp_path: Path) -> None:
    """Two programs write at once over many rotations: every line is there once, whole."""
    path = tmp_path / "log" / "umsalert.log"
    writers = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", WRITER.format(lines=LINES), str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _number in range(2)
    ]
    for writer in writers:
        assert writer.stdout
        assert writer.stdout.readline() == b"ready\n"
    for writer in writers:
        assert writer.stdin
        writer.stdin.write(b"go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=60)
        assert writer.returncode == 0
    found = [json.loads(line) for line in lines(path.parent)]
    assert sorted((line["pid"], line["delivery"]) for line in found) == sorted(
        (writer.pid, n) for writer in writers for n in range(LINES)
    )
    files = list(path.parent.glob("umsalert.log*"))
    assert len(files) > 5
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_only_so_many_files_are_kept(tmp_path: Path) -> None:
    """Of the rotated files `backups` are kept, the newest."""
    log = Log(LogConfig(tmp_path / "umsalert.log", LogSettings(max_bytes=1_000, backups=2)))
    for n in range(100):
        logging.getLogger("umsalert.test").info("written", extra={"delivery": n})
    assert log.stop() == tmp_path / "umsalert.log"
    names = {file.name for file in tmp_path.glob("umsalert*")}
    assert names == {"umsalert.log", "umsalert.log.1", "umsalert.log.2"}
    assert "delivery=99 " in "".join(lines(tmp_path))


def test_a_lock_that_never_opens_does_not_hold_the_end(tmp_path: Path) -> None:
    """While another program holds a full file for ever, a command ends with one warning."""
    (tmp_path / "umsalert.log").write_text("x" * 1_000, "utf-8")
    with (tmp_path / ".__umsalert.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        ended = subprocess.run(
            [sys.executable, "-W", "error", "-c", STUCK, str(tmp_path / "umsalert.log")],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.returncode == 0, ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert ended.stderr.startswith("Warning: the log ")


def test_the_level_is_kept_to(tmp_path: Path) -> None:
    """At level warning nothing lower is written, and nothing after the end."""
    path = tmp_path / "umsalert.log"
    log = Log(LogConfig(path, LogSettings(level="warning")))
    logger = logging.getLogger("umsalert.test")
    logger.info("lower")
    logger.warning("higher")
    log.stop()
    logger.warning("after")
    assert [line.rpartition(" ")[2] for line in lines(tmp_path)] == ["higher"]
