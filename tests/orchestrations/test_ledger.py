"""Each Azure resource is in the ledger before the call that creates it, and until it is gone."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta

import pytest

from shared.catalogue import ledger
from shared.errors.azure import PermanentError
from shared.models.ledger_entry import LedgerEntry, LedgerState
from shared.states.enums import GpuType
from shared.workflow.jobs.import_job import ImportJob
from shared.workflow.naming import staging
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


def test_every_script_of_an_operation_has_a_row_of_its_own(world: World) -> None:
    """Whatever the attempt: an operation with two steps that run scripts keeps both (T3 of the structure review)."""
    job = builders.import_job()
    for name in ("remote-desktop-1", "customise-1"):
        ledger.write(world.catalog, job, ledger.command_resources(job, name), LedgerState.EXISTS, builders.NOW)
    existing = ledger.existing(world.catalog, job.operation_id)
    assert sorted(each.rpartition("/")[2] for each in existing) == ["customise-1", "remote-desktop-1"]


def test_ten_retries_keep_the_order_of_what_they_made(world: World) -> None:
    job = retried(world, times=11)
    world.run(job)
    found = ledger.entries(world.catalog, job.operation_id)
    commands = [each.resource_id.rpartition("/")[2] for each in found if "/runCommands/" in each.resource_id]
    assert commands == ["remote-desktop-1", *(f"remote-desktop-{retry}-1" for retry in range(1, 12))]


class EntryOfAnOlderRelease(LedgerEntry):
    """Its row was the order, in which two resources could meet."""

    @property
    def row_key(self) -> str:
        return f"{self.order:03d}"


def older(job: ImportJob, resource_id: str, order: int) -> LedgerEntry:
    return EntryOfAnOlderRelease(
        org_id=job.org_id,
        operation_id=job.operation_id,
        order=order,
        resource_id=resource_id,
        state=LedgerState.EXISTS,
        updated_at=builders.NOW,
    )


def test_what_an_older_release_wrote_counts_until_something_later_is_known(world: World) -> None:
    job = builders.import_job()
    group, machine = ledger.group_resources(job)[0], ledger.machine_resources(job)[0]
    world.catalog.put(older(job, machine, 30))
    world.catalog.put(older(job, group, 10))
    assert ledger.existing(world.catalog, job.operation_id) == [group, machine]
    later = builders.NOW + timedelta(hours=1)
    ledger.note_gone(world.catalog, job.operation_id, machine, later)
    assert ledger.existing(world.catalog, job.operation_id) == [group]
    ledger.close(world.catalog, job.operation_id, later)
    assert not ledger.existing(world.catalog, job.operation_id)
    assert {entry.state for entry in ledger.entries(world.catalog, job.operation_id)} == {LedgerState.GONE}
