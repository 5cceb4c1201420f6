"""The site of the documentation, made of the Markdown as it lies here: see CONTRIBUTING.md.

The source is the repository, so that README.md and the pages link each other as they do on disk.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx
from sphinx.highlighting import lexers

_ROOT = Path(__file__).parent.parent
_VERSION = re.search(r'__version__ = "(.*)"', (_ROOT / "umsalert" / "__init__.py").read_text())

project = "umsalert"
copyright = "the authors of umsalert, Apache-2.0"  # noqa: A001 - Sphinx's name
release = version = _VERSION[1] if _VERSION else ""
language = "en"

extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = ["*.md", "docs/**", "benchmarks/README.md"]
exclude_patterns = [".*", "build", "dist", "tests", "umsalert", "scripts", "docs/_*"]

myst_heading_anchors = 3
lexers["csv"] = TextLexer()  # Pygments knows none
nitpicky = True

html_theme = "furo"
html_title = "umsalert"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"footer_icons": []}
pygments_style = "friendly"
highlight_language = "none"

_FOLDERS = {"docs/adr": "docs/decisions.md"}
"""Pages that stand for a folder, which the repository shows as such."""
_LINK = re.compile(r"\[([^\]]+)\]\(([^)#:\s]+)\)")


def _without_folders(_app: Sphinx, name: str, source: list[str]) -> None:
    """Let a link to a folder lead to its page, or nowhere where only the repository has it."""
    place = (_ROOT / name).parent

    def link(found: re.Match[str]) -> str:
        folder = (place / found[2]).resolve()
        if not folder.is_dir():
            return found[0]
        page = _FOLDERS.get(folder.relative_to(_ROOT).as_posix())
        return f"[{found[1]}]({os.path.relpath(_ROOT / page, place)})" if page else found[1]

    source[0] = _LINK.sub(link, source[0])


def setup(app: Sphinx) -> None:
    """Connect what is above."""
    app.connect("source-read", _without_folders)
