"""How often an import asks ARM, by polling alone and with Azure's events: `python -m benchmarks.events`.

The same import, everything in it taking its typical time, with polls at production's pace: first as it is, then with
resource events reaching the host and RESOURCE_EVENTS on. Requests that ask are the reads of operations' records and of
what the import itself has made; the others are preflight's, first looks, and writes, the same in both.
"""

import argparse
from dataclasses import dataclass
from time import perf_counter

from benchmarks.measuring import own_stack, show
from tests.e2e.asking import asking, in_typical_time
from tests.e2e.stack import Tenant

POLL_SECONDS = 10.0
RETRY_SECONDS = 15.0


@dataclass(frozen=True)
class Count:
    """What one import came to; seconds are Azure's."""

    requests: int
    asking: int
    seconds: float


def main() -> None:
    """Count and print; exit status 1 if events spare less than half of the requests that ask."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speed", type=float, default=30.0, help="of the simulator (default: 30)")
    speed = parser.parse_args().speed
    rows, enough = [], True
    for title, gpu in (("Windows 11", "NONE"), ("Windows 11 with a GPU", "NVIDIA")):
        alone, told = _count(speed, gpu, events=False), _count(speed, gpu, events=True)
        for what in ("asking", "requests", "seconds"):
            before, after = getattr(alone, what), getattr(told, what)
            rows.append([f"{title}: {_TITLES[what]}", before, after, f"{after / before:.0%}"])
        enough = enough and told.asking <= alone.asking / 2
    show("One import", ["", "polling alone", "with events", "share"], rows)
    if not enough:
        raise SystemExit("events spare less than half")


_TITLES = {
    "asking": "requests to ARM that ask how things are",
    "requests": "all requests to ARM",
    "seconds": "seconds at Azure's speed",
}


def _count(speed: float, gpu: str, *, events: bool) -> Count:
    paces = {"ARM_POLL_SECONDS": str(POLL_SECONDS / speed), "RETRY_BASE_SECONDS": str(RETRY_SECONDS / speed)}
    with own_stack(speed, **paces, RESOURCE_EVENTS=str(events).lower()) as stack:
        Tenant(stack).set_up().submit().ended(300)  # the first loads the SDKs
        tenant = in_typical_time(Tenant(stack).set_up())
        if events:
            tenant.hear()
        began = perf_counter()
        operation = tenant.submit(gpuType=gpu).ended(300)
        seconds = perf_counter() - began
        assert operation["status"] == "Succeeded", operation
        calls = tenant.calls()
        return Count(len(calls), len(asking(calls)), seconds * speed)


if __name__ == "__main__":
    main()
