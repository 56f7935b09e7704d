"""The import, from acceptance to its end, in every way it can end."""

from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest

from shared.errors.azure import ErrorKind, PermanentError, TransientError
from shared.errors.catalogue import StoreUnavailable
from shared.errors.services import SecretUnavailable
from shared.models.error_info import ErrorInfo
from shared.models.history import HistoryEntry
from shared.models.image import Version
from shared.models.ledger_entry import LedgerState
from shared.models.operation import Operation
from shared.ports.azure import Preflight
from shared.ports.catalog import Page
from shared.states.enums import GpuType, OsType
from shared.states.statuses import AssetStatus, OperationStatus, StreamStatus, VersionStatus
from shared.workflow.outcome import Objection
from shared.workflow.pace import Pace
from shared.workflow.sources import PurchasePlan
from tests import builders
from tests.fakes import FOUND_FACTS
from tests.orchestrations.conftest import PASSWORD

FIRST_PAGE = "the-first-page"
STEPS_OF_A_GPU_IMPORT = [
    "confirm_acceptance",
    "take_turn",
    "preflight_import",
    "accept_marketplace_terms",
    "create_resource_group",
    "begin_network_security_group",
    "begin_virtual_machine",
    "check_guest_agent",
    "begin_remote_desktop",
    "begin_gpu_driver",
    "begin_restart",
    "delete_secret",
]


def story(world):
    """The activities that ran, without those that only write progress."""
    return [name for name in world.activities if name != "record_progress"]


def test_an_import_takes_every_step_in_order_and_ends_complete(world):
    job = builders.import_job(gpu_type=GpuType.NVIDIA, vm_size="Standard_NC4as_T4_v3")
    world.accept(job)
    assert world.run(job) == {"imageId": job.image_id, "assetStatus": "IMPORT_COMPLETE"}
    assert story(world) == STEPS_OF_A_GPU_IMPORT
    assert world.statuses() == ["DEPLOYING_VM", "INSTALLING_AGENTS", "RESTARTING_VM", "IMPORT_COMPLETE"]
    assert world.image(job).status is StreamStatus.IMPORT_COMPLETE
    assert world.operation(job).status is OperationStatus.SUCCEEDED
    assert world.operation(job).percent_complete == 100
    assert set(world.ledger().values()) == {LedgerState.EXISTS}


def test_the_image_is_never_ahead_of_its_version_and_asset(world, job):
    world.accept(job)
    world.run(job)
    entries = sorted(world.catalog.all(HistoryEntry), key=lambda entry: entry.sequence)
    last = [entry.entity for entry in entries if entry.after == "IMPORT_COMPLETE"]
    assert last == ["ASSET", "VERSION", "IMAGE"]
    assert world.catalog.get(Version, job.org_id, job.image_id, job.version_id).status is VersionStatus.IMPORT_COMPLETE


def test_what_azure_made_is_in_the_assets_data(world, job):
    world.accept(job)
    world.run(job)
    data = world.asset(job).data
    assert data["exactVersion"] == FOUND_FACTS.version
    assert data["vmResourceId"].endswith(f"/virtualMachines/vm{job.version_id.replace('-', '')[:12]}")
    assert data["sku"] == "win11-24h2-avd", "what the caller sent stays"


def test_the_password_reaches_the_vm_and_nothing_else(world, job):
    world.accept(job)
    world.run(job)
    assert world.images.passwords == [PASSWORD]
    assert not world.secrets.secrets
    assert PASSWORD.encode() not in world.store_file.read_bytes()
    assert PASSWORD not in repr(world.catalog.all(Operation)) + repr(world.asset(job))


@pytest.mark.parametrize(
    ("os_type", "failure"),
    [
        (OsType.CLIENT, AssetStatus.ALLOW_RDP_FAILED),
        (OsType.WINDOWS, AssetStatus.ALLOW_RDP_FAILED),
        (OsType.SERVER, AssetStatus.ENABLING_RDS_AND_ALLOW_RDP_FAILED),
        (OsType.WVD, AssetStatus.ENABLING_RDS_AND_ALLOW_RDP_FAILED),
    ],
)
def test_a_failing_script_ends_in_the_status_of_its_os_type(world, os_type, failure):
    job = builders.import_job(os_type=os_type)
    world.accept(job)
    world.images.fail("check_run_command", PermanentError("RunCommandFailed", "exit code 1"))
    world.images.takes("run_command", 2)
    world.run(job)
    assert world.asset(job).status is failure


def test_only_servers_and_session_hosts_get_the_role(world):
    for os_type in (OsType.CLIENT, OsType.SERVER):
        job = builders.import_job(os_type=os_type, image_name=f"Image-{os_type}")
        world.accept(job)
        world.run(job)
        script = world.images.scripts["remote-desktop-1"]
        assert ("RDS-RD-Server" in script) is (os_type is OsType.SERVER)


def test_linux_needs_no_remote_desktop(world):
    job = builders.import_job(os_type=OsType.LINUX)
    world.accept(job)
    world.run(job)
    assert "begin_remote_desktop" not in world.activities
    assert world.image(job).status is StreamStatus.IMPORT_COMPLETE


def test_terms_are_accepted_only_for_an_image_that_has_a_plan(world, job):
    plan = PurchasePlan(publisher="p", product="o", name="s")
    world.images.preflight_result = Preflight((), FOUND_FACTS.model_copy(update={"plan": plan}))
    world.accept(job)
    world.run(job)
    assert world.images.accepted_terms == [job.operation_id]


def test_preflight_tells_everything_at_once_and_creates_nothing(world, job):
    findings = (
        Objection(code="SizeNotOffered", message="No such size."),
        Objection(code="QuotaExceeded", message="Full."),
    )
    world.images.preflight_result = Preflight(findings, None)
    world.accept(job)
    world.run(job)
    operation = world.operation(job)
    assert operation.status is OperationStatus.FAILED
    assert [detail.code for detail in operation.error.details] == ["SizeNotOffered", "QuotaExceeded"]
    assert "No such size." in operation.error.message
    assert "create_resource_group" not in world.images.calls
    assert world.image(job).status is StreamStatus.FAILED
    assert not world.secrets.secrets


FAILURES = {
    "accept_terms": AssetStatus.IMPORT_FAILED,
    "create_resource_group": AssetStatus.IMPORT_FAILED,
    "begin_network_security_group": AssetStatus.IMPORT_FAILED,
    "begin_virtual_machine": AssetStatus.IMPORT_FAILED,
    "virtual_machine_details": AssetStatus.IMPORT_FAILED,
    "check_guest_agent": AssetStatus.IMPORT_FAILED,
    "begin_run_command": AssetStatus.ENABLING_RDS_AND_ALLOW_RDP_FAILED,
    "begin_gpu_driver": AssetStatus.AGENT_INSTALLATION_FAILED,
    "begin_restart": AssetStatus.IMPORT_FAILED,
}


@pytest.mark.parametrize(("method", "status"), FAILURES.items())
def test_whatever_fails_for_good_is_undone_and_named(world, method, status):
    job = builders.import_job(gpu_type=GpuType.NVIDIA)
    plan = PurchasePlan(publisher="p", product="o", name="s")
    world.images.preflight_result = Preflight((), FOUND_FACTS.model_copy(update={"plan": plan}))
    world.accept(job)
    world.images.fail(method, PermanentError("SomethingIsWrong", "Mend it.", correlation_id="c-1"))
    world.run(job)
    assert world.asset(job).status is status
    assert world.image(job).status is StreamStatus.FAILED
    error = world.operation(job).error
    assert (error.code, error.message, error.correlation_id) == ("SomethingIsWrong", "Mend it.", "c-1")
    assert error.step is not None
    assert world.asset(job).error == error
    assert not world.images.groups
    assert set(world.ledger().values()) <= {LedgerState.GONE}
    assert not world.secrets.secrets


@pytest.mark.parametrize("method", [*FAILURES, "preflight", "begin_clean_up"])
@pytest.mark.parametrize("kind", [ErrorKind.OUTAGE, ErrorKind.THROTTLED, ErrorKind.BUSY, ErrorKind.CAPACITY])
@pytest.mark.parametrize("after", [False, True], ids=["refused", "answer-lost"])
def test_whatever_may_pass_is_tried_again(world, method, kind, after):
    job = builders.import_job(gpu_type=GpuType.NVIDIA)
    plan = PurchasePlan(publisher="p", product="o", name="s")
    world.images.preflight_result = Preflight((), FOUND_FACTS.model_copy(update={"plan": plan}))
    world.accept(job)
    world.images.fail(method, TransientError("Passing", "Wait.", kind=kind, retry_after=40), times=2, after=after)
    if method == "begin_clean_up":
        world.images.fail("check_guest_agent", PermanentError("X", "x"))
    before = world.now
    world.run(job)
    if method == "begin_clean_up":
        assert not world.images.groups
        assert world.image(job).status is StreamStatus.FAILED
    else:
        assert world.image(job).status is StreamStatus.IMPORT_COMPLETE
        assert world.statuses().count("IMPORT_RETRY_PENDING") == 2
        assert world.now - before >= timedelta(seconds=80), "Azure's own wish is honoured"
    assert len(world.images.passwords) == 1, "no VM is made twice"


def test_a_retry_that_waits_says_when_and_why(world, job):
    world.accept(job)
    seen = []
    world.images.fail("begin_virtual_machine", TransientError("AllocationFailed", "Full.", kind=ErrorKind.CAPACITY))
    update = world.catalog.update

    def spy(*records, **more):
        update(*records, **more)
        seen.append(world.operation(job).retry)

    world.catalog.update = spy
    world.run(job)
    [retry] = [each for each in seen if each]
    assert (retry.attempt, retry.reason.code, retry.reason.step) == (2, "AllocationFailed", "virtual-machine")
    assert retry.at >= builders.NOW + timedelta(minutes=5)
    [entry] = [entry for entry in world.catalog.all(HistoryEntry) if entry.after == "IMPORT_RETRY_PENDING"]
    assert (entry.attempt, entry.error.code, entry.step) == (2, "AllocationFailed", "virtual-machine")


def test_retries_end_and_then_it_has_failed(world, job):
    world.accept(job)
    world.images.fail("create_resource_group", TransientError("InternalServerError", "Oops."), times=100)
    world.run(job)
    assert world.asset(job).status is AssetStatus.IMPORT_FAILED
    assert world.operation(job).error.code == "InternalServerError"


def test_a_bug_in_an_activity_fails_the_import_and_undoes_it(world, job):
    world.accept(job)
    world.images.fail("begin_restart", KeyError("a bug"), times=100)
    world.run(job)
    assert world.operation(job).error.code == "INTERNAL_ERROR"
    assert not world.images.groups
    assert not world.secrets.secrets


def test_long_work_is_waited_for_with_short_histories(world, job):
    world.accept(job)
    world.images.takes("virtual_machine", 60)
    world.run(job)
    assert world.image(job).status is StreamStatus.IMPORT_COMPLETE
    assert world.activities.count("check_virtual_machine") == 60
    longest = max(len(history) for history in world.histories().values())
    assert longest < 200


def test_azures_wish_for_the_next_poll_is_honoured(world, job):
    world.accept(job)
    world.images.takes("virtual_machine", 3)
    world.images.wait_seconds = 200
    before = world.now
    world.run(job)
    assert world.now - before >= timedelta(seconds=600)


def test_a_deadline_ends_in_a_timeout_after_one_last_look(world):
    job = builders.import_job(pace=Pace(deadline_seconds=600))
    world.accept(job)
    world.images.takes("virtual_machine", 10_000)
    world.run(job)
    assert world.asset(job).status is AssetStatus.IMPORT_FAILED_TIMEOUT
    assert world.operation(job).error.code == "DEADLINE_EXCEEDED"
    assert world.now - builders.NOW >= timedelta(seconds=600)
    assert not world.images.groups


def test_a_step_has_a_deadline_of_its_own(world, job):
    world.accept(job)
    world.images.takes("guest_agent", 10_000)
    world.run(job)
    assert world.asset(job).status is AssetStatus.IMPORT_FAILED_TIMEOUT
    assert world.now - builders.NOW < timedelta(hours=1)


def test_what_is_done_at_the_deadline_is_done(world):
    job = builders.import_job(pace=Pace(deadline_seconds=100))
    world.accept(job)
    world.images.takes("restart", 1)
    world.images.wait_seconds = 5000
    world.run(job)
    assert world.image(job).status is StreamStatus.IMPORT_COMPLETE


def test_a_retry_beyond_the_deadline_is_a_timeout_that_names_the_failure(world):
    job = builders.import_job(pace=Pace(deadline_seconds=100))
    world.accept(job)
    world.images.fail("begin_restart", TransientError("AllocationFailed", "Full.", kind=ErrorKind.CAPACITY))
    world.run(job)
    assert world.asset(job).status is AssetStatus.IMPORT_FAILED_TIMEOUT
    assert "AllocationFailed" in world.operation(job).error.message


def test_a_clean_up_that_fails_is_said_and_stays_in_the_ledger(world, job):
    world.accept(job)
    world.images.fail("check_guest_agent", PermanentError("X", "x"))
    world.images.fail("begin_clean_up", PermanentError("ScopeLocked", "Remove the lock."))
    world.run(job)
    error = world.operation(job).error
    assert error.code == "X"
    assert [detail.code for detail in error.details] == ["ScopeLocked"]
    assert LedgerState.EXISTS in world.ledger().values()
    assert world.operation(job).status is OperationStatus.FAILED


def test_storage_may_be_away_for_a_while(world, job):
    world.accept(job)
    for method in ("get", "update", "put", "list"):
        world.catalog.fail(method, StoreUnavailable("away"), times=12)
    world.run(job)
    assert world.image(job).status is StreamStatus.IMPORT_COMPLETE


@pytest.mark.parametrize("method", ["put", "update"])
def test_a_write_whose_answer_was_lost_changes_nothing(world, job, method):
    world.accept(job)
    world.catalog.fail(method, StoreUnavailable("lost"), times=5, after=True)
    world.run(job)
    assert world.image(job).status is StreamStatus.IMPORT_COMPLETE
    entries = world.catalog.all(HistoryEntry)
    assert len({(entry.entity, entry.after) for entry in entries}) == len(entries), "no transition is there twice"


def test_a_vault_that_is_away_is_waited_for(world, job):
    world.accept(job)
    world.secrets.fail("get", SecretUnavailable("away"), times=2)
    world.secrets.fail("delete", SecretUnavailable("away"), times=3)
    world.run(job)
    assert world.image(job).status is StreamStatus.IMPORT_COMPLETE
    assert not world.secrets.secrets


def test_a_secret_that_can_not_be_deleted_does_not_hold_the_end_up_and_is_not_forgotten(world, job):
    """The end is shown after minutes; the deletion is tried again for a day."""
    world.accept(job)
    world.secrets.fail("delete", SecretUnavailable("away"), times=100)
    world.run(job)
    assert world.image(job).status is StreamStatus.IMPORT_COMPLETE
    assert world.operation(job).ended_at - builders.NOW < timedelta(minutes=10)
    assert world.now - builders.NOW > timedelta(hours=2)
    assert not world.secrets.secrets


def test_a_secret_that_is_gone_is_not_waited_for(world, job):
    world.accept(job)
    world.secrets.secrets.clear()
    world.run(job)
    assert world.operation(job).error.code == "SECRET_MISSING"
    assert world.now - builders.NOW < timedelta(minutes=5)


def test_records_that_can_not_be_written_any_more_leave_nothing_in_azure(world, job):
    """Storage is away for good from the middle of the import on."""
    world.accept(job)
    original = world.images.check_guest_agent

    def lose(given):
        world.catalog.fail("update", StoreUnavailable("away"), times=100_000)
        return original(given)

    world.images.check_guest_agent = lose
    assert "INTERNAL_ERROR" in world.run(job)
    assert not world.images.groups
    assert not world.secrets.secrets


def test_short_pages_of_storage_change_nothing(world, job):
    """A page may hold fewer records than asked for, or none, while there are more."""
    world.accept(job)
    original = world.catalog.list
    turns = count()

    def short(kind, partition, query):
        if next(turns) % 2 == 0:
            return Page([], query.continuation or FIRST_PAGE)
        continuation = None if query.continuation == FIRST_PAGE else query.continuation
        return original(kind, partition, replace(query, continuation=continuation, size=1))

    world.catalog.list = short
    world.run(job)
    assert world.image(job).status is StreamStatus.IMPORT_COMPLETE


def test_a_write_that_lands_late_keeps_its_history(world, job):
    """The first try times out, and lands while the second is being made."""
    world.accept(job)
    late: list[object] = []
    update, put = world.catalog.update, world.catalog.put

    def slow(*records, **more):
        if not late and any(record.kind == "asset" for record in records):
            late.extend(records)
            raise StoreUnavailable("timed out")
        update(*records, **more)

    def put_after_landing(record):
        put(record)
        if late and late != ["landed"] and isinstance(record, HistoryEntry):
            update(*late)
            late[:] = ["landed"]

    world.catalog.update, world.catalog.put = slow, put_after_landing
    world.run(job)
    assert world.image(job).status is StreamStatus.IMPORT_COMPLETE
    assert world.statuses() == ["DEPLOYING_VM", "RESTARTING_VM", "IMPORT_COMPLETE"]


def test_a_step_that_is_tried_again_and_again_keeps_its_histories_short(world, job):
    world.accept(job)
    error = TransientError("TooManyRequests", "Slow down.", kind=ErrorKind.THROTTLED, retry_after=30)
    world.images.fail("begin_virtual_machine", error, times=35)
    world.run(job)
    assert world.image(job).status is StreamStatus.IMPORT_COMPLETE
    assert max(len(history) for history in world.histories().values()) < 220


def test_nothing_is_cleaned_up_where_nothing_was_begun(world, job):
    world.accept(job)
    world.images.fail("preflight", PermanentError("NoToken", "Sign in."))
    world.run(job)
    assert "begin_clean_up" not in world.images.calls
    assert world.operation(job).percent_complete == 0


def test_a_failed_asset_does_not_name_what_is_gone(world, job):
    world.accept(job)
    world.images.fail("begin_restart", PermanentError("X", "x"))
    world.run(job)
    assert set(world.asset(job).data) == {"publisher", "offer", "sku"}


def test_the_records_may_come_a_moment_after_the_start(world, job):
    world.secrets.put(job.secret_name, PASSWORD)
    look = world.catalog.get

    def appear(kind, partition, *ids):
        if kind is Operation and world.activities.count("confirm_acceptance") == 2:
            world.catalog.get = look
            world.catalog.create(*builders.accepted(job))
        return look(kind, partition, *ids)

    world.catalog.get = appear
    world.run(job)
    assert world.image(job).status is StreamStatus.IMPORT_COMPLETE


def test_a_request_that_was_never_accepted_is_given_up_for_good(world, job):
    world.secrets.put(job.secret_name, PASSWORD)
    assert world.run(job) == {"imageId": job.image_id, "abandoned": True}
    assert not world.secrets.secrets
    assert not world.images.calls
    assert world.operation(job).status is OperationStatus.CANCELED
    assert isinstance(world.operation(job).error, ErrorInfo)


def test_records_that_vanish_still_leave_nothing_in_azure(world, job):
    world.accept(job)
    original = world.images.check_guest_agent

    def vanish(given):
        world.catalog.delete(world.operation(job).model_copy(update={"etag": None}))
        return original(given)

    world.images.check_guest_agent = vanish
    output = world.run(job)
    assert "RECORDS_CHANGED" in output
    assert not world.images.groups
    assert not world.secrets.secrets


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("at", range(21))
def test_a_host_that_dies_at_any_activity_goes_on(world, at, moment):
    job = builders.import_job(gpu_type=GpuType.NVIDIA)
    world.accept(job)
    world.crash_at, world.crash_moment = at, moment
    world.run(job)
    assert world.crash_at is None, "it died"
    assert world.image(job).status is StreamStatus.IMPORT_COMPLETE
    assert len(world.images.passwords) == 1
    assert world.statuses() == ["DEPLOYING_VM", "INSTALLING_AGENTS", "RESTARTING_VM", "IMPORT_COMPLETE"]


def test_the_portal_shows_image_step_and_percentage(world, job):
    world.accept(job)
    world.run(job)
    assert world.custom_statuses[-1] == {
        "imageId": job.image_id,
        "imageName": job.image_name,
        "percent": 100,
        "status": "IMPORT_COMPLETE",
    }
