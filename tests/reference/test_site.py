"""The pages of docs/ make a site that stands alone, and every link between them leads somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).parents[2]
# What a browser fetches by itself; `a` is only followed by a person.
FETCHED = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src"}
_ADDRESS = re.compile(r"url\(\s*['\"]?(?:https?:)?//|@import\s+(?:url\()?\s*['\"]?(?:https?:)?//")


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


def test_the_pages_make_a_site_that_stands_alone(tmp_path: Path) -> None:
    """It builds without a warning, every page is in it, its links lead somewhere, all is its own.

    One test: the site takes ten seconds to build, and each worker would build its own.
    """
    site = _built(tmp_path)
    pages = [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    made = {page: (site / page.relative_to(ROOT)).with_suffix(".html") for page in pages}
    assert [page for page, html in made.items() if not html.is_file()] == []
    for html in site.rglob("*.html"):
        _check(html)
    for sheet in site.rglob("*.css"):
        assert not _ADDRESS.search(sheet.read_text("utf-8")), sheet
    index = (site / "searchindex.js").read_text("utf-8")
    assert [word for word in ("lockdown", "vigil", "idempot") if word not in index] == []


def _built(folder: Path) -> Path:
    """Build the site, warnings as errors; tests cannot reach the network anyhow."""
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


def _check(html: Path) -> None:
    """Hold that nothing on a page is fetched from another host, and that its links are there."""
    found = _Fetched()
    found.feed(html.read_text("utf-8"))
    assert [address for address in found.fetched if urlsplit(address).netloc] == [], html
    paths = [urlsplit(address) for address in found.linked]
    here = [unquote(parts.path) for parts in paths if not parts.scheme and not parts.netloc]
    assert [path for path in here if not (html.parent / path).exists()] == [], html
