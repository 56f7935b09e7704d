"""Work that an older release began, and this one goes on with."""

import pytest

from shared.states.statuses import AssetStatus, OperationStatus, StreamStatus
from shared.workflow.jobs.import_job import ImportJob
from tests import golden
from tests.orchestrations.conftest import PASSWORD


@pytest.fixture(name="old")
def _old(world) -> ImportJob:
    """The import that the first release had begun; its input comes as it was written."""
    for record in golden.first_release():
        world.catalog.put(record)
    job = ImportJob.model_validate(golden.first_job("In-Progress"))
    world.secrets.put(job.secret_name, PASSWORD)
    world.images.create_resource_group(job)
    return job


def test_an_import_goes_on(world, old: ImportJob):
    world.run(old)
    assert world.operation(old).status is OperationStatus.SUCCEEDED
    assert world.image(old).status is StreamStatus.IMPORT_COMPLETE
    assert not world.secrets.secrets


def test_a_lost_import_is_repaired(world, old: ImportJob):
    world.run_repair(old)
    assert world.operation(old).status is OperationStatus.FAILED
    assert world.asset(old).status is AssetStatus.IMPORT_FAILED
    assert not world.images.groups
    assert not world.secrets.secrets
