"""What may have been meant by a commune, a département or a région that there is not."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence

from umsalert.errors import UsageError
from umsalert.geo.outlines import by_code, divisions, folded, heirs
from umsalert.i18n import _
from umsalert.model import Division, DivisionKind

SUGGESTIONS = 5
_SHOWN = 60
"""So many characters of what was typed are enough to know it again."""


def unknown(kind: DivisionKind, text: str) -> UsageError:
    """Return the error that says what comes near to a code or a name."""
    words: Mapping[DivisionKind, str] = {
        DivisionKind.COMMUNE: _("No commune has the INSEE code {text}."),
        DivisionKind.DEPARTEMENT: _("No département has the code or the name {text}."),
        DivisionKind.REGION: _("No région has the code or the name {text}."),
    }
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    listed = ", ".join(
        f"{it.code} {it.name}" if it.kind is kind else f"--{it.kind} {it.code} ({it.name})"
        for it in _meant(kind, text)
    )
    hint = _("Meant is perhaps: {names}").format(names=listed) if listed else _how(kind)
    return UsageError(f"{kind}_unknown", words[kind].format(text=shown), hint=hint)


def _how(kind: DivisionKind) -> str:
    """Say how one of a kind is written."""
    words: Mapping[DivisionKind, str] = {
        DivisionKind.COMMUNE: _(
            "Nice is 06088: INSEE's code, which is no postcode. Type the name to see the code."
        ),
        DivisionKind.DEPARTEMENT: _("Give its code or its name: 06 or Alpes-Maritimes, 2A, 974."),
        DivisionKind.REGION: _("Give its code or its name: 94 or Corse, 28 or Normandie."),
    }
    return words[kind]


def _meant(kind: DivisionKind, text: str) -> Sequence[Division]:
    """Return what may be meant, the likeliest first: of this kind, or of another one."""
    others = [it for it in DivisionKind if it is not kind]
    coded = list(_coded(kind, text)) or list(filter(None, (by_code(it, text) for it in others)))
    if coded or text.isdigit():
        return coded
    known = _by_name(kind)
    wanted = folded(text)
    if not wanted:
        return []
    if exact := known.get(wanted, []):
        return exact[: SUGGESTIONS * 2]
    elsewhere = [it for other in others for it in _by_name(other).get(wanted, [])]
    beginning = [it for name, its in known.items() if name.startswith(wanted) for it in its]
    return [*elsewhere, *beginning][:SUGGESTIONS] or _like(kind, wanted, known)[:SUGGESTIONS]


def _coded(kind: DivisionKind, text: str) -> Iterator[Division]:
    """Yield what a code may mean: a former commune's heir, one that a spreadsheet has cut."""
    if kind is DivisionKind.COMMUNE:
        yield from heirs(text)
    codes = [f"0{text}", text.upper().replace("O", "0")]
    if kind is DivisionKind.DEPARTEMENT:
        postcode = text.isdigit() and len(text) == 5 and by_code(DivisionKind.COMMUNE, text) is None
        codes += [text[:3], text[:2]] if postcode else []
        if text == "20" or (postcode and text.startswith("20")):  # until 1976; in postcodes still
            codes += ["2A", "2B"]
    yield from filter(None, (by_code(kind, code) for code in codes))


def _by_name(kind: DivisionKind) -> dict[str, list[Division]]:
    found: dict[str, list[Division]] = {}
    for it in divisions(kind):
        found.setdefault(folded(it.name), []).append(it)
    return found


def _like(
    kind: DivisionKind, wanted: str, known: Mapping[str, Sequence[Division]]
) -> list[Division]:
    """Return those whose name is a slip of the hand away; of départements and régions a part."""
    if kind is DivisionKind.COMMUNE:
        names = difflib.get_close_matches(wanted, known, n=SUGGESTIONS, cutoff=0.7)
        return [it for name in names for it in known[name]]
    length = len(wanted.split())
    parts = {name: list(its) for name, its in known.items()}
    for name, its in known.items():
        words = name.split()
        for start in range(len(words) - length + 1):
            parts.setdefault(" ".join(words[start : start + length]), []).extend(its)
    near = difflib.get_close_matches(wanted, parts, n=2, cutoff=0.75)
    return list(dict.fromkeys(it for part in near for it in parts[part]))
