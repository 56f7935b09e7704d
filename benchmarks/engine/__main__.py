"""The durable engine beside a peer, and alone where the peer has nothing to compare: `python -m benchmarks.engine`.

The peer is `durabletask`'s in-memory backend with its worker, which keeps nothing when its process ends. Both run in
processes of their own and are driven over their wire from this one: HTTP there, gRPC here. They take turns on the
same work; a ratio is that of the medians.
"""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.engine import responsive, timers
from benchmarks.engine.systems import running_host, running_peer
from benchmarks.measuring import show
from tests import functions_host

WORK = (
    ("1,000 orchestrations of 10 activities in sequence", "sequence", 10, 1000),
    ("1 orchestration of 300 activities in sequence", "sequence", 300, 1),
    ("1 orchestration of 1,000 activities at once", "fan_out", 1000, 1),
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="of each kind of work (default: 3)")
    parser.add_argument("--only", choices=PARTS, help="one part (default: all)")
    options = parser.parse_args()
    print(f"load average before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for name, measure in PARTS.items():
        if options.only in (None, name):
            with TemporaryDirectory() as folder:
                measure(Path(folder), options.rounds)
    print(f"load average after: {os.getloadavg()[0]:.1f}")


def _rates(folder: Path, rounds: int) -> None:
    rows: list[list[object]] = []
    with running_host(folder) as host, running_peer(folder) as peer:
        for title, orchestrator, data, instances in WORK:
            seconds: dict[str, list[float]] = {host.name: [], peer.name: []}
            for system in (host, peer) * rounds:
                seconds[system.name].append(system.run(orchestrator, data, instances))
            ours, theirs = (median(seconds[system.name]) for system in (host, peer))
            rows.append([title, ours, theirs, theirs / ours])
    show(f"Medians of {rounds} rounds", ["work", f"{host.name}, s", f"{peer.name}, s", "times as fast"], rows)


def _requests(folder: Path, _: int) -> None:
    with running_host(folder) as host:
        show("Requests while long histories replay", ["request", "", "p50 ms", "p99 ms"], responsive.measure(host))


def _timers(folder: Path, _: int) -> None:
    show(f"{timers.SLEEPERS} sleeping timers", ["", "value"], timers.measure(folder))


PARTS: dict[str, Callable[[Path, int], None]] = {"rates": _rates, "requests": _requests, "timers": _timers}
if functions_host.IS_GENUINE:
    del PARTS["timers"]  # they outlive their host, and so would have to its storage

if __name__ == "__main__":
    main()
