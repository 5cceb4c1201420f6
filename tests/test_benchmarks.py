"""The benchmarks run; how fast is not a test's business."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


def measured(folder: Path, *words: str) -> list[dict[str, Any]]:
    """Run benchmarks and return their comparisons."""
    file = folder / "measured.json"
    subprocess.run(
        [sys.executable, "-m", "benchmarks", *words, "--cache", folder, "--json", file],
        cwd=ROOT,
        check=True,
    )
    comparisons: list[dict[str, Any]] = json.loads(file.read_text("utf-8"))["comparisons"]
    assert all(line["median_ratio"] > 0 for item in comparisons for line in item["lines"])
    return comparisons


def test_a_benchmark_finds_the_same_people_as_its_references(tmp_path: Path) -> None:
    """Preview, record, the bare query and brute force agree, and every line has its ratio."""
    assert len(measured(tmp_path, "area", "--sites", "6000", "--rounds", "1")) == 6


def test_a_benchmark_sends_what_its_references_send(tmp_path: Path) -> None:
    """Every way to send brings as many messages to the sinks, on either loop, and in parts."""
    words = ("throughput", "stages", "--messages", "40", "--rounds", "1")
    assert len(measured(tmp_path, *words)) == 9


def test_a_benchmark_sends_to_the_whole_country_and_is_killed(tmp_path: Path) -> None:
    """The real program alerts everybody once; killed, it is in doubt about no fewer than it is."""
    beside, growing, killed = measured(tmp_path, "national", "--contacts", "400", "--rounds", "1")
    assert [len(item["lines"]) for item in (beside, growing, killed)] == [2, 2, 0]
    assert "in doubt" in killed["title"]


def test_a_benchmark_imports_every_format(tmp_path: Path) -> None:
    """Each format brings all rows into the register, beside a bare insert; so do contacts."""
    sites, contacts, memory = measured(tmp_path, "import", "--sites", "200", "--rounds", "1")
    assert [len(item["lines"]) for item in (sites, contacts, memory)] == [5, 3, 0]
    assert len(memory["notes"]) == 3


def test_a_benchmark_watches_an_alert(tmp_path: Path) -> None:
    """A look after each kind of change, beside the barest question to the same file."""
    (looks,) = measured(tmp_path, "watch", "--contacts", "40", "--rounds", "1")
    assert len(looks["lines"]) == 10


def test_a_benchmark_lets_guards_answer(tmp_path: Path) -> None:
    """Every guard is told that the answer is kept, and it is, while another alert goes out."""
    pages, sender = measured(tmp_path, "answers", "--contacts", "40")
    assert (len(pages["lines"]), len(sender["lines"])) == (5, 2)
    assert "are kept: met" in sender["notes"][1]


def test_a_benchmark_finds_nothing_due(tmp_path: Path) -> None:
    """Ten thousand bulletins, none of them due: silence, beside a database without any."""
    (idle,) = measured(tmp_path, "bulletins", "--rounds", "1")
    assert len(idle["lines"]) == 3


def test_a_benchmark_reports_and_summarises(tmp_path: Path) -> None:
    """Every format at two sizes, and the summary beside the bare statement."""
    words = ("report", "summary", "--contacts", "200", "--rounds", "1")
    *reports, summary = measured(tmp_path, *words)
    assert [len(item["lines"]) for item in reports] == [2, 2, 2, 2]
    assert len(summary["lines"]) == 2
