"""What every test stands on: no outside world, no settings or home of whoever runs it."""

from __future__ import annotations

import difflib
import os
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pyproj  # noqa: F401 - before mod_spatialite, see umsalert/geo/native.py
import pytest
import shapely  # noqa: F401 - likewise

from umsalert import i18n

GUARD = Path(__file__).parent / "guard"
# These would change what a command prints, who it says has run it, or where it connects to.
FOREIGN = {"COLUMNS", "FORCE_COLOR", "GITHUB_ACTIONS", "LINES", "SUDO_USER"}

# Two people who share the account of whoever runs the tests could not be told apart.
if os.name == "posix" and os.getuid():
    os.environ["PEOPLE_OF_TESTS_ARE_BEHIND_SUDO"] = "1"
runpy.run_path(str(GUARD / "sitecustomize.py"))
os.environ["PYTHONPATH"] = os.pathsep.join(
    [str(GUARD), *filter(None, [os.environ.get("PYTHONPATH")])]
)

hypothesis.settings.register_profile("ci", derandomize=True, deadline=None)
hypothesis.settings.register_profile("search", max_examples=2_000, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


DOCS = Path(__file__).parent.parent / "docs"


Page = Callable[[str, str], None]
"""Takes the name of a page of docs/ and what the program makes of it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take --renew."""
    parser.addoption(
        "--renew", action="store_true", help="write the pages of docs/ that the program makes"
    )


@pytest.fixture
def page(pytestconfig: pytest.Config) -> Page:
    """Return the check of a made page; with --renew it writes the page instead."""

    def check(name: str, text: str) -> None:
        path = DOCS / name
        if pytestconfig.getoption("--renew"):
            path.write_text(text, "utf-8")
            return
        old = path.read_text("utf-8").splitlines() if path.exists() else []
        new = text.splitlines()
        changes = list(difflib.unified_diff(old, new, f"docs/{name}", "the program", lineterm=""))
        assert not changes, "\n".join(["renew the page as CONTRIBUTING.md says", *changes])

    return check


@pytest.fixture(scope="session", autouse=True)
def _nobody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Take away the account of whoever runs the tests, before any wider fixture looks at it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if (
                name in FOREIGN
                or name.startswith(("UMSALERT_", "XDG_"))
                or name.lower().endswith("_proxy")
            ):
                patch.delenv(name)
        patch.setenv("HOME", str(tmp_path_factory.mktemp("account")))
        patch.setenv("UMSALERT_HOME", str(tmp_path_factory.mktemp("shared-home")))
        patch.setenv("UMSALERT_LANG", "en")
        yield


@pytest.fixture(autouse=True)
def _own_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Give each test a home of its own, and English."""
    monkeypatch.setenv("UMSALERT_HOME", str(tmp_path_factory.mktemp("home")))
    i18n.activate("en")
    yield
    i18n.activate("en")
