"""Imports and copies at once in a storm, and what is left of it: `python -m benchmarks.storm`.

ARM throttles, fails and drops connections at random (seeded) on every kind of call. Every operation must end in the
right state, and the simulated Azure must then hold exactly what the catalogue says, and nothing else.
"""

import argparse
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

from benchmarks.measuring import own_stack, show
from tests.e2e.stack import Import, Tenant
from tests.e2e.test_copy import copy, versions_in_azure, with_gallery

SPEED = 300.0


def main() -> None:
    """Weather the storm and print what came of it; exit status 1 if anything is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=50, help="so many imports, and so many copies (default: 50)")
    parser.add_argument("--probability", type=float, default=0.05, help="of a call to be disturbed (default: 0.05)")
    parser.add_argument("--seed", type=int, default=1, help="of the storm (default: 1)")
    options = parser.parse_args()
    with own_stack(SPEED) as stack:
        tenant = with_gallery(Tenant(stack))
        quotas = {"cores": 10_000, "standardDSv5Family": 10_000}
        stack.arm.patch(f"/_sim/subscriptions/{tenant.subscription}", json={"quotas": quotas})
        tenant.fault({"type": "storm"}, probability=options.probability, seed=options.seed)
        began = perf_counter()
        with ThreadPoolExecutor(16) as pool:
            imports = list(pool.map(lambda _: tenant.submit(), range(options.each)))
            copies = list(pool.map(lambda _: copy(tenant, options={"regions": ["westus2"]}), range(options.each)))
        for job in (*imports, *copies):
            job.ended(900)
        seconds = perf_counter() - began
        stack.arm.delete("/_sim/faults")
        ends = Counter((job.copy["status"], job.operation["status"]) for job in (*imports, *copies))
        wrong = _difference(tenant, imports, copies)
        rows = [[f"{asset} / {operation}", number] for (asset, operation), number in sorted(ends.items())]
        rows += [
            ["seconds", seconds],
            ["calls to ARM", len(tenant.calls())],
            ["differences to the catalogue", len(wrong)],
        ]
        show(
            f"{options.each} imports and {options.each} copies, {options.probability:.0%} of calls disturbed",
            ["", ""],
            rows,
        )
        if wrong or {status for _, status in ends} - {"Succeeded", "Failed"}:
            raise SystemExit("\n".join(wrong) or "an operation did not end")


def _difference(tenant: Tenant, imports: list[Import], copies: list[Import]) -> list[str]:
    """What Azure has and the catalogue does not say, or the other way round."""
    said = [_resource(job, "vmResourceId") for job in imports] + [
        _resource(job, "galleryImageVersionId") for job in copies
    ]
    catalogue = {each.lower() for each in said if each}
    azure = {each.lower() for each in (*tenant.machines(), *versions_in_azure(tenant))}
    return sorted(catalogue ^ azure)


def _resource(job: Import, name: str) -> str | None:
    value = job.copy["assetDetails"]["data"].get(name)
    return str(value) if value else None


if __name__ == "__main__":
    main()
