"""Records histories of Microsoft's engine: `FUNCTIONS_HOST=local.genuine python -m tests.histories.record_genuine`.

The whole service runs, an operation for each scenario, and the rows of the engine's history table become events of the
shape in which an orchestrator gets them: with the numbers of their types, and with null where a row has no column. They
differ from what the engine sends in what no replay looks at: IsPlayed is as after the end, a missing Version is empty,
and times have microseconds. A file that exists is never overwritten (see `tests.histories.record`).
"""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from azure.data.tables import TableServiceClient

from local.azurite import running_azurite
from local.host.durable.history import Event, played, timestamp
from tests import functions_host
from tests.e2e.aftermath import HUB
from tests.e2e.hub_tables import KINDS, SENTINEL
from tests.e2e.stack import Import, Stack, Tenant, running_stack, wait_until
from tests.e2e.test_copy import copy, with_gallery

FOLDER = Path(__file__).parent
KEPT = {"FAILED_KEEP_SECONDS": "600"}
SPEED = 300.0
AZURE = "https://management.azure.com"
"""Stands in the recordings for the simulator."""

_ABOUT_THE_ROW = frozenset({"PartitionKey", "RowKey", "ExecutionId", "EventType", "_Timestamp"})
_JSON = frozenset({"OrchestrationInstance", "ParentInstance", "ParentTraceContext", "Tags", "FailureDetails"})
_MEMBERS: Mapping[str, tuple[str, ...]] = {
    "ExecutionStarted": ("Name", "Version", "Input", "OrchestrationInstance", "ParentInstance", "Tags"),
    "ExecutionCompleted": ("OrchestrationStatus", "Result"),
    "TaskScheduled": ("Name", "Version", "Input"),
    "TaskCompleted": ("TaskScheduledId", "Result"),
    "TaskFailed": ("TaskScheduledId", "Reason", "Details"),
    "SubOrchestrationInstanceCreated": ("Name", "Version", "InstanceId", "Input"),
    "SubOrchestrationInstanceCompleted": ("TaskScheduledId", "Result"),
    "EventRaised": ("Name", "Input"),
}
"""What an event of each kind has at the least."""


def _complete(stack: Stack) -> Import:
    return Tenant(stack).set_up().submit(gpuType="NVIDIA")


def _retried(stack: Stack) -> Import:
    tenant = Tenant(stack).set_up()
    tenant.fault(
        {"type": "fail", "code": "AllocationFailed"}, phase="final", method="PUT", path="virtualMachines/[^/]+$", nth=1
    )
    return tenant.submit()


def _resumed(stack: Stack) -> Import:
    tenant = Tenant(stack).set_up()
    fault = tenant.fault({"type": "runCommand", "exitCode": 7, "error": "Access denied"}, phase="guest")
    job = tenant.submit()
    assert job.ended()["status"] == "Failed"
    tenant.mend(fault)
    assert tenant.request("POST", f"/operations/{job.operation['id']}/retry").status_code == 202
    return job


def _canceled(stack: Stack) -> Import:
    job = Tenant(stack).set_up().submit()
    wait_until(lambda: (job.operation["step"] or {}).get("name") == "virtual-machine", "the machine to be made")
    assert job.tenant.request("POST", f"/operations/{job.operation['id']}/cancel").status_code == 202
    return job


def _copied(stack: Stack) -> Import:
    return copy(with_gallery(Tenant(stack)), options={"regions": ["westus2"]})


SCENARIOS: Mapping[str, Callable[[Stack], Import]] = {
    "genuine-import-complete": _complete,
    "genuine-import-retried": _retried,
    "genuine-import-resumed": _resumed,
    "genuine-import-canceled": _canceled,
    "genuine-copy-complete": _copied,
}


def histories(stack: Stack, operation_id: str) -> dict[str, list[Event]]:
    """Return the last execution of the operation's orchestration and of each of its parts, by instance id."""
    hub = stack.host_state.read_text().strip()
    found: dict[str, list[Mapping[str, Any]]] = {}
    with TableServiceClient.from_connection_string(stack.azurite) as tables:
        mine = f"PartitionKey ge '{operation_id}' and PartitionKey lt '{operation_id};'"  # which comes after a colon
        for row in tables.get_table_client(f"{hub}History").query_entities(mine):
            found.setdefault(row["PartitionKey"], []).append(row)
    return {name: _execution(rows) for name, rows in sorted(found.items())}


def _execution(rows: list[Mapping[str, Any]]) -> list[Event]:
    """Return the events of the execution that the sentinel names; rows of earlier ones may be left behind it."""
    current = next(row["ExecutionId"] for row in rows if row["RowKey"] == SENTINEL)
    own = [row for row in rows if row["ExecutionId"] == current and row["RowKey"] != SENTINEL]
    return played([_event(row) for row in sorted(own, key=lambda row: row["RowKey"])])


def _event(row: Mapping[str, Any]) -> Event:
    kind = row["EventType"]
    members: dict[str, Any] = dict.fromkeys(_MEMBERS.get(kind, ()))
    members |= {name: _member(name, value) for name, value in row.items() if name not in _ABOUT_THE_ROW}
    if "Version" in members:
        members["Version"] = members["Version"] or ""
    return {"EventType": KINDS[kind], **members, "Timestamp": timestamp(row["_Timestamp"])}


def _member(name: str, value: Any) -> Any:
    if name in _JSON:
        return json.loads(value)
    return timestamp(value) if hasattr(value, "isoformat") else value


def _recorded(stack: Stack, job: Import) -> str:
    """Wait for an operation's end, and return its histories as a file has them."""
    job.ended()
    operation_id = job.operation["id"]
    instance = f"{stack.urls['host']}{HUB}/{operation_id}"
    wait_until(lambda: stack.api.get(instance).status_code == 200, "the orchestration to end")
    return json.dumps(histories(stack, operation_id), indent=1).replace(stack.urls["arm"], AZURE)


def main() -> int:
    """Record what is not there yet; returns the exit status."""
    if not functions_host.IS_GENUINE:
        sys.stderr.write(f"{__doc__}\nSet FUNCTIONS_HOST={functions_host.GENUINE}.\n")
        return 2
    missing = {name: begin for name, begin in SCENARIOS.items() if not (FOLDER / f"{name}.json").exists()}
    with (
        TemporaryDirectory() as folder,
        running_azurite() as azurite,
        running_stack(Path(folder), azurite.connection_string, speed=SPEED, settings=KEPT) as stack,
    ):
        for name, begin in missing.items():
            path = FOLDER / f"{name}.json"
            path.write_text(f"{_recorded(stack, begin(stack))}\n", encoding="utf-8")
            sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
