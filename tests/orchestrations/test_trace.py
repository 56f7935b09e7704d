"""What the history tells of failures: for each step of both actions, one that passes and one that does not."""

import logging

import pytest

from shared.delivery.outbox import Outbox
from shared.errors.azure import ErrorKind, PermanentError, TransientError
from shared.errors.services import SecretUnavailable
from shared.models.history import HistoryEntry
from shared.models.outbox import OutboxEvent
from shared.names import Activity
from shared.ports.azure import Preflight
from shared.states.enums import GpuType, OsType
from shared.workflow import plans, undoing
from shared.workflow.sources import PurchasePlan
from tests import builders
from tests.fakes import FOUND_FACTS
from tests.orchestrations.conftest import PASSWORD

IMPORT = [*plans.import_steps(OsType.WVD, GpuType.NVIDIA), undoing.CLEAN_UP]
COPY = [*plans.copy_steps(replicated=False), undoing.COPY_CLEAN_UP]
METHODS = {
    Activity.PREFLIGHT_IMPORT: "preflight",
    Activity.PROVE_SOURCE_ACCESS: "prove_access",
    Activity.BEGIN_REMOTE_DESKTOP: "begin_run_command",
    Activity.ACCEPT_MARKETPLACE_TERMS: "accept_terms",
    Activity.BEGIN_IMAGE_DEFINITION: "begin_definition",
}
"""The provider's methods that are not called as the activities are."""
UNDOING = {undoing.CLEAN_UP, undoing.COPY_CLEAN_UP}
CASES = [
    *(pytest.param("images", step, id=f"import-{step.name}") for step in IMPORT),
    *(pytest.param("galleries", step, id=f"copy-{step.name}") for step in COPY),
]


def entries(world):
    return sorted(world.catalog.all(HistoryEntry), key=lambda entry: entry.sequence)


def fail(world, provider, step, *errors):
    fake = getattr(world, provider)
    for error in errors:
        fake.fail(METHODS.get(step.begin, str(step.begin)), error)


@pytest.mark.parametrize(("provider", "step"), CASES)
def test_each_step_leaves_its_retry_and_its_failure_in_the_history(world, provider, step):
    job = builders.import_job(gpu_type=GpuType.NVIDIA) if provider == "images" else builders.copy_job()
    plan = PurchasePlan(publisher="p", product="o", name="s")
    world.images.preflight_result = Preflight((), FOUND_FACTS.model_copy(update={"plan": plan}))
    world.accept(job)
    if step in UNDOING:
        fail(world, provider, IMPORT[-2] if provider == "images" else COPY[-2], PermanentError("Cause", "x"))
    passing = TransientError("Passing", "It will pass.", kind=ErrorKind.OUTAGE, correlation_id="c-1")
    fail(world, provider, step, passing, PermanentError("Lasting", "It will not."))
    world.run(job)
    trace = entries(world)
    [retry] = [e for e in trace if e.error and e.error.code == "Passing" and e.entity in ("ASSET", "OPERATION")]
    assert (retry.step, retry.attempt, retry.error.attempt) == (step.name, 2, 1)
    assert (retry.error.message, retry.error.correlation_id) == ("It will pass.", "c-1")
    errors = [error for e in trace if e.error for error in (e.error, *e.error.details) if error.code == "Lasting"]
    assert errors
    for error in errors:
        assert (error.message, error.step, error.attempt) == ("It will not.", step.name, 2)
        assert error.correlation_id == job.operation_id  # our own, as Azure's answer had none
    assert [e.sequence for e in trace] == list(range(1, len(trace) + 1))


def run_refused(world, job, caplog, method, message):
    """Run an import whose VM Azure refuses with a message, twice; returns what is told of it, and all that is kept."""
    caplog.set_level(logging.INFO)
    world.outbox = Outbox(("sink",))
    world.images.takes("virtual_machine", 2)
    world.accept(job)
    world.images.fail(method, TransientError("Busy", message))
    world.images.fail(method, PermanentError("Bad", message))
    world.run(job)
    assert world.operation(job).error.code == "Bad"
    kept = [*entries(world), world.operation(job), world.asset(job), *world.catalog.all(OutboxEvent)]
    told = "".join(record.model_dump_json() for record in kept)
    return told, told + caplog.text + str(world.histories())


@pytest.mark.parametrize("method", ["begin_virtual_machine", "check_virtual_machine"])
def test_the_password_in_azures_words_is_hidden_everywhere(world, job, caplog, method):
    message = f"The password {PASSWORD} is bad, see https://h.example/x?a=1&sig=canary%3D&b=2"
    told, seen = run_refused(world, job, caplog, method, message)
    assert PASSWORD not in seen
    assert "canary" not in seen
    assert "The password [hidden] is bad" in told


@pytest.mark.parametrize("error", [SecretUnavailable("The vault does not answer."), RuntimeError("a fault")])
def test_nothing_of_azures_words_is_shown_while_the_password_can_not_be_read(world, job, caplog, error):
    def vault_is_away(name):
        if name == "check_virtual_machine":
            world.secrets.fail("get", error)

    world.before_activity = vault_is_away
    told, seen = run_refused(world, job, caplog, "check_virtual_machine", f"The password {PASSWORD} is bad.")
    assert PASSWORD not in seen
    assert "is bad" not in seen
    assert "Azure could not make the virtual machine (Bad)." in told


def test_a_request_for_regions_that_is_tried_again_is_in_the_history(world):
    job = builders.copy_job("westus2")
    world.accept(job)
    passing = TransientError("Passing", "It will pass.", kind=ErrorKind.OUTAGE, correlation_id="c-1")
    world.galleries.fail("begin_target_regions", passing)
    world.run(job)
    [retry] = [entry for entry in entries(world) if entry.error]
    assert (retry.entity, retry.step, retry.attempt) == ("OPERATION", "replication", 2)
    assert (retry.error.code, retry.error.attempt, retry.error.correlation_id) == ("Passing", 1, "c-1")
    assert world.operation(job).retry is None
