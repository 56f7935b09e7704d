"""Each Azure resource is in the ledger before the call that creates it, and until it is gone."""

from collections import defaultdict
from collections.abc import Mapping

import pytest

from orchestrators.engine import policies
from shared.catalogue import ledger
from shared.errors.azure import PermanentError
from shared.models.ledger_entry import LedgerEntry, LedgerState, ResourceOwner
from shared.states.enums import GpuType
from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.jobs.import_job import ImportJob
from shared.workflow.naming import gallery_target, staging
from shared.workflow.pace import Pace
from tests import builders
from tests.orchestrations.conftest import World
from tests.scripted import Scripted

CREATES: Mapping[str, tuple[str, ...]] = {
    "create_resource_group": ("",),
    "begin_network_security_group": ("/providers/Microsoft.Network/networkSecurityGroups/{vm}-nsg",),
    "begin_virtual_machine": (
        "/providers/Microsoft.Compute/virtualMachines/{vm}",
        "/providers/Microsoft.Network/networkInterfaces/{vm}-nic",
        "/providers/Microsoft.Compute/disks/{vm}-os",
        "/providers/Microsoft.Network/publicIPAddresses/{vm}-pip",
    ),
    "begin_run_command": ("/providers/Microsoft.Compute/virtualMachines/{vm}/runCommands/remote-desktop-1",),
    "begin_gpu_driver": ("/providers/Microsoft.Compute/virtualMachines/{vm}/extensions/NvidiaGpuDriverWindows",),
}
"""By the port's method: what it creates in the staging group. The end-to-end tests hold this against the simulator."""


def noting(world: World, provider: Scripted, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, str]]:
    """What the ledger says at the moment of the first call of each method: state by resource id."""
    seen: dict[str, dict[str, str]] = defaultdict(dict)
    enter = provider.enter

    def note(method: str) -> Exception | None:
        seen.setdefault(method, entries(world))
        return enter(method)

    monkeypatch.setattr(provider, "enter", note)
    return seen


def entries(world: World) -> dict[str, str]:
    return {entry.resource_id: entry.state for entry in world.catalog.all(LedgerEntry)}


def gpu_job() -> ImportJob:
    return builders.import_job(gpu_type=GpuType.NVIDIA, create_public_ip=True)


def ids(job: ImportJob) -> dict[str, set[str]]:
    names = staging(job)
    return {method: {names.group_id + each.format(vm=names.vm) for each in paths} for method, paths in CREATES.items()}


def test_what_an_import_makes_is_in_the_ledger_before_it_is_made(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    job = gpu_job()
    seen = noting(world, world.images, monkeypatch)
    world.accept(job)
    world.run(job)
    for method, created in ids(job).items():
        assert {each: seen[method].get(each) for each in created} == dict.fromkeys(created, LedgerState.CREATING)
    everything = set().union(*ids(job).values())
    assert entries(world) == dict.fromkeys(everything, LedgerState.EXISTS)


def test_a_further_attempt_of_a_script_is_another_run_command(world: World) -> None:
    job = builders.import_job()
    world.images.fail("begin_run_command", RuntimeError("a fault"), times=1)
    world.accept(job)
    world.run(job)
    states = {each.rpartition("/")[2]: state for each, state in entries(world).items()}
    assert states["remote-desktop-1"] == LedgerState.CREATING, "nobody knows whether it was made"
    assert states["remote-desktop-2"] == LedgerState.EXISTS


def retried(world: World, times: int) -> ImportJob:
    """A job whose script fails so many times, and is retried each time."""
    job = builders.import_job(pace=Pace(keep_seconds=3600.0))

    def retry() -> None:
        if world.operation(job).retry_until is not None and world.operation(job).retries < times:
            world.retry(job)

    world.before_wait = retry
    world.images.takes("run_command", 1)
    world.images.fail("check_run_command", PermanentError("RunCommandFailed", "exit code 1"), times=times)
    world.accept(job)
    return job


def test_a_retry_hides_no_run_command_of_before(world: World) -> None:
    job = retried(world, times=2)
    world.run(job)
    commands = {each.rpartition("/")[2]: state for each, state in entries(world).items() if "/runCommands/" in each}
    assert commands == {
        "remote-desktop-1": LedgerState.CREATING,
        "remote-desktop-1-1": LedgerState.CREATING,
        "remote-desktop-2-1": LedgerState.EXISTS,
    }
    assert set(commands) == set(world.images.scripts), "all that were made are known"


def test_what_an_older_release_wrote_in_the_place_of_another_run_command_goes_with_the_rest(world: World) -> None:
    job = retried(world, times=1)
    (_, name), *_ = ledger.command_resources(job, "remote-desktop-1-1", 1, 1)
    older = LedgerEntry(
        org_id=job.org_id,
        operation_id=job.operation_id,
        order=51,
        resource_id=name,
        state=LedgerState.EXISTS,
        updated_at=builders.NOW,
    )
    world.images.fail("begin_restart", PermanentError("Broken", "It is broken."))

    def write(activity: str) -> None:
        if activity == "begin_restart":
            world.catalog.put(older)

    world.before_activity = write
    world.run(job)
    assert [entry.resource_id for entry in world.catalog.all(LedgerEntry)].count(name) == 2
    assert {entry.state for entry in world.catalog.all(LedgerEntry)} == {LedgerState.GONE}


def test_no_step_has_more_attempts_than_there_are_places() -> None:
    assert 1 + sum(policy.retries for policy in policies.RETRIES.values()) <= ledger.MOST_ATTEMPTS


def test_nothing_of_a_failed_import_is_left_in_the_ledger(world: World) -> None:
    job = gpu_job()
    world.images.fail("begin_restart", PermanentError("Broken", "It is broken."))
    world.accept(job)
    world.run(job)
    assert set(entries(world)) == set().union(*ids(job).values())
    assert set(entries(world).values()) == {LedgerState.GONE}
    assert world.catalog.all(ResourceOwner) == [], "nor does an event about it look for anybody"


def copy_ids(job: CopyJob) -> dict[str, str]:
    target = gallery_target(job)
    return {
        "begin_gallery": target.gallery_id,
        "begin_definition": target.definition_id,
        "begin_image_version": target.version_id,
    }


def test_what_a_copy_makes_is_in_the_ledger_before_it_is_made(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    job = builders.copy_job()
    seen = noting(world, world.galleries, monkeypatch)
    world.accept(job)
    world.run(job)
    for method, created in copy_ids(job).items():
        assert seen[method].get(created) == LedgerState.CREATING
    gallery, definition, version = copy_ids(job).values()
    assert entries(world) == {
        gallery: LedgerState.KEPT,
        definition: LedgerState.EXISTS,
        version: LedgerState.EXISTS,
    }


@pytest.mark.parametrize("method", ["begin_gallery", "begin_definition", "begin_image_version"])
def test_of_a_failed_copy_only_the_gallery_is_kept(world: World, method: str) -> None:
    job = builders.copy_job()
    world.galleries.fail(method, PermanentError("SomethingIsWrong", "Mend it."))
    world.accept(job)
    world.run(job)
    gallery = gallery_target(job).gallery_id
    assert entries(world).pop(gallery) == LedgerState.KEPT
    assert {state for each, state in entries(world).items() if each != gallery} <= {LedgerState.GONE}
    assert "begin_copy_removal" not in world.galleries.calls or method != "begin_gallery", "there was nothing to remove"
