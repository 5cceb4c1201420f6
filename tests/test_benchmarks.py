"""The benchmarks run; how fast is not a test's business."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_a_benchmark_finds_the_same_people_as_its_references(tmp_path: Path) -> None:
    """Preview, record, the bare query and brute force agree, and every line has its ratio."""
    file = tmp_path / "measured.json"
    words = ["area", "--sites", "6000", "--rounds", "1"]
    subprocess.run(
        [sys.executable, "-m", "benchmarks", *words, "--cache", tmp_path, "--json", file],
        cwd=ROOT,
        check=True,
    )
    comparisons = json.loads(file.read_text("utf-8"))["comparisons"]
    assert len(comparisons) == 6
    assert all(line["median_ratio"] > 0 for item in comparisons for line in item["lines"])
