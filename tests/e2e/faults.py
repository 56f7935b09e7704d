"""Faults over the real adapters: which calls a step makes, runs with one fault in them, and what must be true after."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum

import httpx

from shared.states.enums import GpuType, OsType
from shared.states.roll_up import VERSION_OF_ASSET
from shared.states.statuses import AssetStatus, VersionStatus
from shared.workflow import plans, steps
from shared.workflow.step import Step
from tests.e2e.aftermath import HUB, LAST_STATUS
from tests.e2e.stack import Import, Json, Stack, Tenant, wait_until
from tests.e2e.test_copy import copy, versions_in_azure, with_gallery

CALLS: Mapping[str, tuple[str, str]] = {
    steps.PREFLIGHT.name: ("GET", "/usages$"),
    steps.RESOURCE_GROUP.name: ("PUT", "/resourcegroups/rg-img-[^/]+$"),
    steps.NETWORK.name: ("PUT", "/networkSecurityGroups/[^/]+$"),
    steps.VIRTUAL_MACHINE.name: ("PUT", "/virtualMachines/[^/]+$"),
    steps.GUEST_AGENT.name: ("GET", "/instanceView$"),
    steps.ALLOW_RDP.name: ("PUT", "/runCommands/[^/]+$"),
    steps.ENABLE_RDS.name: ("PUT", "/runCommands/[^/]+$"),
    steps.GPU_DRIVER.name: ("PUT", "/extensions/[^/]+$"),
    steps.RESTART.name: ("POST", "/restart$"),
    steps.COPY_PREFLIGHT.name: ("GET", "/permissions$"),
    steps.IMAGE_DEFINITION.name: ("PUT", "/images/[^/]+$"),
    steps.IMAGE_VERSION.name: ("PUT", "/versions/[^/]+$"),
    steps.REPLICATION.name: ("PATCH", "/versions/[^/]+$"),
}
"""The call that a step is about: method, and path in the tenant's subscription."""

ELSEWHERE = frozenset({steps.MARKETPLACE_TERMS, steps.SOURCE_ACCESS, steps.GALLERY})
"""Steps that call nothing here: an image without a plan, a source of another subscription, a gallery that exists.
They meet with faults in `tests/orchestrations`."""


class Fault(StrEnum):
    """What Azure does at a step."""

    THROTTLED = "throttled"
    SERVER_ERROR = "server-error"
    ANSWER_LOST = "answer-lost"
    REFUSED = "refused"
    STUCK = "stuck"


_ACTIONS: Mapping[Fault, Json] = {
    Fault.THROTTLED: {
        "type": "error", "status": 429, "code": "TooManyRequests", "message": "Slow down.", "retryAfter": 30
    },
    Fault.SERVER_ERROR: {"type": "error", "status": 500, "code": "InternalServerError", "message": "Oops."},
    Fault.ANSWER_LOST: {"type": "drop", "when": "after"},
    Fault.REFUSED: {"type": "error", "status": 403, "code": "AuthorizationFailed", "message": "You may not."},
    Fault.STUCK: {"type": "stuck"},
}  # fmt: skip
PASSING = frozenset({Fault.THROTTLED, Fault.SERVER_ERROR, Fault.ANSWER_LOST})


@dataclass(frozen=True)
class Case:
    """A step of a workflow, and what happens at it."""

    action: str
    step: Step
    fault: Fault

    def __str__(self) -> str:
        return f"{self.action}-{self.step.name}-{self.fault}"


def cases() -> Iterator[Case]:
    """Every step of both actions with every fault that can happen there."""
    of_action = {
        "import": [*plans.import_steps(OsType.WVD, GpuType.NVIDIA), steps.ALLOW_RDP],
        "copy": plans.copy_steps(replicated=True),
    }
    for action, plan in of_action.items():
        for step in plan:
            for fault in Fault if step not in ELSEWHERE else ():
                if fault is not Fault.STUCK or step.check not in (None, step.begin):
                    yield Case(action, step, fault)


def begin(stack: Stack, case: Case) -> Import:
    """Begin the case's operation, in a subscription of its own that has the fault in it."""
    tenant = with_gallery(Tenant(stack))
    method, path = CALLS[case.step.name]
    limits = {"count": 1} if case.fault in PASSING else {}
    phase = "final" if case.fault is Fault.STUCK else "first"
    tenant.fault(_ACTIONS[case.fault], phase=phase, method=method, path=path, **limits)
    return submit(tenant, case.action, client=case.step is steps.ALLOW_RDP)


def submit(tenant: Tenant, action: str, *, client: bool = False) -> Import:
    """Ask for an import of a session host with a GPU (or a client without one), or for a copy to a further region."""
    if action == "copy":
        return copy(tenant, options={"regions": ["westus2"]})
    if client:
        return tenant.submit(osType="CLIENT", data={"sku": "win11-24h2-ent"})
    return tenant.submit(gpuType="NVIDIA")


def judge(case: Case, job: Import) -> Iterator[str]:
    """What is wrong with how a case has ended."""
    operation = job.operation
    error = operation["error"] or {}
    yield from wrong(job)
    if case.fault in PASSING:
        if operation["status"] != "Succeeded" or error:
            yield f"{case}: {operation['status']}, {error}"
    elif case.step is steps.REPLICATION:
        if (operation["status"], error.get("code")) != ("Succeeded", "REPLICATION_INCOMPLETE"):
            yield f"{case}: {operation['status']}, {error}"
    else:
        status = AssetStatus.IMPORT_FAILED_TIMEOUT if case.fault is Fault.STUCK else case.step.failure
        found = (operation["status"], error.get("step"), job.copy["status"])
        if found != ("Failed", case.step.name, status):
            yield f"{case}: {found}, {error}"


def wrong(job: Import) -> Iterator[str]:
    """What does not fit together of an operation that has ended: statuses at all levels, and what Azure has."""
    operation, tenant = job.operation, job.tenant
    statuses = [job.image["status"], job.version["status"], job.copy["status"]]
    good = LAST_STATUS[operation["action"]]
    data = job.copy["assetDetails"]["data"]
    there = [*tenant.machines(), *versions_in_azure(tenant)]
    if operation["status"] == "Succeeded":
        said = [data.get("vmResourceId") or data.get("galleryImageVersionId")]
        wanted = [good] * 3 if operation["error"] is None else ["PARTIALLY_AVAILABLE"] * 2 + [good]
    else:
        said, wanted = [], ["FAILED", "FAILED", statuses[2]]
        if VERSION_OF_ASSET[AssetStatus(statuses[2])] is not VersionStatus.FAILED:
            yield f"{operation['id']} is {operation['status']}, and its copy {statuses[2]}"
        if tenant.inventory():
            yield f"{operation['id']} is {operation['status']}, and Azure has {tenant.inventory()}"
    if statuses != wanted:
        yield f"{operation['id']} is {operation['status']}, and image, version and copy are {statuses}"
    if [each.lower() for each in there] != [str(each).lower() for each in said]:
        yield f"Azure has {there}, and the catalogue says {said}"


def secrets_left(stack: Stack) -> list[str]:
    """The names of secrets that are in the vault."""
    with closing(sqlite3.connect(stack.folder / "vault.sqlite")) as db:
        return [name for (name,) in db.execute("SELECT name FROM versions WHERE deleted_at IS NULL")]


def await_rest(stack: Stack, seconds: float = 90.0) -> None:
    """Wait until no orchestration is at work, without asking the catalogue."""
    with httpx.Client(base_url=stack.urls["host"], timeout=30) as hub:

        def at_rest() -> bool:
            return not hub.get(HUB, params={"runtimeStatus": "Running,Pending"}).json()

        wait_until(at_rest, "every orchestration to end", seconds)
