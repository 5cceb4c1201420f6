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
DEPLOY = ROOT / "docs" / "deploy"


def test_the_wheel_brings_the_page() -> None:
    """Every file of the page's templates lies in the package that is installed."""
    files = WheelBuilder(str(ROOT)).recurse_included_files()
    shipped = {file.distribution_path for file in files}
    needed = {str(path.relative_to(ROOT)) for path in TEMPLATES.iterdir()}
    assert needed
    assert needed <= shipped


@pytest.mark.parametrize("name", ["umsalert-serve", "umsalert-bulletins"])
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
def test_systemd_takes_the_unit(tmp_path: Path, name: str) -> None:
    """It has no word that systemd does not know; nor has its timer, where it has one."""
    program = "/opt/umsalert/bin/umsalert"
    assert program in (DEPLOY / f"{name}.service").read_text("utf-8")
    copies = []
    for unit in sorted(DEPLOY.glob(f"{name}.*")):
        copy = tmp_path / unit.name
        copy.write_text(unit.read_text("utf-8").replace(program, sys.executable), "utf-8")
        copies.append(str(copy))
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *copies],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )
    assert (said.returncode, said.stdout + said.stderr) == (0, "")
