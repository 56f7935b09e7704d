"""How long a request takes until it is accepted, and how many are: `python -m benchmarks.accept`.

Beside it, in the same run and against the same Azurite: the least that an acceptance can cost, which is its one
transaction of six entities. At rest, each request waits until the import before it has nothing to do but wait for
Azure. Under load, what was accepted runs meanwhile, sixty times as fast as in Azure, in the same process.
"""

import argparse
from collections.abc import Callable
from functools import partial
from time import perf_counter, sleep
from uuid import uuid4

import httpx
from azure.data.tables import TableClient, TableServiceClient

from benchmarks.measuring import MILLISECONDS, memory, own_stack, percentile, show, timed
from tests.e2e.stack import Import, Stack, Tenant, wait_until

VIRTUAL_MACHINE_STEP = 5
REST_SECONDS = 1.0
"""For the step's first call, which is begun when the step is shown."""
AT_REST = 6
"""So few, since an import at Azure's own speed takes 15 s to come to rest."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=200, help="for each number of clients (default: 200)")
    requests = parser.parse_args().requests
    at_rest = [_at_rest()]
    show("Accepting at rest", ["request", "clients", "p50 ms", "p99 ms", "requests/s"], at_rest)
    with own_stack(speed=60.0) as stack:
        tenant = Tenant(stack).set_up()
        table = _table(stack)
        idle = memory(stack)
        rows = []
        for clients in (1, 16):
            rows += [
                _row("POST images (202)", clients, _post(tenant), requests),
                _row("POST images (400)", clients, _refused(tenant), requests),
                _row("GET operation", clients, _status(tenant), requests),
                _row("bare transaction", clients, _transaction(table), requests),
            ]
        show(
            f"Accepting under load, {requests} requests each",
            ["request", "clients", "p50 ms", "p99 ms", "requests/s"],
            rows,
        )
        show("Memory of the host", ["when", "MiB"], [["before", idle], ["after", memory(stack)]])


def _at_rest() -> list[object]:
    with own_stack(speed=1.0, ARM_POLL_SECONDS="10") as stack:
        tenant = Tenant(stack).set_up()
        durations = []
        for _ in range(AT_REST + 1):
            began = perf_counter()
            job = tenant.submit(streamName=f"Image-{uuid4().hex}")
            durations.append((perf_counter() - began) * MILLISECONDS)
            wait_until(partial(_waits_for_azure, job), "the VM's step")
            sleep(REST_SECONDS)
    warm = durations[1:]
    return ["POST images (202)", 1, percentile(warm, 0.5), percentile(warm, 0.99), MILLISECONDS * len(warm) / sum(warm)]


def _waits_for_azure(job: Import) -> bool:
    step = job.operation["step"]
    return step is not None and step["number"] >= VIRTUAL_MACHINE_STEP


def _row(name: str, clients: int, work: Callable[[], object], requests: int) -> list[object]:
    work()
    durations, whole = timed(work, requests, clients)
    in_ms = [duration * MILLISECONDS for duration in durations]
    return [name, clients, percentile(in_ms, 0.5), percentile(in_ms, 0.99), requests / whole]


def _post(tenant: Tenant) -> Callable[[], object]:
    def post() -> None:
        tenant.submit(streamName=f"Image-{uuid4().hex}")

    return post


def _refused(tenant: Tenant) -> Callable[[], object]:
    body = tenant.import_body(osType="SOLARIS")

    def post() -> httpx.Response:
        answer = tenant.request("POST", "/images", json=body)
        assert answer.status_code == 400, answer.text
        return answer

    return post


def _status(tenant: Tenant) -> Callable[[], object]:
    job = tenant.submit()
    return lambda: job.operation


def _table(stack: Stack) -> TableClient:
    service = TableServiceClient.from_connection_string(stack.azurite)
    return service.create_table_if_not_exists("benchmark")


def _transaction(table: TableClient) -> Callable[[], object]:
    def submit() -> None:
        partition = uuid4().hex
        entities = [{"PartitionKey": partition, "RowKey": str(row), "text": "x" * 400} for row in range(6)]
        table.submit_transaction([("create", entity) for entity in entities])

    return submit


if __name__ == "__main__":
    main()
