"""`man umsalert-alert-send` shows what `umsalert alert send --help` does, in both languages."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.metadata import files
from pathlib import Path

import pytest

from tests.reference.commands import commands
from umsalert.errors import ExitCode

ROOT = Path(__file__).parents[2]
WRITE = """
import hatch_build, pathlib, sys
hatch_build.manual_pages(pathlib.Path(), pathlib.Path(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the pages as the build of a wheel does: without a home, a database or the network."""
    folder = tmp_path_factory.mktemp("man")
    home = folder / "nobody"
    subprocess.run(
        [sys.executable, "-W", "error", "-c", WRITE, str(folder)],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": str(home), "UMSALERT_HOME": str(home)},
        check=True,
    )
    assert not home.exists()
    return folder


def _plain(page: Path) -> str:
    return page.read_text("utf-8").replace("\\-", "-").replace("\\(aq", "'")


def test_every_command_has_a_page_with_all_its_options(pages: Path) -> None:
    """A command or an option that is added stands in its page, in both languages."""
    known = {found.words.replace(" ", "-"): found for found in commands()}
    for place in ("man1", "fr/man1"):
        assert {page.stem for page in (pages / place).iterdir()} == known.keys()
        for name, found in known.items():
            text = _plain(pages / place / f"{name}.1")
            missing = [
                option for option in found.options if option[:2] == "--" and option not in text
            ]
            assert missing == [], name


def test_every_page_of_a_command_ends_with_an_example(pages: Path) -> None:
    for place, title in (("man1", "EXAMPLE"), ("fr/man1", "EXEMPLE")):
        bare = [
            found.words
            for found in commands()
            if not found.group
            and f".SH {title}\n"
            not in (pages / place / f"{found.words.replace(' ', '-')}.1").read_text("utf-8")
        ]
        assert bare == []


def test_every_exit_code_is_told(pages: Path) -> None:
    text = (pages / "man1" / "umsalert-alert-send.1").read_text("utf-8")
    told = text.partition(".SH EXIT STATUS")[2].partition(".SH ")[0]
    assert [int(line[3:]) for line in told.splitlines() if line[:3] == ".B "] == list(ExitCode)


def test_groff_has_nothing_to_say_against_them(pages: Path) -> None:
    """No page makes `man` warn, whose reader would see half of it."""
    if shutil.which("groff") is None:
        pytest.skip("no groff here")
    for place in ("man1", "fr/man1"):
        done = subprocess.run(
            ["groff", "-K", "utf8", "-man", "-T", "utf8", "-ww", "-z"]
            + [str(page) for page in sorted((pages / place).iterdir())],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr == ""


def test_an_installation_brings_them() -> None:
    """A wheel puts them where `man` looks beside the programs of an environment."""
    installed = {str(file) for file in files("umsalert") or ()}
    for place in ("share/man/man1", "share/man/fr/man1"):
        assert any(file.endswith(f"{place}/umsalert-alert-send.1") for file in installed)
    assert (Path(sys.prefix) / "share/man/man1/umsalert.1").is_file()
