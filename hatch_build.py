"""Compiles the message catalogues and derives the outlines of France, for a wheel or an install."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class DerivedFilesHook(BuildHookInterface[Any]):
    """Writes `umsalert.mo` beside every `umsalert.po`, and `umsalert/geo/data/france.sqlite`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Write before the files are collected."""
        root = Path(self.root)
        compile_catalogues(root)
        if self.target_name == "wheel":
            sys.path.insert(0, self.root)  # hatchling loads this file by its path
            from hatch_outlines import derive

            derive(root / "umsalert" / "geo" / "data" / "france.sqlite")


def compile_catalogues(root: Path) -> None:
    """Compile every catalogue below `root`."""
    for source in (root / "umsalert" / "locale").glob("*/LC_MESSAGES/*.po"):
        with source.open("rb") as file:
            catalogue = read_po(file)
        new = source.with_suffix(".mo.new")
        with new.open("wb") as file:
            write_mo(file, catalogue)
        new.replace(source.with_suffix(".mo"))  # a program that runs never reads half of it
