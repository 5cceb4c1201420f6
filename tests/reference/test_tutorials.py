"""Every tutorial works as it is written: each line is typed in a shell, in its order."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.reference.tutorials import Step, steps

ROOT = Path(__file__).parents[2]
TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
PATIENCE_S = 60


def test_there_are_tutorials_for_everybody() -> None:
    assert {page.stem for page in TUTORIALS} == {"administrator", "clerk", "officer"}


@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_a_tutorial_works_as_written(page: Path, tmp_path: Path, unused_tcp_port: int) -> None:
    (tmp_path / "fixtures").mkdir()
    for file in ("sites.csv", "contacts.csv"):
        shutil.copy(ROOT / "fixtures" / file, tmp_path / "fixtures")
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "UMSALERT_LANG": "en",
        "COLUMNS": "80",
        **_own_port(unused_tcp_port),
    }
    with ExitStack() as stack:
        for step in steps(page):
            if step.typed.startswith("export "):
                name, _equals, value = step.typed.removeprefix("export ").partition("=")
                environment[name] = value.strip('"')
            elif step.background:
                stack.enter_context(_running(step, tmp_path, environment))
            else:
                _type(step, tmp_path, environment)


def _own_port(port: int) -> dict[str, str]:
    """Let `serve` listen where no other test does."""
    address = f"http://127.0.0.1:{port}"
    return {
        "UMSALERT_SERVE_PORT": str(port),
        "UMSALERT_SERVE_PUBLIC_URL": address,
        "UMSALERT_VONAGE_WEBHOOK_URL": address,
        "UMSALERT_GATEWAY_WEBHOOK_URL": address,
    }


def _type(step: Step, folder: Path, environment: dict[str, str]) -> None:
    done = subprocess.run(
        ["bash", "-c", step.typed],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode in step.codes, f"{step.typed}\n{done.stdout}"
    assert "Traceback" not in done.stdout
    assert step.matches(done.stdout), f"{step.typed}\n{done.stdout}"


@contextmanager
def _running(step: Step, folder: Path, environment: dict[str, str]) -> Iterator[None]:
    """Start what the page starts in the background; wait until it says what the page shows."""
    told = folder / f"told-{step.typed.split()[1]}"
    with told.open("w") as output:
        process = subprocess.Popen(
            ["bash", "-c", f"exec {step.typed}"],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        end = time.monotonic() + PATIENCE_S
        while not told.read_text() or step.shown not in told.read_text():
            assert process.poll() is None, told.read_text()
            assert time.monotonic() < end, told.read_text()
            time.sleep(0.1)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE_S)
