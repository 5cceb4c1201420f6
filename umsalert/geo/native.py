"""The order in which two copies of GEOS and PROJ are loaded.

They exist in shapely's and pyproj's wheels and behind mod_spatialite. SQLite loads extensions with
global symbols, so wheels that are loaded *after* it bind to the system's older libraries and give
wrong answers or crash (docs/adr/0002). Wheels that are loaded before it are safe. This module
makes the wrong order an error instead of a surprise.
"""

from __future__ import annotations

import sys

_spatialite_is_loaded = False


def spatialite_loads() -> None:
    """Say that mod_spatialite is loaded from now on."""
    global _spatialite_is_loaded  # noqa: PLW0603 - a fact of the process, not of an object
    _spatialite_is_loaded = True


def check_order(wheel: str) -> None:
    """Refuse to load `wheel` now if mod_spatialite came first. Raises RuntimeError."""
    if _spatialite_is_loaded and wheel not in sys.modules:
        raise RuntimeError(f"import {wheel} before the first spatial query of the process")
