"""Finding templates by name. See docs/templates.md for what a folder holds."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

from umsalert.errors import UsageError
from umsalert.i18n import _
from umsalert.messages import reading
from umsalert.messages.definition import DEFINITION, Template, Variable

__all__ = ["Template", "Variable", "available", "load", "names", "prompts", "unused_folders"]

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def load(name: str, folders: Sequence[Path]) -> Template:
    """Return the template `name` of the first of `folders` that has it.

    Raises UsageError when none has it, and ConfigurationError with every problem of its files:
    an operator's broken template is never replaced in silence by the shipped one of that name.
    """
    found = _folders(folders)
    if name not in found:
        close = difflib.get_close_matches(name, found, n=1)
        raise UsageError(
            "unknown_template",
            _("There is no template {name!r}; there are: {names}.").format(
                name=name, names=", ".join(sorted(found)) or "-"
            ),
            hint=_("Did you mean {name}?").format(name=close[0])
            if close
            else _("`umsalert template list` says what each is for."),
        )
    return reading.read(found[name])


def available(folders: Sequence[Path]) -> tuple[Template, ...]:
    """Return all templates, the most urgent first.

    Raises ConfigurationError for the first one that is invalid.
    """
    templates = [load(name, folders) for name in names(folders)]
    return tuple(sorted(templates, key=lambda template: (template.priority, template.name)))


def names(folders: Sequence[Path]) -> tuple[str, ...]:
    """Return the names that `load` finds, whether their files are valid or not."""
    return tuple(sorted(_folders(folders)))


def prompts(name: str, folders: Sequence[Path], language: str) -> dict[str, str]:
    """Return the question of each variable; empty where the definition cannot be understood.

    For who waits at a prompt: the texts of the template are not read, nothing is checked.
    """
    folder = _folders(folders).get(name)
    if folder is None:
        return {}
    try:
        table = tomllib.loads((folder / DEFINITION).read_text("utf-8"))
        asked = {name: it["prompt"] for name, it in table["variables"].items()}
        return {
            name: str(it.get(language) or next(iter(it.values()))) for name, it in asked.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, StopIteration):
        return {}


def unused_folders(folders: Sequence[Path]) -> tuple[Path, ...]:
    """Return the folders in `folders` that are no template: no template.toml, or no valid name."""
    used = set(_folders(folders))
    return tuple(
        path
        for folder in folders
        for path in sorted(folder.glob("*"))
        if path.is_dir() and not (path.name in used and (path / DEFINITION).is_file())
    )


def _folders(folders: Sequence[Path]) -> dict[str, Path]:
    """Return folder by name. Names come from the disk, so no name can lead out of `folders`."""
    found: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.glob(f"*/{DEFINITION}")):
            if _SLUG.fullmatch(path.parent.name):
                found.setdefault(path.parent.name, path.parent)
    return found
