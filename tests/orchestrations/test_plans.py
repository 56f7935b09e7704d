"""Jobs that carry their plans, on the engine: what was accepted is what is done."""

from shared.states.enums import GpuType
from shared.states.statuses import OperationStatus
from shared.workflow.kinds import planned
from tests import builders


def test_an_import_takes_the_steps_that_its_job_names_and_no_other(world):
    job = planned(builders.import_job(gpu_type=GpuType.NVIDIA))
    job = job.model_copy(update={"plan": tuple(name for name in job.plan if name != "gpu-driver")})
    world.accept(job)
    world.run(job)
    assert world.operation(job).status is OperationStatus.SUCCEEDED
    assert "begin_gpu_driver" not in world.activities
    assert "begin_restart" in world.activities


def test_every_secret_of_an_operation_is_deleted(world):
    job = builders.import_job().model_copy(update={"further_secrets": ("domain-join",)})
    world.accept(job)
    world.secrets.put("domain-join", "Another-Secret-8")
    world.run(job)
    assert world.operation(job).status is OperationStatus.SUCCEEDED
    assert not world.secrets.secrets
