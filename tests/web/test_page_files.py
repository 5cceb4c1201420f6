"""What the page and its operator need besides Python is shipped, and right."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parent.parent.parent
TEMPLATES = ROOT / "umsalert" / "web" / "page" / "templates"
UNIT = ROOT / "docs" / "deploy" / "umsalert-serve.service"


def test_the_wheel_brings_the_page() -> None:
    """Every file of the page's templates lies in the package that is installed."""
    files = WheelBuilder(str(ROOT)).recurse_included_files()
    shipped = {file.distribution_path for file in files}
    needed = {str(path.relative_to(ROOT)) for path in TEMPLATES.iterdir()}
    assert needed
    assert needed <= shipped


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    """It has no word that systemd does not know."""
    program = "/opt/umsalert/bin/umsalert"
    text = UNIT.read_text("utf-8")
    assert program in text
    copy = tmp_path / UNIT.name
    copy.write_text(text.replace(program, sys.executable), "utf-8")
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(copy)],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )
    assert (said.returncode, said.stdout + said.stderr) == (0, "")
