"""The one place that knows where the shipped `templates/` and `fixtures/` lie.

A wheel carries them inside the package; an editable install does not map paths, so there they
are beside it.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """Return the folder `templates` or `fixtures`."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name
