"""The pages of docs/ make a site that stands alone, and every link between them leads somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).parents[2]
# What a browser fetches by itself; `a` is only followed by a person.
FETCHED = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src"}
_ADDRESS = re.compile(r"url\(\s*['\"]?(?:https?:)?//|@import\s+(?:url\()?\s*['\"]?(?:https?:)?//")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site, warnings as errors; tests cannot reach the network anyhow."""
    folder = tmp_path_factory.mktemp("site")
    words = ["-m", "sphinx", "-W", "--keep-going", "-q", "-c", "docs", "-b", "html"]
    done = subprocess.run(
        [sys.executable, *words, "-d", str(folder / "kept"), ".", str(folder / "html")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder / "html"


class _Fetched(HTMLParser):
    """Collects what a page fetches, and what it links to on this site."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.linked: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one tag."""
        values = dict(attrs)
        if tag in FETCHED and values.get(FETCHED[tag]):
            self.fetched.append(str(values[FETCHED[tag]]))
        if tag == "a" and values.get("href"):
            self.linked.append(str(values["href"]))


def test_every_page_is_in_the_site_and_its_contents(site: Path) -> None:
    """A page that is added to docs/ without a place in the contents makes the build fail."""
    pages = [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    missing = [
        page for page in pages if not (site / page.relative_to(ROOT)).with_suffix(".html").exists()
    ]
    assert missing == []


def test_nothing_comes_from_elsewhere(site: Path) -> None:
    """No font, script, image or sheet of another host: it is read in an office without Internet."""
    for page in site.rglob("*.html"):
        found = _Fetched()
        found.feed(page.read_text("utf-8"))
        outside = [address for address in found.fetched if urlsplit(address).netloc]
        assert outside == [], page
    for sheet in site.rglob("*.css"):
        assert not _ADDRESS.search(sheet.read_text("utf-8")), sheet


def test_links_of_the_site_lead_somewhere(site: Path) -> None:
    """What Markdown links to is a page or a file of the site, from wherever it is linked."""
    broken = []
    for page in site.rglob("*.html"):
        found = _Fetched()
        found.feed(page.read_text("utf-8"))
        for address in found.linked:
            parts = urlsplit(address)
            here = parts.path and not parts.scheme and not parts.netloc
            if here and not (page.parent / unquote(parts.path)).exists():
                broken.append((page.name, address))
    assert broken == []


def test_search_finds_what_is_written(site: Path) -> None:
    """The index of the search, which works without a server, has words of every part."""
    index = (site / "searchindex.js").read_text("utf-8")
    for word in ("lockdown", "vigil", "idempot"):
        assert word in index
    assert (site / "search.html").is_file()
