"""Compiles the catalogues, derives the outlines of France and writes the manual, for an install."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class DerivedFilesHook(BuildHookInterface[Any]):
    """Writes the compiled catalogues, `umsalert/geo/data/france.sqlite`, and what `man` shows."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Write before the files are collected."""
        root = Path(self.root)
        compile_catalogues(root)
        if self.target_name == "wheel":
            sys.path.insert(0, self.root)  # hatchling loads this file by its path
            from hatch_outlines import derive

            derive(root / "umsalert" / "geo" / "data" / "france.sqlite")
            build_data["shared_data"] |= manual_pages(root, root / "build" / "man")


def compile_catalogues(root: Path) -> None:
    """Compile every catalogue below `root`."""
    for source in (root / "umsalert" / "locale").glob("*/LC_MESSAGES/*.po"):
        with source.open("rb") as file:
            catalogue = read_po(file)
        new = source.with_suffix(".mo.new")
        with new.open("wb") as file:
            write_mo(file, catalogue)
        new.replace(source.with_suffix(".mo"))  # a program that runs never reads half of it


def manual_pages(root: Path, folder: Path) -> dict[str, str]:
    """Write the manual pages in both languages; return where a wheel puts each of them."""
    for language in ("en", "fr"):
        subprocess.run(
            [sys.executable, str(root / "hatch_manual.py"), str(folder), language],
            check=True,
            env={**os.environ, "UMSALERT_LANG": language, "COLUMNS": "80"},
            stdin=subprocess.DEVNULL,
        )
    pages = sorted(folder.rglob("*.1"))
    return {str(page): f"share/man/{page.relative_to(folder).as_posix()}" for page in pages}
