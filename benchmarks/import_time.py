"""What we add to the time that Azure takes for an import: `python -m benchmarks.import_time`.

The same import, with the same simulated durations, at several speeds of the simulator. Its time is Azure's time
divided by the speed, plus our own: a straight line through the measurements gives both. Polls are at the pace that
each speed makes of production's, so that waiting for the next poll counts as ours would in Azure: with Azure's time.
"""

from statistics import linear_regression
from time import perf_counter

from benchmarks.measuring import memory, own_stack, show
from tests.e2e.stack import Tenant

SPEEDS = (30.0, 60.0, 120.0, 240.0)
POLL_SECONDS = 10.0
RETRY_SECONDS = 15.0


def main() -> None:
    """Measure and print."""
    runs = [(speed, _import_seconds(speed)) for speed in SPEEDS]
    azure, ours = linear_regression([1 / speed for speed, _ in runs], [seconds for _, seconds in runs])
    rows = [[f"{speed:.0f}", seconds, azure / speed, seconds * speed / azure] for speed, seconds in runs]
    show("One import", ["speed", "seconds", "of them Azure's", "ratio"], rows)
    show(
        "At the speed of Azure",
        ["", "seconds"],
        [["Azure's own time, polls included", azure], ["ours", ours], ["ours as a share, percent", 100 * ours / azure]],
    )


def _import_seconds(speed: float) -> float:
    paces = {"ARM_POLL_SECONDS": str(POLL_SECONDS / speed), "RETRY_BASE_SECONDS": str(RETRY_SECONDS / speed)}
    with own_stack(speed, **paces) as stack:
        tenant = Tenant(stack).set_up()
        tenant.submit().ended(300)  # the first loads the SDKs, and takes the first draws of durations
        before = perf_counter()
        operation = tenant.submit().ended(300)
        seconds = perf_counter() - before
        assert operation["status"] == "Succeeded", operation
        memory(stack)
        return seconds


if __name__ == "__main__":
    main()
