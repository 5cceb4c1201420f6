"""Where a line may end."""

from __future__ import annotations

import pytest

from umsalert.cli.folding import fold


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("10 non remis ; courriel", 12, ["10 non", "remis ;", "courriel"]),
        ("Zone : 800 m", 8, ["Zone :", "800 m"]),
        ("en 3,4 s environ", 8, ["en 3,4 s", "environ"]),
        ("de « Nice »", 8, ["de", "« Nice »"]),
        ("a:b c", 3, ["a:b", "c"]),
    ],
)
def test_punctuation_and_units_stay_with_their_word(
    text: str, width: int, lines: list[str]
) -> None:
    """No line begins with a semicolon or a unit; the blanks are the same as before."""
    folded = fold(text, width)
    assert folded.split("\n") == lines
    assert folded.replace("\n", " ") == text


def test_a_long_word_is_cut_only_on_demand() -> None:
    assert fold("20261128-qmvs", 8) == "20261128-qmvs"
    assert fold("20261128-qmvs", 8, cut=True) == "20261128\n-qmvs"
