"""Where this account keeps its settings and its data, and which language it has chosen.

Apart from the settings, because every command asks this before anything else.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

CONFIG_NAME = "umsalert.toml"


def home_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return UMSALERT_HOME, else the platform's folder for application data."""
    if environ.get("UMSALERT_HOME"):
        return Path(environ["UMSALERT_HOME"]).expanduser()
    import platformdirs

    return platformdirs.user_data_path("umsalert", appauthor=False)


def config_file(environ: Mapping[str, str] = os.environ) -> Path:
    """Return where the settings file is looked for."""
    return Path(environ.get("UMSALERT_CONFIG") or home_folder(environ) / CONFIG_NAME)


def configured_language(environ: Mapping[str, str] = os.environ) -> str | None:
    """Return the language of the settings file, or None; unreadable files are reported later."""
    try:
        text = config_file(environ).read_text("utf-8")
    except (OSError, ValueError):
        return None
    import tomllib

    try:
        value = tomllib.loads(text).get("language")
    except tomllib.TOMLDecodeError:
        return None
    return value if isinstance(value, str) else None
