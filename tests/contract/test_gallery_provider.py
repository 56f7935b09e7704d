"""What every GalleryProvider does: the fake in memory and Azure answer alike."""

import pytest

from shared.errors.azure import PermanentError
from shared.workflow.naming import gallery_target
from shared.workflow.replication import ReplicationState
from tests.builders import new_id
from tests.contract.galleries import AzureGalleryBench, GalleryBench

COMPLETED = ReplicationState.COMPLETED


@pytest.fixture(autouse=True)
def _quick(gallery_bench: GalleryBench) -> None:
    if isinstance(gallery_bench, AzureGalleryBench):
        gallery_bench.quick()


def test_a_copy_goes_from_the_proof_to_a_version_and_back_to_nothing(gallery_bench: GalleryBench) -> None:
    job = gallery_bench.job()
    gallery_bench.galleries.prove_access(job)
    gallery_bench.copy(job)
    details = gallery_bench.galleries.image_version_details(job)
    assert details == {
        "galleryImageVersionId": gallery_target(job).version_id,
        "galleryImageDefinitionId": gallery_target(job).definition_id,
        "sourceId": job.source.id,
        "hyperVGeneration": "V2",
        "osState": "Generalized",
        "regions": ["eastus"],
    }
    gallery_bench.removal(job)
    with pytest.raises(PermanentError):
        gallery_bench.galleries.image_version_details(job)


def test_what_was_begun_is_begun_again_without_harm(gallery_bench: GalleryBench) -> None:
    job = gallery_bench.job()
    gallery_bench.definition(job)
    gallery_bench.definition(job)
    facts = gallery_bench.facts(job)
    gallery_bench.galleries.begin_image_version(job, facts)
    gallery_bench.version(job)
    gallery_bench.version(job)
    assert gallery_bench.galleries.check_gallery(job, None) is None
    assert gallery_bench.galleries.check_definition(job, None) is None
    assert gallery_bench.galleries.check_image_version(job, None) is None


def test_another_operations_version_is_neither_taken_nor_removed(gallery_bench: GalleryBench) -> None:
    job = gallery_bench.job()
    gallery_bench.copy(job)
    other = job.model_copy(update={"operation_id": new_id()})
    for call in (
        lambda: gallery_bench.galleries.begin_image_version(other, gallery_bench.facts(job)),
        lambda: gallery_bench.galleries.begin_target_regions(other, ["westus2"]),
        lambda: gallery_bench.galleries.replication(other),
    ):
        with pytest.raises(PermanentError) as caught:
            call()
        assert caught.value.code == "ResourceNotOurs"
    assert gallery_bench.galleries.begin_copy_removal(other) is None
    assert gallery_bench.states(job) == {"eastus": COMPLETED}


def test_another_images_definition_is_left_alone(gallery_bench: GalleryBench) -> None:
    job = gallery_bench.job()
    gallery_bench.definition(job)
    other = job.model_copy(update={"image_id": new_id(), "operation_id": new_id()})
    with pytest.raises(PermanentError) as caught:
        gallery_bench.galleries.begin_definition(other, gallery_bench.facts(job))
    assert caught.value.code == "DefinitionNotOurs"
    gallery_bench.removal(other)
    gallery_bench.version(job)


def test_removing_what_is_gone_is_done(gallery_bench: GalleryBench) -> None:
    job = gallery_bench.job()
    assert gallery_bench.galleries.begin_copy_removal(job) is None
    assert gallery_bench.galleries.check_copy_removal(job, None) is None
    gallery_bench.copy(job)
    gallery_bench.removal(job)
    gallery_bench.removal(job)


def test_a_definition_with_another_version_stays(gallery_bench: GalleryBench) -> None:
    first = gallery_bench.job()
    gallery_bench.copy(first)
    second = gallery_bench.job(image_id=first.image_id, version_name="1.1.0")
    gallery_bench.copy(second)
    gallery_bench.removal(second)
    assert gallery_bench.states(first) == {"eastus": COMPLETED}
    assert gallery_bench.galleries.check_definition(first, None) is None
    gallery_bench.removal(first)


def test_regions_are_put_in_and_taken_out_and_the_home_region_stays(gallery_bench: GalleryBench) -> None:
    job = gallery_bench.job("westus2", "northeurope")
    gallery_bench.copy(job)
    assert gallery_bench.galleries.begin_target_regions(job, []) is None
    gallery_bench.regions(job, "westus2", "northeurope")
    assert gallery_bench.states(job) == {"eastus": COMPLETED, "westus2": COMPLETED, "northeurope": COMPLETED}
    assert gallery_bench.galleries.begin_target_regions(job, ["northeurope", "westus2"]) is None
    gallery_bench.regions(job, "westus2")
    assert gallery_bench.states(job) == {"eastus": COMPLETED, "westus2": COMPLETED}
    assert gallery_bench.galleries.check_target_regions(job, None) is None
    gallery_bench.removal(job)
