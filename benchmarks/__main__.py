"""`python -m benchmarks`: run some or all, print tables, write JSON where asked."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from benchmarks import (
    answers,
    area,
    congestion,
    first_message,
    imports,
    national,
    reporting,
    stages,
    startup,
    throughput,
    watch,
)
from benchmarks.measure import (
    Comparison,
    Figures,
    document,
    figures_document,
    figures_table,
    table,
)
from benchmarks.options import Options
from umsalert.store.spatialite import sqlite

BENCHMARKS: Mapping[str, Callable[[Options], Iterator[Comparison | Figures]]] = {
    "startup": startup.run,
    "area": area.run,
    "first-message": first_message.run,
    "throughput": throughput.run,
    "stages": stages.run,
    "national": national.run,
    "congestion": congestion.run_all,
    "import": imports.run,
    "answers": answers.run,
    "watch": watch.run,
    "report": reporting.run_report,
    "summary": reporting.run_summary,
}


def main() -> None:
    """Run what was asked for; a ratio that missed its aim is no failure of the run."""
    asked = _parser().parse_args()
    unknown = set(asked.names) - set(BENCHMARKS)
    if unknown:
        sys.exit(f"No such benchmark: {', '.join(sorted(unknown))}. Known: {', '.join(BENCHMARKS)}")
    asked.cache.mkdir(exist_ok=True)
    done: list[Comparison] = []
    figures: list[Figures] = []
    for name in asked.names or BENCHMARKS:
        with tempfile.TemporaryDirectory(dir=asked.cache, prefix="run-") as folder:
            options = Options(
                Path(folder),
                tuple(asked.sites),
                asked.rounds,
                asked.messages,
                asked.contacts,
                asked.seeds,
                asked.plot,
            )
            for found in BENCHMARKS[name](options):
                if isinstance(found, Figures):
                    print(figures_table(found), flush=True)
                    figures.append(found)
                else:
                    print(table(found), flush=True)
                    done.append(found)
    if asked.json:
        asked.json.write_text(
            json.dumps(
                {
                    "schema_version": 1,
                    "machine": _machine(),
                    "comparisons": [document(comparison) for comparison in done],
                    "figures": [figures_document(item) for item in figures],
                },
                indent=2,
            )
            + "\n",
            "utf-8",
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of: {', '.join(BENCHMARKS)}; default: all"
    )
    parser.add_argument(
        "--sites",
        nargs="+",
        type=_positive,
        default=[100_000, 1_000_000],
        metavar="N",
        help="sizes of the register (default: 100000 1000000)",
    )
    parser.add_argument("--rounds", type=_positive, default=10, metavar="N", help="default: 10")
    parser.add_argument(
        "--messages", type=_positive, default=3000, metavar="N", help="a round; default: 3000"
    )
    parser.add_argument(
        "--contacts",
        type=_positive,
        default=200_000,
        metavar="N",
        help="of an alert to the whole country; default: 200000",
    )
    parser.add_argument(
        "--seeds", type=_positive, default=40, metavar="N", help="of the simulation; default: 40"
    )
    parser.add_argument("--plot", type=Path, metavar="FILE", help="(default: docs/congestion.svg)")
    parser.add_argument(
        "--cache",
        type=Path,
        # Not in /tmp, which may be memory: durable writes are part of what is measured.
        default=Path(__file__).parent / ".cache",
        metavar="FOLDER",
        help="where registers are kept between runs (default: benchmarks/.cache)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every round to FILE")
    return parser


def _positive(text: str) -> int:
    number = int(text.replace("_", ""))
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _machine() -> dict[str, object]:
    return {
        "python": platform.python_version(),
        "sqlite": sqlite().sqlite_version,
        "platform": platform.platform(),
        "processors": os.cpu_count(),
    }


if __name__ == "__main__":
    main()
