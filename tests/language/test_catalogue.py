"""The French catalogue against the source: complete, exact, compiled, shipped."""

from __future__ import annotations

import gettext
import re
import string
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from hatchling.builders.wheel import WheelBuilder

import umsalert
from umsalert import i18n
from umsalert.cli.output import duration, local
from umsalert.geo.units import format_distance
from umsalert.i18n import LANGUAGES

PACKAGE = Path(umsalert.__file__).parent
COMPILED = "locale/fr/LC_MESSAGES/umsalert.mo"
SOURCE = (PACKAGE / COMPILED).with_suffix(".po")
# What must stand in a translation exactly as it stands in the source.
VERBATIM = re.compile(
    r"--[a-z][a-z-]+|\b(?:smtp|serve|vonage|alert)\.[a-z]+_[a-z_]+|UMSALERT_[A-Z]+"
)
Id = str | tuple[str, ...]


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    with SOURCE.open("rb") as file:
        return read_po(file)


def extracted() -> dict[str, Id]:
    """Return what the source asks to be translated, by singular."""
    found: dict[str, Id] = {}
    for _file, _line, message, _comments, _context in extract_from_dir(PACKAGE):
        if isinstance(found.get(forms(message)[0], ""), str):  # a plural form says more
            found[forms(message)[0]] = message
    return found


def translated(catalogue: Catalog) -> Iterator[tuple[Message, str, str]]:
    """Return every message with each form, English and French."""
    for message in catalogue:
        if message.id:
            pairs = zip(forms(message.id), forms(message.string or ""), strict=True)
            yield from ((message, english, french) for english, french in pairs)


def forms(text: str | Sequence[str]) -> tuple[str, ...]:
    """Return the singular and, where there is one, the plural."""
    return (text,) if isinstance(text, str) else tuple(text)


def placeholders(text: str) -> set[tuple[str, str | None, str | None]]:
    """Return the fields of a format: name, format, conversion."""
    fields = string.Formatter().parse(text)
    return {(name, style, how) for _literal, name, style, how in fields if name is not None}


def test_every_sentence_of_the_source_is_in_the_catalogue_and_no_other(catalogue: Catalog) -> None:
    """CONTRIBUTING.md, "A sentence", says how to bring the catalogue up to date."""
    source = extracted()
    known = {forms(m.id)[0]: m.id for m in catalogue if m.id}
    missing = [text for text, message in source.items() if known.get(text) != message]
    assert (missing, sorted(known.keys() - source.keys())) == ([], [])


def test_every_sentence_has_its_french(catalogue: Catalog) -> None:
    """Nothing is empty, nothing is a guess, nothing is kept of what the source no longer says."""
    assert [english for _message, english, french in translated(catalogue) if not french] == []
    assert [message.id for message in catalogue if message.id and message.fuzzy] == []
    assert list(catalogue.obsolete) == []


def test_every_placeholder_is_kept(catalogue: Catalog) -> None:
    """A translation has the placeholders of its source, with their formats, and no other."""
    assert [
        (english, french)
        for _message, english, french in translated(catalogue)
        if placeholders(english) != placeholders(french)
    ] == []


def test_options_and_settings_are_not_translated(catalogue: Catalog) -> None:
    """What people type or write into a file is the same in every language."""
    assert [
        (english, french)
        for _message, english, french in translated(catalogue)
        if set(VERBATIM.findall(english)) != set(VERBATIM.findall(french))
    ] == []


def test_typography_is_french(catalogue: Catalog) -> None:
    """Before : ; ? ! and inside « » stands a no-break space; breaks, edges and ends are kept."""
    wrong = re.compile(r" [:;?!»]|«[^\N{NO-BREAK SPACE}]|[^\N{NO-BREAK SPACE}]»|’")
    assert [
        french for _message, _english, french in translated(catalogue) if wrong.search(french)
    ] == []
    for _message, english, french in translated(catalogue):
        assert french.count("\n") == english.count("\n"), french
        assert french.startswith(" ") <= english.startswith(" ") or english in {": ", "; "}, french
        assert french.endswith(" ") == english.endswith(" "), french


def test_the_compiled_catalogue_is_up_to_date(catalogue: Catalog) -> None:
    """What this checkout says is what the catalogue says; scripts/test compiles it."""
    with (PACKAGE / COMPILED).open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for message in catalogue:
        if message.id:
            one, *more = forms(message.id)
            said = [
                compiled.ngettext(one, more[0], n) if more else compiled.gettext(one)
                for n in (1, 2)
            ]
            assert set(said) == set(forms(message.string or ""))


def test_the_wheel_brings_the_compiled_catalogue(tmp_path: Path) -> None:
    """An installed umsalert speaks French, not only a checkout."""
    wheel = next(iter(WheelBuilder(str(PACKAGE.parent)).build(directory=str(tmp_path))))
    with zipfile.ZipFile(wheel) as archive:
        shipped = archive.read(f"umsalert/{COMPILED}")
    assert shipped == (PACKAGE / COMPILED).read_bytes()


def test_numbers_and_dates_are_written_as_the_reader_writes_them() -> None:
    """Decimal commas and day first in French; a dot and ISO 8601 in English."""
    from datetime import UTC, datetime

    moment = datetime(2026, 3, 14, 17, 7, 5, tzinfo=UTC)
    written = {}
    for language in LANGUAGES:
        i18n.activate(language)
        written[language] = (
            local(moment, "Europe/Paris"),
            local(moment, "Europe/Paris", seconds=False),
            duration(1.46),
            duration(486),
            format_distance(1_500),
        )
    assert written == {
        "fr": ("14/03/2026 18:07:05", "14/03/2026 18:07", "1,5 s", "8 min 06 s", "1,5 km"),
        "en": ("2026-03-14 18:07:05", "2026-03-14 18:07", "1.5 s", "8 min 06 s", "1.5 km"),
    }
