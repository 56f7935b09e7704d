"""Every fault at every operation and every step: `python -m benchmarks.faults`.

In parts. `process`: every operation of storage and of Azure, in every scenario of `tests/orchestrations`, with every
fault that can happen to it. `storage`: over the local host, troubles from every `--stride`-th request to Table Storage
on. `azure`: over the local host, every fault at every step, by the simulated Azure. Ends with status 1 if anything is
not right afterwards, and says what.
"""

import argparse
import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from benchmarks.measuring import own_stack, show
from local.azurite import running_azurite
from local.host import sdk
from tests.e2e import faults
from tests.e2e.faults import Fault
from tests.e2e.gate import Trouble, gate_before
from tests.e2e.stack import Stack, Tenant, running_stack
from tests.e2e.test_copy import with_gallery
from tests.orchestrations import faulty
from tests.orchestrations.scenarios import SCENARIOS, Stage

SPEED = 600.0
ROW = 4
"""So many requests in a row are troubled: one alone is sent again by the adapter."""
AT_ONCE = 8
STUCK_DEADLINE_SECONDS = "15"

Findings = Iterator[str | None]
"""One for each run: what was wrong, or None."""


def main() -> None:
    """Run the parts, print, and fail if there is anything to complain of."""
    parts: Mapping[str, Callable[[argparse.Namespace], Findings]] = {
        "process": _process,
        "storage": _storage,
        "azure": _azure,
    }
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(parts)} (default: all)")
    parser.add_argument("--stride", type=int, default=1, help="of the requests to storage (default: 1, every one)")
    options = parser.parse_args()
    rows: list[list[object]] = []
    wrong = 0
    for name in options.parts or parts:
        began, runs, found = perf_counter(), 0, 0
        for finding in parts[name](options):
            runs += 1
            found += finding is not None
            if finding is not None:
                print(f"{name}: {finding}", flush=True)
        rows.append([name, runs, found, perf_counter() - began])
        wrong += found
    show("Faults, one in each run", ["part", "runs", "not right", "seconds"], rows)
    sys.exit(wrong > 0)


def _process(_: argparse.Namespace) -> Findings:
    """Every operation, every fault, in virtual time."""
    logging.disable(logging.CRITICAL)
    sdk.prepare()
    with TemporaryDirectory() as folder:
        stage = Stage(Path(folder))
        for name, scenario in SCENARIOS.items():
            for operation in stage.operations(scenario):
                for fault in (each for each in faulty.Fault if operation.takes(each)):
                    try:
                        run = stage.hit(scenario, operation, fault)
                    except AssertionError as error:
                        yield f"{name}: {error}"
                    else:
                        right = fault in faulty.LASTING or run.end in scenario.ends
                        yield None if right else f"{name}: {run.end} after {fault} at {operation}"
    logging.disable(logging.NOTSET)


def _storage(options: argparse.Namespace) -> Findings:
    """Troubles from each request on, until a run has fewer requests."""
    with (
        TemporaryDirectory() as folder,
        running_azurite() as azurite,
        gate_before(azurite.connection_string) as gate,
        running_stack(Path(folder), gate.connection_string, speed=SPEED) as stack,
    ):
        for action in ("import", "copy"):
            for trouble in Trouble:
                first = 1
                while True:
                    job = faults.submit(with_gallery(Tenant(stack)), action)
                    gate.arm(trouble, first, first + ROW - 1)
                    faults.await_rest(stack)
                    gate.disarm()
                    if not gate.troubled:
                        break
                    found = [*faults.wrong(job), *faults.secrets_left(stack)]
                    if job.operation["status"] != "Succeeded":
                        found.append(str(job.operation["error"]))
                    yield f"{action}, {trouble} from request {first} on: {found}" if found else None
                    first += options.stride


def _azure(_: argparse.Namespace) -> Findings:
    """Every step with every fault: what never ends has a stack of its own, where the deadline is short."""
    every = [*faults.cases()]
    with own_stack(SPEED) as stack:
        yield from _cases(stack, [case for case in every if case.fault is not Fault.STUCK])
    with own_stack(SPEED, IMPORT_DEADLINE_SECONDS=STUCK_DEADLINE_SECONDS) as stack:
        yield from _cases(stack, [case for case in every if case.fault is Fault.STUCK])


def _cases(stack: Stack, cases: list[faults.Case]) -> Findings:
    for start in range(0, len(cases), AT_ONCE):
        begun = [(case, faults.begin(stack, case)) for case in cases[start : start + AT_ONCE]]
        for case, job in begun:
            job.ended(180)
            found = [*faults.judge(case, job)]
            yield f"{case}: {found}" if found else None
    faults.await_rest(stack)
    left = faults.secrets_left(stack)
    yield f"secrets are left: {left}" if left else None


if __name__ == "__main__":
    main()
