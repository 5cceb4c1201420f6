"""`python -m tests.torture`: kill senders at every point of their work, and compare the books."""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tests.torture import tally
from tests.torture.carrier import Carriers
from tests.torture.plan import KILLS_AT_MOST, RunPlan, plan_of
from tests.torture.premises import prepare
from tests.torture.run import Outcome, Stage, play
from umsalert.model import UnknownPolicy

RUNS = 300
SHORT_RUNS, SHORT_KILLS = 8, 2
ENOUGH_RUNS = 60
"""So many come to every point."""
TELL_EVERY = 20
POLICIES = {
    "hold": (UnknownPolicy.HOLD,),
    "resend": (UnknownPolicy.RESEND,),
    "both": (UnknownPolicy.HOLD, UnknownPolicy.RESEND),
}


def main() -> None:
    """Play what was asked for; exit 1 where something was lost, repeated or did not agree."""
    asked = _parser().parse_args()
    for noise in ("mail.log", "asyncio"):  # of connections whose client is dead
        logging.getLogger(noise).setLevel(logging.CRITICAL)
    for name in [name for name in os.environ if name.startswith("UMSALERT_")]:
        del os.environ[name]  # of whoever runs this
    folder = asked.folder.absolute() / f"{asked.policy}-{asked.seed}-{os.getpid()}"
    runs = asked.runs or (SHORT_RUNS if asked.short else RUNS)
    seeds = range(asked.seed, asked.seed + runs)
    done: list[Outcome] = []
    for outcome in torture(plans(seeds, asked.policy, short=asked.short), folder, asked.jobs):
        done.append(outcome)
        if outcome.complaints:
            print(failure(outcome, asked.policy, short=asked.short), flush=True)
        if len(done) % TELL_EVERY == 0:
            print(f"{len(done)} of {runs} runs", file=sys.stderr)
    print("\n".join(tally.lines(done)))
    missing = tally.never_hit(done) if runs >= ENOUGH_RUNS else []
    for point in missing:
        print(f"Nothing was killed {point}.")
    failed = any(outcome.complaints for outcome in done)
    if not failed:
        shutil.rmtree(folder)
    sys.exit(failed or bool(missing))


def plans(seeds: Sequence[int], policy: str, *, short: bool) -> list[RunPlan]:
    """Return the runs of these seeds."""
    kills = SHORT_KILLS if short else KILLS_AT_MOST
    return [plan_of(seed, POLICIES[policy], kills) for seed in seeds]


def torture(plans: Sequence[RunPlan], folder: Path, jobs: int) -> Iterator[Outcome]:
    """Play runs, so many side by side, and yield each when it is over."""
    home = prepare(folder / "office")
    with Carriers() as carriers, ThreadPoolExecutor(jobs) as pool:
        stage = Stage(carriers, home, folder)
        playing = [pool.submit(play, stage, plan) for plan in plans]
        try:
            for future in as_completed(playing):
                yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def failure(outcome: Outcome, policy: str, *, short: bool) -> str:
    """Return what went wrong and how to see it again."""
    seed = outcome.plan.seed
    again = f"--policy {policy} --seed {seed} --runs 1{' --short' * short}"
    deaths = "; ".join(f"{death.point} (pid {death.pid})" for death in outcome.deaths)
    return "\n".join(
        [
            f"FAILED seed {seed}: {outcome.plan}",
            f"  really killed: {deaths or 'nothing'}",
            *(f"  - {sentence}" for sentence in outcome.complaints),
            f"  folder: {outcome.folder}",
            f"  again: scripts/torture {again}",
        ]
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/torture", description=main.__doc__)
    parser.add_argument("--runs", type=_positive, metavar="N", help=f"default: {RUNS}")
    parser.add_argument(
        "--short",
        action="store_true",
        help=f"{SHORT_RUNS} runs with {SHORT_KILLS} kills at most, as in scripts/test",
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="S", help="of the first run, the next has S + 1"
    )
    parser.add_argument(
        "--jobs",
        type=_positive,
        default=4 * (os.cpu_count() or 1),
        metavar="J",
        help="runs side by side; they wait most of the time (default: 4 for each processor)",
    )
    parser.add_argument(
        "--policy",
        choices=POLICIES,
        default="both",
        help="what the template says of messages that may have left (default: both in turn)",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        # Not in /tmp, which may be memory: a commit that takes no time is never hit.
        default=Path(__file__).parent.parent.parent / ".torture",
        metavar="FOLDER",
        help="where the offices of runs are; those of runs that failed stay (default: .torture)",
    )
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: give a whole number above 0")
    return int(text)


if __name__ == "__main__":
    main()
