"""Reads the console sessions in a page: what is typed after `$ `, and what is shown for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_EXIT = re.compile(r"\s+# exit (\d+)(?: or (\d+))?$")
_ANYTHING = "…"


@dataclass(frozen=True)
class Step:
    """One line that is typed. `shown` is what comes, where … stands for anything."""

    typed: str
    codes: frozenset[int]
    background: bool
    shown: str

    def matches(self, output: str) -> bool:
        """Say whether `output` is what the page shows."""
        lines = (re.escape(line).replace(_ANYTHING, ".*") for line in self.shown.splitlines())
        pattern = r"\n".join(".*" if line == ".*" else line for line in lines)
        return re.fullmatch(pattern, output.strip(), re.DOTALL) is not None


def steps(page: Path) -> list[Step]:
    """Return every step of a page, in its order."""
    sessions = _FENCE.findall(page.read_text("utf-8"))
    return [step for session in sessions for step in _steps(session)]


def _steps(session: str) -> list[Step]:
    found = []
    for part in re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]:
        typed, _newline, shown = part.partition("\n")
        codes = _EXIT.search(typed)
        typed = _EXIT.sub("", typed)
        found.append(
            Step(
                typed.removesuffix(" &"),
                frozenset(int(code) for code in codes.groups() if code)
                if codes
                else frozenset({0}),
                typed.endswith(" &"),
                shown.strip(),
            )
        )
    return found
