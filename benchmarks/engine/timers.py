"""Ten thousand instances that sleep until the same moment, over a restart of the host."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.engine.systems import Host, running_host, wait_until

SLEEPERS = 10_000
KIBIBYTES = 1024.0

SLEEP_SECONDS = 90.0
"""From the first start to the moment: enough to start them all, and the host again."""


def measure(folder: Path) -> list[list[object]]:
    """Return rows of what was measured and its value."""
    moment = datetime.now(UTC) + timedelta(seconds=SLEEP_SECONDS)
    with running_host(folder) as host:
        host.run("sequence", 1, 1)
        idle = host.memory
        began = time.perf_counter()
        since = host.now()
        host.start("sleeper", moment.isoformat(), SLEEPERS)
        accepted = time.perf_counter() - began
        wait_until(lambda: not host.instances(createdTimeFrom=since, runtimeStatus="Pending", top="1"), "all to sleep")
        asleep = time.perf_counter() - began
        used = host.memory
    with running_host(folder) as host:
        _check(host, since)
        again = host.memory
        time.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()))
        host.until_ended(since)
        fired = (datetime.now(UTC) - moment).total_seconds()
        return [
            ["starts accepted, seconds", accepted],
            ["all asleep, seconds", asleep],
            ["memory for each, KiB", (used - idle) * KIBIBYTES / SLEEPERS],
            ["from the start of the process until it answers, with none, seconds", _empty_start(folder / "empty")],
            ["the same with all of them asleep, seconds", host.seconds_to_ready],
            ["memory for each after that, KiB", (again - idle) * KIBIBYTES / SLEEPERS],
            ["from the moment until all have ended, seconds", fired],
        ]


def _check(host: Host, since: str) -> None:
    asleep = len(host.instances(createdTimeFrom=since, runtimeStatus="Running"))
    assert asleep == SLEEPERS, f"the moment came too early: {asleep} of {SLEEPERS} still sleep"


def _empty_start(folder: Path) -> float:
    with running_host(folder) as host:
        return host.seconds_to_ready
