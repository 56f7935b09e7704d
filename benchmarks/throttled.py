"""Many imports on a subscription with little allowance: `python -m benchmarks.throttled`.

Twice: as the service is, and asking Azure as if it knew nothing of limits. What counts is how often Azure refuses.
"""

import argparse
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.measuring import show
from local.azurite import running_azurite
from tests import functions_host
from tests.e2e.stack import Import, Tenant, running_stack

SPEED = 60.0
HOSTS = {"paced": functions_host.MODULE, "unpaced": "benchmarks.unpaced_host"}
PACE = {"ARM_POLL_SECONDS": str(10 / SPEED), "RETRY_BASE_SECONDS": str(15 / SPEED)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--imports", type=int, default=50, help="how many at once (default: 50)")
    parser.add_argument("--share", type=float, default=0.02, help="of Azure's limits (default: 0.02)")
    options = parser.parse_args()
    columns = [_measured(host, options.imports, options.share) for host in HOSTS.values()]
    rows = [[name, *(column[name] for column in columns)] for name in columns[0]]
    show(f"{options.imports} imports at once on {options.share:.0%} of Azure's limits", ["", *HOSTS], rows)


def _measured(host: str, imports: int, share: float) -> dict[str, object]:
    throttled = ("--throttle", "--throttle-share", str(share))
    with (
        TemporaryDirectory() as folder,
        running_azurite() as azurite,
        running_stack(
            Path(folder), azurite.connection_string, speed=SPEED, settings=PACE, host=host, arm_options=throttled
        ) as stack,
    ):
        tenant = Tenant(stack).set_up()
        quotas = {"cores": 10_000, "standardDSv5Family": 10_000}
        stack.arm.patch(f"/_sim/subscriptions/{tenant.subscription}", json={"quotas": quotas})
        began = perf_counter()
        with ThreadPoolExecutor(16) as pool:
            jobs: list[Import] = list(pool.map(lambda _: tenant.submit(), range(imports)))
        ends = Counter(job.ended(900)["status"] for job in jobs)
        seconds = perf_counter() - began
        calls = tenant.calls()
        refused = [call for call in calls if call["status"] == 429]
        return {
            "succeeded": ends["Succeeded"],
            "calls to ARM": len(calls),
            "of them refused (429)": len(refused),
            "all ended after, seconds": seconds,
        }


if __name__ == "__main__":
    main()
