"""What every ImageProvider does: the fake in memory and Azure answer alike."""

import pytest

from shared.errors.azure import PermanentError, TransientError
from shared.states.enums import GpuType
from tests.builders import WINDOWS_11, new_id
from tests.contract.conftest import PASSWORD, Bench
from tests.fakes import FakeImageProvider, offered_image


def test_an_import_goes_from_preflight_to_a_vm_and_back_to_nothing(bench: Bench) -> None:
    job = bench.job()
    bench.ready(job)
    details = bench.images.virtual_machine_details(job)
    assert {"vmId", "vmResourceId", "networkInterfaceId", "osDiskId", "privateIpAddress", "imageVersion"} <= set(
        details
    )
    assert PASSWORD not in str(details)
    bench.script(job, "remote-desktop-1")
    bench.restart(job)
    bench.clean_up(job)
    with pytest.raises((PermanentError, TransientError)):
        bench.images.virtual_machine_details(job)


def test_a_gpu_image_gets_its_driver(bench: Bench) -> None:
    job = bench.job(gpu_type=GpuType.NVIDIA, vm_size="Standard_NC4as_T4_v3")
    bench.ready(job)
    bench.gpu_driver(job)
    bench.gpu_driver(job)


def test_a_restart_ends_when_the_agent_takes_orders_again(bench: Bench) -> None:
    job = bench.job()
    bench.ready(job)
    bench.restart(job)
    assert bench.images.check_guest_agent(job) is None


def test_what_was_begun_is_begun_again_without_harm(bench: Bench) -> None:
    job = bench.job()
    bench.images.create_resource_group(job)
    bench.network(job)
    facts = bench.facts(job)
    bench.images.begin_virtual_machine(job, facts, PASSWORD)
    bench.machine(job, facts)
    bench.machine(job, facts)
    assert bench.images.check_virtual_machine(job, None) is None
    assert bench.images.check_network_security_group(job, None) is None


def test_another_operations_resource_group_is_left_alone(bench: Bench) -> None:
    job = bench.job()
    bench.network(job)
    other = job.model_copy(update={"operation_id": new_id()})
    for call in (
        lambda: bench.images.create_resource_group(other),
        lambda: bench.images.begin_network_security_group(other),
        lambda: bench.images.begin_clean_up(other),
    ):
        with pytest.raises(PermanentError) as caught:
            call()
        assert caught.value.code == "ResourceNotOurs"


def test_cleaning_up_what_is_gone_is_done(bench: Bench) -> None:
    job = bench.job()
    assert bench.images.begin_clean_up(job) is None
    assert bench.images.check_clean_up(job, None) is None
    bench.network(job)
    bench.clean_up(job)
    bench.clean_up(job)


def test_only_what_is_offered_is_listed(bench: Bench) -> None:
    if isinstance(bench.images, FakeImageProvider):
        bench.images.offered = [offered_image(WINDOWS_11.publisher, WINDOWS_11.offer, WINDOWS_11.sku)]
    missing = WINDOWS_11.model_copy(update={"sku": "win95"})
    found = bench.images.offered_images(bench.subscription, "eastus", [missing, WINDOWS_11])
    assert [(image.sku, image.os_family, image.plan_required) for image in found] == [
        (WINDOWS_11.sku, "WINDOWS", False)
    ]
    assert found[0].version != "latest"
    assert found[0].hyper_v_generation == "V2"
