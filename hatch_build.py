"""Compiles the catalogues and writes the manual pages when a wheel or an editable is built."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CatalogueHook(BuildHookInterface[Any]):
    """Writes `umsalert.mo` beside every `umsalert.po`, and what `man` shows."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Compile before the files are collected."""
        root = Path(self.root)
        compile_catalogues(root)
        if self.target_name == "wheel":
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
