"""docs/places.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from umsalert.geo.projections import find_crs
from umsalert.phones import parse_phone
from umsalert.settings import GeocodeSettings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "places.md").read_text("utf-8")
SOURCES = [
    ROOT / "umsalert" / "geo" / "projections.py",
    ROOT / "umsalert" / "register" / "geocoding.py",
    *(ROOT / "umsalert" / "geocoding").glob("*.py"),
]
CODE = re.compile(
    r"(?:UsageError|ConfigurationError|TemporaryError|_refused)\(\s*\"([a-z]+_[a-z_]+)\""
    r"|yield \"(\w+)\""
)


def section(title: str) -> str:
    return re.split(r"^## ", PAGE.split(f"\n## {title}\n")[1], flags=re.MULTILINE)[0]


def test_codes_are_documented() -> None:
    """The tables hold every code of coordinates in metres and of addresses, and no other."""
    raised = {
        code or doubt
        for source in SOURCES
        for code, doubt in CODE.findall(source.read_text("utf-8"))
    }
    listed = set(re.findall(r"^\| `(\w+)`", section("Codes"), re.MULTILINE))
    assert listed == raised - {"coordinate_not_a_number"}  # docs/import.md has that one


def test_systems_are_documented() -> None:
    """Every code and name in the table of systems is understood as the system of its row."""
    rows = re.findall(r"^\|[^|]*\| (RG[^|]+) \| (`[^|]+) \|$", PAGE, re.MULTILINE)
    assert len(rows) == 10
    for system, names in rows:
        for name in re.findall(r"`([^`]+)`", names):
            found = find_crs(name).name
            assert found.split()[0] == system.split()[0]
            assert ("UTM" in found) == ("UTM" in system)


def test_settings_are_documented() -> None:
    """The example shows every setting, and its numbers are the defaults."""
    shown = dict(re.findall(r"^(\w+) = ([^#\n]+?)\s*(?:#|$)", PAGE, re.MULTILINE))
    default = GeocodeSettings()
    assert shown.keys() == set(GeocodeSettings._fields)
    assert shown["endpoint"].strip('"') == default.endpoint
    for name in ("rate_per_s", "min_score", "timeout_s"):
        assert float(shown[name]) == getattr(default, name)


def test_styles_are_read() -> None:
    """Whole numbers in the table of styles are read as the one that they are."""
    read = section("Telephone numbers").split("digits are lost")[0]
    cells = re.findall(r"^\| (.*`.*) \|", read, re.MULTILINE)
    styles = [
        style for cell in cells for style in re.findall(r"`([^`]+)`", cell) if "..." not in style
    ]
    assert len(styles) > 8
    for style in styles:
        if not style.startswith("6,3998E"):
            assert parse_phone(style, "FR").e164 == "+33639980001", style
