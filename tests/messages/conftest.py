"""A template of one's own to break, and the shipped ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from umsalert import resources
from umsalert.messages import Facts

DEFINITION = """\
priority = 15
ttl = "90m"
unknown = "hold"
channels = ["sms", "voice", "email"]
answers = ["acknowledged", "sighting"]
safety_sentence = true

[title]
fr = "Essai"
en = "Trial"

[variables.what]
prompt.fr = "Quoi"
required = true
limit = 80

[variables.where]
prompt.fr = "Où"
prompt.en = "Where"
limit = 20
default = "ici"

[variables.note]
prompt.fr = "Remarque"
limit = 500
"""
TEXTS = {
    "sms": "{{ what }}, {{ where }}\n\n{{ note }}\n{{ safety }}  {{ callback }}\n",
    "voice": "{{ what }}, {{ where }}.\n{{ note }}\n{{ safety }}\n",
    "email": "Subject: {{ what }}\n\n{{ what }}\n\n\n\n{{ note }}\n{{ safety }}\n",
    "html": "<p>{{ what }}</p><p>{{ note }}</p><p>{{ safety }}</p>\n",
}


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder of templates that holds one valid template, `trial`."""
    folder = tmp_path / "own" / "trial"
    folder.mkdir(parents=True)
    (folder / "template.toml").write_text(DEFINITION, "utf-8")
    for language in ("", ".en"):
        for name in ("sms", "voice", "email"):
            (folder / f"{name}{language}.txt").write_text(TEXTS[name], "utf-8")
        (folder / f"email{language}.html").write_text(TEXTS["html"], "utf-8")
    return folder.parent


@pytest.fixture
def shipped() -> Path:
    """The templates of the package."""
    return resources.folder("templates")


@pytest.fixture
def facts() -> Facts:
    """Facts of an alert, with a number reserved for fiction."""
    return Facts("Nice", "04 65 71 00 17", "18h07", "N-1124-7F3K")
