"""Records histories of today's orchestrators: `python -m tests.histories.record` adds those that are not there yet.

A file that exists is never overwritten: it stands for instances that run in somebody's production. When an
orchestrator changes so that an old history does not replay any more, it needs a new name, not a new recording.
"""

import json
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from local.host import sdk
from shared import wiring
from shared.catalogue.queue import new_ticket
from shared.errors.azure import ErrorKind, PermanentError, TransientError
from shared.states.enums import GpuType
from shared.states.statuses import OperationStatus
from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.jobs.import_job import ImportJob
from shared.workflow.jobs.making_job import MakingJob
from shared.workflow.pace import Pace
from shared.workflow.replication import ReplicationState
from tests import builders
from tests.orchestrations.conftest import World

REPLICATING, COMPLETED, FAILED = ReplicationState.REPLICATING, ReplicationState.COMPLETED, ReplicationState.FAILED
FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]


def _complete(world: World) -> ImportJob:
    job = builders.import_job(gpu_type=GpuType.NVIDIA, vm_size="Standard_NC4as_T4_v3")
    world.images.takes("virtual_machine", 4)
    world.images.takes("restart", 2)
    world.accept(job)
    return job


def _retried(world: World) -> ImportJob:
    job = builders.import_job()
    world.images.fail("begin_virtual_machine", TransientError("AllocationFailed", "Full.", kind=ErrorKind.CAPACITY))
    world.images.fail("check_guest_agent", TransientError("InternalServerError", "Oops."))
    world.images.fail("begin_restart", KeyError("a surprise"))
    world.accept(job)
    return job


def _failed(world: World) -> ImportJob:
    job = builders.import_job()
    world.images.fail("begin_run_command", PermanentError("RunCommandFailed", "exit code 1"))
    world.images.takes("clean_up", 3)
    world.accept(job)
    return job


def _timed_out(world: World) -> ImportJob:
    job = builders.import_job()
    world.images.takes("virtual_machine", 10_000)
    world.accept(job)
    return job


def _abandoned(world: World) -> ImportJob:
    return builders.import_job()


def _resumed(world: World) -> ImportJob:
    job = builders.import_job(pace=Pace(keep_seconds=3600.0))
    world.images.fail("begin_run_command", PermanentError("RunCommandFailed", "exit code 1"))
    _retry_once(world, job)
    world.accept(job)
    return job


def _copy_resumed(world: World) -> CopyJob:
    job = builders.copy_job("westus2", "northeurope", pace=Pace(keep_seconds=3600.0))
    world.galleries.replicates("westus2", *[(FAILED, 5)] * 3, (COMPLETED, 100))
    _retry_once(world, job)
    world.accept(job)
    return job


def _retry_once(world: World, job: MakingJob) -> None:
    """Let somebody ask for a retry once the operation takes one."""

    def retry() -> None:
        if world.operation(job).retry_until is not None:
            world.retry(job)

    world.before_wait = retry


def _queued(world: World) -> ImportJob:
    """Another build has the only place for a while."""
    job = builders.import_job()
    other = builders.operation(status=OperationStatus.RUNNING, queued_at=builders.NOW - timedelta(hours=1))
    ticket = new_ticket(other, job.provider.id).model_copy(update={"running": True})
    world.settings = world.settings.model_copy(update={"max_running_builds": 1})
    world.catalog.create(other, ticket)

    def goes_on() -> None:
        if world.now > builders.NOW + timedelta(minutes=15):
            world.catalog.delete(ticket)

    world.before_wait = goes_on
    world.accept(job)
    return job


def _copied(world: World) -> CopyJob:
    job = builders.copy_job("westus2")
    world.galleries.takes("image_version", 3)
    world.galleries.replicates("westus2", (REPLICATING, 20), (FAILED, 20), (REPLICATING, 70), (COMPLETED, 100))
    world.accept(job)
    return job


def _partly_copied(world: World) -> CopyJob:
    job = builders.copy_job("westus2", "northeurope")
    world.galleries.replicates("westus2", *[(FAILED, 5)] * 10)
    world.accept(job)
    return job


def _not_copied(world: World) -> CopyJob:
    job = builders.copy_job("westus2")
    world.galleries.fail("begin_image_version", PermanentError("PlanMismatch", "Another plan."))
    world.accept(job)
    return job


SCENARIOS: dict[str, Callable[[World], MakingJob]] = {
    "import-complete": _complete,
    "import-retried": _retried,
    "import-failed": _failed,
    "import-timed-out": _timed_out,
    "import-abandoned": _abandoned,
    "import-queued": _queued,
    "import-resumed": _resumed,
    "copy-complete": _copied,
    "copy-partial": _partly_copied,
    "copy-failed": _not_copied,
    "copy-resumed": _copy_resumed,
}


def record(name: str, folder: Path) -> Path:
    """Run a scenario and write its instances' histories."""
    with TemporaryDirectory() as scratch, pytest.MonkeyPatch.context() as patch:
        world = World(Path(scratch) / "history.sqlite")
        patch.setattr(wiring, "settings", lambda: world.settings)
        patch.setattr(wiring, "catalog", lambda: world.catalog)
        patch.setattr(wiring, "images", lambda: world.images)
        patch.setattr(wiring, "galleries", lambda: world.galleries)
        patch.setattr(wiring, "secrets", lambda: world.secrets)
        patch.setattr(wiring, "outbox", lambda: world.outbox)
        world.run(SCENARIOS[name](world))
        path = folder / f"{name}.json"
        text = json.dumps(world.histories(), indent=1).replace(f"{ROOT}/", "")  # tracebacks name files
        path.write_text(text + "\n", encoding="utf-8")
        return path


if __name__ == "__main__":
    sdk.prepare()
    for scenario in SCENARIOS:
        if not (FOLDER / f"{scenario}.json").exists():
            sys.stdout.write(f"{record(scenario, FOLDER)}\n")
