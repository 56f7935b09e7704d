"""What is begun again, taken up or replaced after a failure: the provider over the simulator, with faults."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.errors.azure import ErrorKind, PermanentError, TransientError
from shared.ports.azure import Waiting
from shared.states.enums import GpuType
from shared.workflow.jobs.import_job import ImportJob
from shared.workflow.naming import staging
from tests.contract.conftest import GROUP, MACHINE, NSG, PASSWORD, AzureBench
from tests.contract.simulated import PATIENCE_SECONDS, refusal, wait


def test_a_vm_that_could_not_be_made_is_replaced(azure: AzureBench) -> None:
    job = azure.job()
    azure.network(job)
    azure.fault(MACHINE, {"type": "fail", "code": "AllocationFailed"}, method="PUT", phase="final", count=1)
    facts = azure.facts(job)
    begun = azure.images.begin_virtual_machine(job, facts, PASSWORD)
    failure = failure_of(azure, job, begun)
    assert (failure.code, failure.kind) == ("AllocationFailed", ErrorKind.CAPACITY)
    with pytest.raises(TransientError) as replacing:
        azure.images.begin_virtual_machine(job, facts, PASSWORD)
    assert (replacing.value.code, replacing.value.kind) == ("ReplacingFailedResource", ErrorKind.BUSY)
    azure.machine(job, facts)
    assert len(azure.calls("DELETE", staging(job).vm)) == 1
    assert len(azure.calls("PUT", staging(job).vm)) == 2


def failure_of(azure: AzureBench, job: ImportJob, waiting: Waiting | None) -> TransientError:
    """How the making of a VM fails that was begun."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline and waiting is not None:
        time.sleep(waiting.seconds or 0.01)
        try:
            waiting = azure.images.check_virtual_machine(job, waiting.handle)
        except TransientError as error:
            return error
    raise AssertionError("it does not fail")


def test_a_repeated_begin_sends_no_second_put(azure: AzureBench) -> None:
    job = azure.job()
    azure.network(job)
    facts = azure.facts(job)
    azure.images.begin_virtual_machine(job, facts, PASSWORD)
    again = azure.images.begin_virtual_machine(job, facts, PASSWORD)
    assert again is not None
    azure.machine(job, facts)
    azure.network(job)
    assert len(azure.calls("PUT", staging(job).vm)) == 1
    assert len(azure.calls("PUT", staging(job).nsg)) == 1
    assert len(azure.calls("PUT", staging(job).resource_group)) == 1


@pytest.mark.parametrize("when", ["before", "after"], ids=["request lost", "answer lost"])
def test_a_put_that_got_lost_is_looked_for_and_not_doubled(azure: AzureBench, when: str) -> None:
    job = azure.job()
    azure.network(job)
    azure.fault(MACHINE, {"type": "drop", "when": when}, method="PUT", count=1)
    facts = azure.facts(job)
    with pytest.raises(TransientError) as caught:
        azure.images.begin_virtual_machine(job, facts, PASSWORD)
    assert caught.value.kind is ErrorKind.OUTAGE
    azure.machine(job, facts)
    puts = azure.calls("PUT", staging(job).vm)
    assert len(puts) == (2 if when == "before" else 1)


def test_a_read_whose_connection_broke_is_repeated_at_once(azure: AzureBench) -> None:
    job = azure.job()
    azure.fault(GROUP, {"type": "drop"}, method="GET", count=1)
    azure.images.create_resource_group(job)
    assert "Microsoft.Resources/resourceGroups" in azure.inventory(job)


def test_an_expired_record_is_replaced_by_a_look_at_the_resource(azure: AzureBench) -> None:
    job = azure.job()
    azure.fault("", refusal("NotFound", 404), phase="poll")
    azure.ready(job)
    azure.restart(job)
    azure.clean_up(job)
    assert azure.inventory(job) == set()


def test_a_vm_that_came_up_late_is_kept(azure: AzureBench) -> None:
    job = azure.job()
    azure.network(job)
    late = {"type": "fail", "code": "OSProvisioningTimedOut", "message": "OS Provisioning did not finish in time."}
    azure.fault(MACHINE, late, method="PUT", phase="final", count=1)
    azure.fault(MACHINE, {"type": "agent", "after": 0}, method="PUT", phase="guest", count=1)
    facts = azure.facts(job)
    begun = azure.images.begin_virtual_machine(job, facts, PASSWORD)
    assert failure_of(azure, job, begun).retry_after is not None
    azure.agent(job)
    assert azure.images.begin_virtual_machine(job, facts, PASSWORD) is None
    assert len(azure.calls("DELETE", staging(job).vm)) == 0


def test_a_deletion_that_azure_could_not_finish_is_begun_again(azure: AzureBench) -> None:
    job = azure.job()
    azure.ready(job)
    held = {"type": "fail", "code": "NicReservedForAnotherVm", "message": "Nic is reserved for 180 seconds."}
    azure.fault(GROUP, held, method="DELETE", phase="final", count=1)
    azure.clean_up(job)
    assert azure.inventory(job) == set()
    assert len(azure.calls("DELETE", staging(job).resource_group)) == 2


def test_a_storm_of_failures_ends_with_one_vm_and_then_with_nothing(azure: AzureBench) -> None:
    job = azure.job()
    azure.fault("/rg-img-", {"type": "storm"}, probability=0.3, count=25, seed=7)
    wait(lambda: azure.images.create_resource_group(job), lambda _: None)
    azure.ready(job)
    assert len([call for call in azure.calls("PUT", staging(job).vm) if call["status"] == 201]) == 1
    azure.clean_up(job)
    assert azure.inventory(job) == set()


def test_a_vm_that_our_look_missed_is_not_written_over(azure: AzureBench) -> None:
    job = azure.job()
    azure.network(job)
    azure.machine(job)
    before = azure.images.virtual_machine_details(job)
    azure.fault(MACHINE, refusal("ResourceNotFound", 404), method="GET", count=1)
    with pytest.raises(TransientError) as caught:
        azure.images.begin_virtual_machine(job, azure.facts(job), "Another-Passw0rd")
    assert caught.value.kind is ErrorKind.BUSY
    azure.machine(job)
    assert azure.images.virtual_machine_details(job) == before


def test_a_network_security_group_that_failed_is_written_again(azure: AzureBench) -> None:
    job = azure.job()
    azure.fault(NSG, {"type": "fail", "code": "InternalServerError"}, method="PUT", phase="final", count=1)
    azure.network(job)
    assert len(azure.calls("PUT", staging(job).nsg)) == 2


@pytest.mark.parametrize(
    ("code", "kind"),
    [("VMExtensionProvisioningError", ErrorKind.PERMANENT), ("VMExtensionProvisioningTimeout", ErrorKind.OUTAGE)],
)
def test_a_driver_that_fails_ends_the_import_and_one_that_hangs_is_run_again(
    azure: AzureBench, code: str, kind: ErrorKind
) -> None:
    job = azure.job(gpu_type=GpuType.AMD, vm_size="Standard_NV4as_v4")
    azure.ready(job)
    azure.fault("/extensions/", {"type": "fail", "code": code}, method="PUT", phase="final", count=1)
    if kind is ErrorKind.PERMANENT:
        with pytest.raises(PermanentError) as caught:
            azure.gpu_driver(job)
        assert caught.value.code == code
    else:
        azure.gpu_driver(job)
        assert len(azure.calls("PUT", "/AmdGpuDriverWindows")) == 2


def test_a_script_that_azure_could_not_start_is_started_again(azure: AzureBench) -> None:
    job = azure.job()
    azure.network(job)
    azure.machine(job)
    azure.script(job, "remote-desktop-1")  # the agent is not ready yet
    assert len(azure.calls("PUT", "/remote-desktop-1")) > 1


def test_a_success_that_the_sdk_did_not_expect_is_taken_up(azure: AzureBench) -> None:
    job = azure.job()
    azure.network(job)
    azure.fault(MACHINE, {"type": "status", "status": 202}, method="PUT", count=1)
    with pytest.raises(TransientError):
        azure.images.begin_virtual_machine(job, azure.facts(job), PASSWORD)
    azure.machine(job)
    assert len(azure.calls("PUT", staging(job).vm)) == 1


def test_many_imports_at_once_do_not_disturb_each_other(azure: AzureBench) -> None:
    jobs = [azure.job() for _ in range(6)]
    with ThreadPoolExecutor(len(jobs)) as pool:
        list(pool.map(azure.ready, jobs))
        list(pool.map(azure.clean_up, jobs))
    assert all(azure.inventory(job) == set() for job in jobs)
