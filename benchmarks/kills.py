"""Kill the host again and again over running imports and copies: `python -m benchmarks.kills --kills 200 --seed 1`.

Ends with status 1 if anything was lost, doubled, left over or left hanging, and says what.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.measuring import show
from local.azurite import running_azurite
from tests.e2e import aftermath
from tests.e2e.kills import Crew, Moment, Storm
from tests.e2e.stack import running_stack

KILLS_OF_A_RUN = 20
SPEED = 300.0
SETTLE_SECONDS = 180.0


@dataclass(frozen=True)
class Run:
    """What one run came to."""

    kills: Counter[Moment]
    accepted: int
    in_doubt: int
    succeeded: int
    abandoned: int
    activities_again: int
    seconds: float
    faults: Sequence[str]


def main() -> None:
    """Run, print, and fail if there is anything to complain of."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="how many in all (default: 200)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments (default: 1)")
    options = parser.parse_args()
    runs: list[Run] = []
    left = options.kills
    while left > 0:
        runs.append(_run(min(left, KILLS_OF_A_RUN), f"{options.seed}.{len(runs)}"))
        left -= KILLS_OF_A_RUN
        print(f"run {len(runs)}: {runs[-1].kills.total()} kills, {len(runs[-1].faults)} faults", flush=True)
        for fault in runs[-1].faults:
            print(f"  {fault}", flush=True)
    _report(runs)
    sys.exit(any(run.faults for run in runs))


def _run(kills: int, seed: str) -> Run:
    began = perf_counter()
    with (
        TemporaryDirectory() as folder,
        running_azurite() as azurite,
        running_stack(Path(folder), azurite.connection_string, speed=SPEED, host="tests.e2e.hasty_host") as stack,
    ):
        storm = Storm.over(stack, seed)
        storm.rage(kills, Crew())
        left = aftermath.settle(storm, SETTLE_SECONDS)
        faults = aftermath.faults(left)
        return Run(
            kills=storm.kills,
            accepted=len(storm.accepted),
            in_doubt=len(storm.in_doubt),
            succeeded=len(left.succeeded),
            abandoned=len(left.abandoned),
            activities_again=storm.activities_again,
            seconds=perf_counter() - began,
            faults=faults,
        )


def _report(runs: Sequence[Run]) -> None:
    kills = sum((run.kills for run in runs), Counter[Moment]())
    rows: list[list[object]] = [
        ["runs, each on empty state", len(runs)],
        ["kills", kills.total()],
        *([f"… {moment}", kills[moment]] for moment in Moment),
        ["imports and copies accepted", sum(run.accepted for run in runs)],
        ["requests without an answer", sum(run.in_doubt for run in runs)],
        ["… of which nothing came", sum(run.abandoned for run in runs)],
        ["operations that succeeded", sum(run.succeeded for run in runs)],
        ["activities that ran at a kill, and again", sum(run.activities_again for run in runs)],
        ["lost, doubled, left over or hanging", sum(len(run.faults) for run in runs)],
        ["seconds", sum(run.seconds for run in runs)],
    ]
    show("Kills over running imports and copies", ["", "value"], rows)


if __name__ == "__main__":
    main()
