"""Compiles the message catalogues when a wheel or an editable install is built."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CatalogueHook(BuildHookInterface[Any]):
    """Writes `umsalert.mo` beside every `umsalert.po`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Compile before the files are collected."""
        compile_catalogues(Path(self.root))


def compile_catalogues(root: Path) -> None:
    """Compile every catalogue below `root`."""
    for source in (root / "umsalert" / "locale").glob("*/LC_MESSAGES/*.po"):
        with source.open("rb") as file:
            catalogue = read_po(file)
        new = source.with_suffix(".mo.new")
        with new.open("wb") as file:
            write_mo(file, catalogue)
        new.replace(source.with_suffix(".mo"))  # a program that runs never reads half of it
