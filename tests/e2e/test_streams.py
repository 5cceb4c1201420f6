"""Where the output goes: full disks, closed streams and terminals of another encoding."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import SITES
from tests.e2e.office import ALERT, Office

REPORT = ("report", "last")


def run(office: Office, *words: str, redirect: str = "", **environ: str) -> tuple[int, bytes, str]:
    """Run a command from a shell that redirects its streams."""
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$0" -m umsalert "$@" {redirect}', sys.executable, *words],
        env={**os.environ, **office.environ, "UMSALERT_HOME": str(office.home), **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr.decode()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full")
@pytest.mark.parametrize(
    "words", [("site", "list"), (*REPORT, "--json"), (*REPORT, "--format", "csv"), REPORT]
)
def test_a_full_disk_is_no_bug_of_ours(office: Office, words: tuple[str, ...]) -> None:
    """A report that could not be written ends with 4 and says why, never as if it were there."""
    office.run("alert", "send", *ALERT, "--yes")
    code, _out, err = run(office, *words, redirect=">/dev/full")
    assert (code, "No space left on device" in err) == (4, True), err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full")
def test_a_full_disk_stops_no_alert(office: Office) -> None:
    """The listing of what happens is lost and that is said once; everybody is alerted."""
    before = office.forget()
    words = ("alert", "send", *ALERT, "--channel", "sms", "--yes", "--json")
    code, _out, err = run(office, *words, redirect=">/dev/full")
    assert code in (0, 1), err
    assert err.count("No space left on device") == 1
    assert len([e for e in office.record()[before:] if e["kind"] == "sms"]) == SITES


@pytest.mark.parametrize("redirect", ["<&-", ">&-", "2>&-"])
def test_a_closed_stream_is_no_bug_of_ours(office: Office, redirect: str) -> None:
    """Started with a stream closed, as some schedulers do, a command ends as it would with it."""
    assert run(office, "site", "list", redirect=redirect)[0] == 0
    assert run(office, "site", "import", "-", redirect=redirect)[0] == 4
    assert run(office, "site", "show", "nowhere", redirect=redirect)[0] == 2


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_another_encoding_loses_letters_and_no_line(office: Office, encoding: str) -> None:
    """What a terminal of another encoding cannot show is a question mark there."""
    environ = {"PYTHONIOENCODING": encoding, "UMSALERT_LANG": "en"}
    code, out, err = run(office, "alert", "preview", *ALERT, **environ)
    assert code == 0, err
    lines = out.decode(encoding).splitlines()
    assert "?? SMS (fr), 2 parts, GSM-7 ??" in lines
    assert any(line.startswith(f"{SITES} people at {SITES} sites") for line in lines)
