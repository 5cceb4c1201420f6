"""`man umsalert-alert-send` shows what `umsalert alert send --help` does, in both languages."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import files, requires
from pathlib import Path

from tests.reference.commands import commands
from umsalert.errors import ExitCode

ROOT = Path(__file__).parents[2]
WRITE = """
import hatch_build, pathlib, sys
hatch_build.manual_pages(pathlib.Path(), pathlib.Path(sys.argv[1]))
"""

LOADED = """
import hatch_manual, json, pathlib, sys
hatch_manual.write(pathlib.Path(sys.argv[1]), "en")
found = {
    name.partition(".")[0]
    for name, module in sys.modules.items()
    if "site-packages" in (getattr(module, "__file__", None) or "") and name[0] != "_"
}
print(json.dumps(sorted(found)))
"""
_NAME = re.compile(r"[\w-]+")


def test_every_command_has_a_page_that_man_shows(tmp_path: Path) -> None:
    """All its options, an example and the exit codes are in it, and groff has nothing against it.

    They are written as the build of a wheel does: without a home, a database or the network.
    """
    home = tmp_path / "nobody"
    subprocess.run(
        [sys.executable, "-W", "error", "-c", WRITE, str(tmp_path / "man")],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": str(home), "UMSALERT_HOME": str(home)},
        check=True,
    )
    assert not home.exists()
    known = {found.words.replace(" ", "-"): found for found in commands()}
    for place, example in (("man1", "EXAMPLE"), ("fr/man1", "EXEMPLE")):
        pages = {page.stem: page for page in (tmp_path / "man" / place).iterdir()}
        assert pages.keys() == known.keys()
        for name, found in known.items():
            text = _plain(pages[name])
            options = [option for option in found.options if option.startswith("-")]
            assert [option for option in options if option not in text] == [], name
            assert found.group or f"\n.SH {example}\n" in text, name
        _no_warning(pages.values())
    told = _plain(tmp_path / "man" / "man1" / "umsalert-alert-send.1")
    told = told.partition(".SH EXIT STATUS")[2].partition(".SH ")[0]
    assert [int(line[3:]) for line in told.splitlines() if line[:3] == ".B "] == list(ExitCode)


def test_the_build_asks_for_all_that_it_loads(tmp_path: Path) -> None:
    """The tree of commands is walked with what `build-system` in pyproject.toml installs, alone."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "UMSALERT_LANG": "en"},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    asked = {_NAME.match(name)[0] for name in project["build-system"]["requires"]}  # type: ignore[index]
    asked |= {_NAME.match(name)[0] for name in requires("typer") or ()}  # type: ignore[index]
    loaded = {name.replace("_", "-") for name in json.loads(done.stdout)}
    assert "typer" in loaded
    assert loaded - asked == set()


def _plain(page: Path) -> str:
    return page.read_text("utf-8").replace("\\-", "-").replace("\\(aq", "'")


def _no_warning(pages: Iterable[Path]) -> None:
    """Hold that groff warns of nothing: whoever reads such a page would see half of it."""
    if shutil.which("groff") is None:
        return
    done = subprocess.run(
        ["groff", "-K", "utf8", "-man", "-T", "utf8", "-ww", "-z", *map(str, sorted(pages))],
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
