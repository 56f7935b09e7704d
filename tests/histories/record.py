"""Records histories of today's orchestrators: `python -m tests.histories.record` adds those that are not there yet.

A file that exists is never overwritten: it stands for instances that run in somebody's production. When an
orchestrator changes so that an old history does not replay any more, it needs a new name, not a new recording.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from local.host import sdk
from shared import wiring
from shared.errors import ErrorKind, PermanentError, TransientError
from shared.models.steps import ImportJob
from shared.states import GpuType
from tests import builders
from tests.orchestrations.conftest import World

FOLDER = Path(__file__).parent


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


SCENARIOS: dict[str, Callable[[World], ImportJob]] = {
    "complete": _complete,
    "retried": _retried,
    "failed": _failed,
    "timed-out": _timed_out,
    "abandoned": _abandoned,
}


def record(name: str, folder: Path) -> Path:
    """Run a scenario and write its instances' histories."""
    with TemporaryDirectory() as scratch, pytest.MonkeyPatch.context() as patch:
        world = World(Path(scratch) / "history.sqlite")
        patch.setattr(wiring, "catalog", lambda: world.catalog)
        patch.setattr(wiring, "images", lambda: world.images)
        patch.setattr(wiring, "secrets", lambda: world.secrets)
        world.run(SCENARIOS[name](world))
        path = folder / f"import-{name}.json"
        path.write_text(json.dumps(world.histories(), indent=1) + "\n", encoding="utf-8")
        return path


if __name__ == "__main__":
    sdk.prepare()
    for scenario in SCENARIOS:
        if not (FOLDER / f"import-{scenario}.json").exists():
            sys.stdout.write(f"{record(scenario, FOLDER)}\n")
