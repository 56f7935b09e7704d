"""Copies that fail, are begun again, taken up or undone: the provider over the simulator, with faults."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.cloud.arm.core.clients import ArmClients, about
from shared.errors.azure import ErrorKind, PermanentError, TransientError
from shared.models.provider_instance import StorageAccountType, TargetRegion
from shared.ports.azure import Waiting
from shared.settings import Settings
from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.naming import gallery_target
from shared.workflow.replication import ReplicationState
from shared.workflow.sources import ReplicationMode
from tests import builders
from tests.contract.galleries import DEFINITION, GALLERY, VERSION, AzureGalleryBench
from tests.contract.simulated import PATIENCE_SECONDS, refusal, wait

COMPLETED, FAILED = ReplicationState.COMPLETED, ReplicationState.FAILED


@pytest.fixture(name="azure")
def _azure(gallery_azure: AzureGalleryBench) -> AzureGalleryBench:
    return gallery_azure


def regions_fault(azure: AzureGalleryBench, action: dict[str, Any], *, region: str = "", **rule: Any) -> None:
    azure.fault(f"/regions/{region}", action, phase="replication", **rule)


def document(azure: AzureGalleryBench, job: CopyJob, resource: str) -> dict[str, Any]:
    settings = Settings(key_vault_url="https://vault.example", arm_endpoint=azure.simulator.url)
    arm = ArmClients(settings).subscription(azure.subscription)
    answer = arm.get(f"{azure.simulator.url}{resource}?api-version=2023-07-03", about(job))
    answer.raise_for_status()
    return dict(answer.json())


def ended(azure: AzureGalleryBench, job: CopyJob, waiting: Waiting | None) -> None:
    """Wait for an update of the regions, of which no error is to come."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while waiting is not None:
        assert time.monotonic() < deadline, "this takes too long"
        time.sleep(waiting.seconds or 0.01)
        waiting = azure.galleries.check_target_regions(job, waiting.handle)


def test_a_version_that_could_not_be_made_is_replaced(azure: AzureGalleryBench) -> None:
    regions_fault(azure, {"type": "regionFails"}, count=1)
    azure.quick()
    job = azure.job()
    azure.definition(job)
    azure.version(job)
    version = gallery_target(job).version
    assert len(azure.calls("PUT", f"/versions/{version}")) == 2
    assert len(azure.calls("DELETE", f"/versions/{version}")) == 1
    assert azure.states(job) == {"eastus": COMPLETED}


def test_a_version_that_azure_finished_late_is_kept(azure: AzureGalleryBench) -> None:
    regions_fault(azure, {"type": "regionFails", "completesAfter": 0}, count=1)
    job = azure.job()
    azure.definition(job)
    azure.version(job)
    assert len(azure.calls("PUT", "/versions/1.0.0")) == 1


def test_a_repeated_begin_sends_no_second_put(azure: AzureGalleryBench) -> None:
    azure.quick()
    job = azure.job()
    azure.definition(job)
    facts = azure.facts(job)
    azure.galleries.begin_image_version(job, facts)
    again = azure.galleries.begin_image_version(job, facts)
    assert again is None or isinstance(again, Waiting)
    azure.copy(job)
    assert len(azure.calls("PUT", "/versions/1.0.0")) == 1
    assert len(azure.calls("PUT", f"/images/{job.image_name}")) == 1
    assert len(azure.calls("PUT", "/galleries/galDesktops")) == 0, "it was there before"


@pytest.mark.parametrize("when", ["before", "after"], ids=["request lost", "answer lost"])
def test_a_put_that_got_lost_is_looked_for_and_not_doubled(azure: AzureGalleryBench, when: str) -> None:
    azure.quick()
    job = azure.job()
    azure.definition(job)
    azure.fault(VERSION, {"type": "drop", "when": when}, method="PUT", count=1)
    with pytest.raises(TransientError) as caught:
        azure.galleries.begin_image_version(job, azure.facts(job))
    assert caught.value.kind is ErrorKind.OUTAGE
    azure.version(job)
    assert len(azure.calls("PUT", "/versions/1.0.0")) == (2 if when == "before" else 1)


@pytest.mark.parametrize("code", ["GalleryImageNotFound", "ParentResourceNotFound"])
def test_a_definition_that_is_not_known_everywhere_yet_is_waited_for(azure: AzureGalleryBench, code: str) -> None:
    azure.quick()
    job = azure.job()
    azure.definition(job)
    azure.fault(VERSION, refusal(code, 404), method="PUT", count=1)
    with pytest.raises(TransientError) as caught:
        azure.galleries.begin_image_version(job, azure.facts(job))
    assert caught.value.kind is ErrorKind.BUSY
    azure.version(job)


def test_a_gallery_that_is_missing_is_made_and_stays(azure: AzureGalleryBench) -> None:
    azure.quick()
    gallery = builders.GALLERY.replace(builders.SUBSCRIPTION, azure.subscription).replace("galDesktops", "galNew")
    azure.fault(GALLERY, {"type": "fail", "code": "InternalServerError"}, method="PUT", phase="final", count=1)
    job = azure.job(provider={"gallery_id": gallery})
    azure.copy(job)
    assert len(azure.calls("PUT", "/galleries/galNew")) == 2
    azure.removal(job)
    assert document(azure, job, gallery)["tags"]["createdBy"] == "image-catalog"


def test_a_definition_that_failed_is_written_again(azure: AzureGalleryBench) -> None:
    azure.fault(DEFINITION, {"type": "fail", "code": "InternalServerError"}, method="PUT", phase="final", count=1)
    job = azure.job()
    azure.definition(job)
    assert len(azure.calls("PUT", f"/images/{job.image_name}")) == 2


def test_the_options_of_the_target_reach_azure(azure: AzureGalleryBench) -> None:
    azure.quick()
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(days=400)
    zonal = {"replica_count": 3, "storage_account_type": StorageAccountType.STANDARD_ZRS}
    job = azure.job(
        home=TargetRegion(name="eastus", replica_count=2),
        replicas=(builders.replica("westus2", **zonal),),
        end_of_life=end,
        exclude_from_latest=True,
    )
    azure.copy(job)
    azure.regions(job, "westus2")
    profile = document(azure, job, gallery_target(job).version_id)["properties"]["publishingProfile"]
    home, further = profile["targetRegions"]
    assert (home["regionalReplicaCount"], home["storageAccountType"]) == (2, "Standard_LRS")
    assert (further["regionalReplicaCount"], further["storageAccountType"]) == (3, "Standard_ZRS")
    assert profile["excludeFromLatest"] is True
    assert datetime.fromisoformat(profile["endOfLifeDate"]) == end


def test_a_shallow_copy_is_made_as_one(azure: AzureGalleryBench) -> None:
    job = azure.job(replication_mode=ReplicationMode.SHALLOW)
    azure.copy(job)
    assert (
        document(azure, job, gallery_target(job).version_id)["properties"]["publishingProfile"]["replicationMode"]
        == "Shallow"
    )


def test_a_region_that_fails_is_no_error_and_is_tried_again_by_taking_it_out_and_in(azure: AzureGalleryBench) -> None:
    regions_fault(azure, {"type": "regionFails", "message": "No luck."}, region="westus2", count=1)
    azure.quick()
    job = azure.job("westus2", "northeurope")
    azure.copy(job)
    ended(azure, job, azure.galleries.begin_target_regions(job, ["westus2", "northeurope"]))
    assert azure.states(job) == {"eastus": COMPLETED, "westus2": FAILED, "northeurope": COMPLETED}
    (failed,) = [each for each in azure.galleries.replication(job) if each.state is FAILED]
    assert failed.details == "No luck."
    assert azure.galleries.begin_image_version(job, azure.facts(job)) is None, "it can be used all the same"
    azure.regions(job, "northeurope")
    azure.regions(job, "westus2", "northeurope")
    assert set(azure.states(job).values()) == {COMPLETED}
    assert len(azure.calls("PUT", "/versions/1.0.0")) == 1


def test_while_an_update_is_under_way_there_is_no_second_one(azure: AzureGalleryBench) -> None:
    regions_fault(azure, {"type": "regionStuck", "at": 40}, region="westus2", count=1)
    azure.quick()
    job = azure.job("westus2", "northeurope")
    azure.copy(job)
    begun = azure.galleries.begin_target_regions(job, ["westus2"])
    assert begun is not None
    assert azure.galleries.begin_target_regions(job, ["westus2"]) is not None
    assert azure.galleries.check_target_regions(job, begun.handle) is not None
    assert azure.galleries.check_target_regions(job, None) is not None
    with pytest.raises(TransientError) as caught:
        azure.galleries.begin_target_regions(job, ["westus2", "northeurope"])
    assert caught.value.kind is ErrorKind.BUSY
    assert len(azure.calls("PATCH", "/versions/1.0.0")) == 1


def test_a_region_that_azure_does_not_report_is_unknown(azure: AzureGalleryBench) -> None:
    regions_fault(azure, {"type": "regionStuck", "at": 40}, region="westus2", count=1)
    azure.quick()
    job = azure.job("westus2")
    azure.copy(job)
    azure.galleries.begin_target_regions(job, ["westus2"])
    report = {each.region: each for each in azure.galleries.replication(job)}
    assert set(report) == {"eastus", "westus2"}
    assert report["westus2"].state in (ReplicationState.UNKNOWN, ReplicationState.REPLICATING)
    assert 0 <= report["westus2"].progress <= 40


def test_a_version_that_somebody_deleted_is_said_to_be_gone(azure: AzureGalleryBench) -> None:
    for call in (
        azure.galleries.replication,
        azure.galleries.image_version_details,
        lambda job: azure.galleries.begin_target_regions(job, ["westus2"]),
    ):
        with pytest.raises(PermanentError) as caught:
            call(azure.job())
        assert caught.value.code == "ResourceNotFound"


def test_a_removal_leaves_nothing_but_the_gallery(azure: AzureGalleryBench) -> None:
    azure.quick()
    job = azure.job("westus2")
    azure.copy(job)
    azure.regions(job, "westus2")
    azure.removal(job)
    assert azure.inventory() == set()


def test_a_removal_that_azure_could_not_finish_is_begun_again(azure: AzureGalleryBench) -> None:
    azure.quick()
    job = azure.job()
    azure.copy(job)
    azure.fault(VERSION, {"type": "fail", "code": "InternalServerError"}, method="DELETE", phase="final", count=1)
    azure.fault(DEFINITION, refusal("CannotDeleteResource"), method="DELETE", count=1)
    azure.removal(job)
    assert azure.inventory() == set()


def test_a_copy_under_way_can_be_undone(azure: AzureGalleryBench) -> None:
    regions_fault(azure, {"type": "regionStuck"})
    job = azure.job()
    azure.definition(job)
    azure.galleries.begin_image_version(job, azure.facts(job))
    azure.removal(job)
    assert azure.inventory() == set()


def test_an_expired_record_is_replaced_by_a_look_at_the_resource(azure: AzureGalleryBench) -> None:
    azure.quick()
    azure.fault("", refusal("NotFound", 404), phase="poll")
    job = azure.job("westus2")
    azure.copy(job)
    azure.regions(job, "westus2")
    assert set(azure.states(job).values()) == {COMPLETED}
    azure.removal(job)
    assert azure.inventory() == set()


def test_what_is_made_is_tagged_with_image_and_operation(azure: AzureGalleryBench) -> None:
    azure.quick()
    job = azure.job()
    azure.copy(job)
    for resource in (gallery_target(job).definition_id, gallery_target(job).version_id):
        tags = document(azure, job, resource)["tags"]
        assert (tags["imageId"], tags["operationId"]) == (job.image_id, job.operation_id)


def test_a_foreign_poll_address_gets_no_token(azure: AzureGalleryBench) -> None:
    azure.fault(VERSION, {"type": "foreignHost", "host": "127.0.0.2"}, method="PUT", phase="final", count=1)
    job = azure.job()
    azure.definition(job)
    with pytest.raises(PermanentError) as caught:
        azure.galleries.begin_image_version(job, azure.facts(job))
    assert caught.value.code == "ForeignOperationHost"


def test_nothing_polls_behind_our_back(azure: AzureGalleryBench) -> None:
    job = azure.job()
    azure.definition(job)
    facts = azure.facts(job)
    before = set(threading.enumerate())
    azure.galleries.begin_image_version(job, facts)
    assert set(threading.enumerate()) <= before


def test_a_storm_of_failures_ends_with_one_version_and_then_with_nothing(azure: AzureGalleryBench) -> None:
    azure.quick()
    job = azure.job("westus2")
    facts = azure.facts(job)
    azure.fault("/galleries/", {"type": "storm"}, probability=0.3, count=25, seed=7)
    steps = (
        (lambda: azure.galleries.begin_gallery(job), lambda at: azure.galleries.check_gallery(job, at)),
        (lambda: azure.galleries.begin_definition(job, facts), lambda at: azure.galleries.check_definition(job, at)),
        (
            lambda: azure.galleries.begin_image_version(job, facts),
            lambda at: azure.galleries.check_image_version(job, at),
        ),
        (
            lambda: azure.galleries.begin_target_regions(job, ["westus2"]),
            lambda at: azure.galleries.check_target_regions(job, at),
        ),
    )
    for begin, check in steps:
        wait(begin, check)
    definition = f"images/{job.image_name}"
    assert azure.inventory() == {definition, f"{definition}/versions/1.0.0"}
    assert azure.calls("DELETE", "/versions/1.0.0") == []
    azure.removal(job)
    assert azure.inventory() == set()


def test_many_copies_at_once_do_not_disturb_each_other(azure: AzureGalleryBench) -> None:
    azure.quick()
    jobs = [azure.job(image_name=f"image-{number}") for number in range(6)]

    def there_and_back(job: CopyJob) -> None:
        azure.copy(job)
        azure.removal(job)

    with ThreadPoolExecutor(len(jobs)) as pool:
        list(pool.map(there_and_back, jobs))
    assert azure.inventory() == set()
