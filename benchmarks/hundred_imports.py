"""A hundred imports at once, from the first request to the last end: `python -m benchmarks.hundred_imports`."""

import argparse
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from time import perf_counter

import psutil

from benchmarks.measuring import memory, own_stack, percentile, show
from tests.e2e.stack import Import, Tenant

SPEED = 60.0
CORES_FOR_ALL = 10_000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--imports", type=int, default=100, help="how many at once (default: 100)")
    imports = parser.parse_args().imports
    with own_stack(SPEED) as stack:
        tenant = Tenant(stack).set_up()
        quotas = {"cores": CORES_FOR_ALL, "standardDSv5Family": CORES_FOR_ALL}
        stack.arm.patch(f"/_sim/subscriptions/{tenant.subscription}", json={"quotas": quotas})
        alone = _seconds(tenant.submit().ended(300))
        idle = memory(stack)
        began = perf_counter()
        with ThreadPoolExecutor(16) as pool:
            jobs: list[Import] = list(pool.map(lambda _: tenant.submit(), range(imports)))
        accepted = perf_counter() - began
        operations = [job.ended(600) for job in jobs]
        whole = perf_counter() - began
        assert all(operation["status"] == "Succeeded" for operation in operations)
        each = [_seconds(operation) for operation in operations]
        cpu = psutil.Process(stack.children["host"].pid).cpu_times()
        calls = len(tenant.calls())
        rows: list[list[object]] = [
            ["one import alone, seconds", alone],
            ["all accepted after, seconds", accepted],
            ["all ended after, seconds", whole],
            ["one of them, p50 seconds", percentile(each, 0.5)],
            ["one of them, p99 seconds", percentile(each, 0.99)],
            ["all ended / one alone", whole / alone],
            ["host CPU seconds for an import", (cpu.user + cpu.system) / (imports + 1)],
            ["calls to ARM for an import", calls / (imports + 1)],
            ["host memory before, MiB", idle],
            ["host memory after, MiB", memory(stack)],
        ]
        show(f"{imports} imports at once, simulated time {SPEED:.0f} times as fast", ["", "value"], rows)


def _seconds(operation: dict[str, str]) -> float:
    times = [datetime.fromisoformat(operation[name]) for name in ("createdAt", "endedAt")]
    return (times[1] - times[0]).total_seconds()


if __name__ == "__main__":
    main()
