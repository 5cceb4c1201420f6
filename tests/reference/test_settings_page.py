"""docs/settings.md is every setting: its default, its name in the environment, what it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from tests.conftest import Page
from umsalert.settings import Settings, example, flatten, variable
from umsalert.settings.services import Secret

HEAD = """\
# Settings

What can be set in `umsalert.toml` (in `UMSALERT_HOME`, or the file that `UMSALERT_CONFIG` names) or
in the environment, which wins. `umsalert config init` writes a file with all of them as comments,
`umsalert config show` says what holds and where each value comes from. Paths are relative to the
file. Where *a secret* stands for the default, the setting names a file of mode 0600 that holds it;
without its `_file` it is the secret itself, and then the settings file must have mode 0600. In the
environment the variable is the secret, and with `_FILE` behind it names the file. A value that
cannot be is told with all others before anything else happens (exit code 4). Written by the tests:
see CONTRIBUTING.md.
"""


def _lines() -> Iterator[str]:
    explained = example.explanations()
    values = flatten(Settings(home=Path(), database=Path("umsalert.db")))
    for section, names in groupby(values, key=lambda name: name.rpartition(".")[0]):
        yield f"\n## {f'[{section}]' if section else 'At the top of the file'}\n"
        yield "| setting | default | in the environment | what it is |\n|---|---|---|---|"
        for name in names:
            what = explained[name]
            secret = isinstance(values[name], Secret)
            shown = "*a secret*" if secret else _default(values[name])
            sample = (
                f" Such as {_code(what.example)}."
                if what.example and shown in ("", "*a secret*")
                else ""
            )
            key = name.rpartition(".")[2]
            text = what.text.replace("|", "\\|") + sample
            yield f"| `{key}{'_file' if secret else ''}` | {shown} | `{variable(name)}` | {text} |"


def _default(value: object) -> str:
    if value in (None, "", ()):
        return ""
    return _code(value if isinstance(value, bool | int | float | tuple) else str(value))


def _code(value: object) -> str:
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def test_every_setting_is_documented(page: Page) -> None:
    """A setting that is added, or whose default or meaning changes, changes the page; --renew."""
    page("settings.md", HEAD + "\n".join(_lines()) + "\n")
