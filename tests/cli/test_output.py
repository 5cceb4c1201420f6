"""Tables: for eyes on a terminal, a line a row everywhere else."""

from __future__ import annotations

import pytest

from umsalert.cli.output import Output, duration
from umsalert.cli.tables import Column

COLUMNS = (Column("Ref"), Column("Distance", right=True), Column("Site"))


def test_a_row_in_a_pipe_is_one_line_however_long(capsys: pytest.CaptureFixture[str]) -> None:
    """Columns stand under their titles, wide and combining letters included; nothing is folded."""
    rows = [("Z\u0301-1", "9 m", "x" * 300), ("東京", "12 km", "a\nb"), (None, "", "[bold]")]
    Output(as_json=False).table(COLUMNS, rows)
    assert capsys.readouterr().out.splitlines() == [
        "Ref   Distance  Site",
        f"────  ────────  {'─' * 300}",
        f"Z\u0301-1        9 m  {'x' * 300}",
        "東京     12 km  a b",
        "                [bold]",
    ]


def test_a_table_without_rows_shows_its_titles(capsys: pytest.CaptureFixture[str]) -> None:
    """An empty list is seen to be one."""
    Output(as_json=False).table(COLUMNS, [])
    assert capsys.readouterr().out.splitlines()[0] == "Ref  Distance  Site"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.02, "0 s"), (0.3, "0.3 s"), (2.04, "2 s"), (9.96, "10 s"), (61.2, "1 min 01 s")],
)
def test_a_length_of_time_has_no_idle_decimal(seconds: float, words: str) -> None:
    """A tenth is shown where there is one: 0.0 s reads like a fault."""
    assert duration(seconds) == words
