"""How long work stands still after a host was killed: `python -m benchmarks.recovery`.

Imports are at work when the host dies. For each of them it takes some time until Azure hears of it again, or it has
ended. With the variable FUNCTIONS_HOST=local.genuine the engine is Microsoft's, whose messages are invisible for a
while after their host's death; then there are also runs in which another host of the same task hub lives on.
"""

import argparse
import random
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.measuring import percentile, show
from local.azurite import running_azurite
from tests import functions_host
from tests.e2e.stack import Import, Tenant, wait_until
from tests.genuine.fleet import Fleet

IMPORTS = 8
SPEED = 30.0
PACE = {"ARM_POLL_SECONDS": "0.33", "RETRY_BASE_SECONDS": "0.5"}
"""That of production, at this speed."""

LATEST_KILL_SECONDS = 10.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=3, help="how many of each kind, each on empty state (default: 3)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments (default: 1)")
    options = parser.parse_args()
    kinds = {"killed, and started again at once": 1}
    if functions_host.IS_GENUINE:
        kinds["one of two killed for good"] = 2
    rows = []
    for title, hosts in kinds.items():
        chance = random.Random(f"recovery {options.seed}")  # noqa: S311 - to be repeated
        still = [each for _ in range(options.kills) for each in _stand_still(hosts, chance)]
        rows.append([title, len(still), min(still), percentile(still, 0.5), percentile(still, 0.9), max(still)])
    columns = [f"{functions_host.MODULE}, {IMPORTS} imports at work", "imports", "min s", "p50 s", "p90 s", "max s"]
    show("From a kill to the next call to Azure", columns, rows)


def _stand_still(hosts: int, chance: random.Random) -> Sequence[float]:
    """Kill the first of some hosts, which comes back if it was alone; returns how long each import stood still."""
    with TemporaryDirectory() as folder, running_azurite() as azurite:
        fleet = Fleet(Path(folder), azurite.connection_string, speed=SPEED, settings=PACE)
        try:
            fleet.start()
            fleet.join(*(f"further-{number}" for number in range(1, hosts)))
            jobs = [Tenant(fleet).set_up().submit() for _ in range(IMPORTS)]
            for job in jobs:
                wait_until(job.tenant.calls, "the import to call Azure")
            time.sleep(chance.uniform(0.0, LATEST_KILL_SECONDS))
            began = perf_counter()
            fleet.kill("host-1")
            calls = [len(job.tenant.calls()) for job in jobs]
            if hosts == 1:
                fleet.begin_to_join("host-1")
            still = _until_each_goes_on(jobs, calls, began)
            if hosts == 1:
                fleet.await_join("host-1")
            for job in jobs:
                assert job.ended(300)["status"] == "Succeeded", job.operation
            return still
        finally:
            fleet.stop()


def _until_each_goes_on(jobs: Sequence[Import], calls: Sequence[int], began: float) -> list[float]:
    """Wait until Azure has had more calls of each import; returns how long after the kill that was."""
    after: dict[str, float] = {}

    def look() -> bool:
        for job, before in zip(jobs, calls, strict=True):
            if job.operation_location not in after and len(job.tenant.calls()) > before:
                after[job.operation_location] = perf_counter() - began
        return len(after) == len(jobs)

    wait_until(look, "each import to go on", 300)
    return list(after.values())


if __name__ == "__main__":
    main()
