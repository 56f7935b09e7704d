"""The events of whole operations: every change of status of the history, once, and in order."""

from datetime import timedelta

import pytest

from shared.delivery.outbox import Outbox
from shared.delivery.sender import Sender
from shared.errors.azure import ErrorKind, PermanentError, TransientError
from shared.models.cloud_event import CloudEvent
from shared.models.history import HistoryEntry
from shared.models.outbox import OutboxEvent
from tests import builders
from tests.orchestrations.conftest import PASSWORD
from tests.orchestrations.test_delete import delete


class Taken(list[CloudEvent]):
    def send(self, event: CloudEvent) -> None:
        self.append(event)


@pytest.fixture(name="taken")
def _taken(world):
    world.outbox = Outbox(("one", "two"))
    return Taken()


def deliver(world, taken):
    Sender(world.catalog, "one", taken, lambda: builders.NOW).deliver()
    return taken


def assert_history_is_told(world, taken):
    entries = sorted(world.catalog.all(HistoryEntry), key=lambda entry: entry.sequence)
    entries = [entry for entry in entries if entry.entity != "OPERATION"]
    told = [(int(event.sequence), event.data.before, event.data.after, event.data.step) for event in taken]
    assert told == [(each.sequence, each.before, each.after, each.step) for each in entries]


@pytest.mark.parametrize("crash_moment", ["before", "after"])
def test_an_import_tells_each_status_once_and_in_order(world, job, taken, crash_moment):
    world.accept(job)
    world.crash_at, world.crash_moment = 8, crash_moment
    world.run(job)
    deliver(world, taken)
    assert_history_is_told(world, taken)
    copies = [event.data.after for event in taken if event.type.endswith("CopyStatusChanged")]
    assert copies == ["DEPLOYING_VM", "RESTARTING_VM", "IMPORT_COMPLETE"]
    assert [int(event.sequence) for event in taken] == list(range(1, len(taken) + 1))
    assert {row.sink for row in world.catalog.all(OutboxEvent)} == {"two"}


def test_a_retry_and_a_failure_say_why(world, job, taken):
    world.accept(job)
    busy = TransientError("Conflict", "Busy.", kind=ErrorKind.BUSY, correlation_id="c-1")
    world.images.fail("begin_virtual_machine", busy)
    world.images.fail("begin_virtual_machine", PermanentError("QuotaExceeded", "Ask.", correlation_id="c-2"))
    world.run(job)
    deliver(world, taken)
    assert_history_is_told(world, taken)
    told = {event.data.after: event.data for event in taken if event.data.asset_id}
    waiting, failed = told["IMPORT_RETRY_PENDING"], told["IMPORT_FAILED"]
    assert (waiting.error.code, waiting.error.correlation_id, waiting.step) == ("Conflict", "c-1", "virtual-machine")
    assert (failed.error.code, failed.error.message, failed.error.correlation_id) == ("QuotaExceeded", "Ask.", "c-2")


def test_a_copy_tells_of_each_of_its_regions(world, taken):
    job = builders.copy_job("westus2", "northeurope")
    world.accept(job)
    world.run(job)
    deliver(world, taken)
    assert_history_is_told(world, taken)
    available = {event.data.asset_id for event in taken if event.data.after == "AVAILABLE"}
    assert available >= {job.asset_id, *(replica.asset_id for replica in job.replicas)}


def test_a_deletion_tells_of_its_end_last(world, job, taken):
    world.accept(job)
    world.run(job)
    world.now += timedelta(hours=1)
    operation = delete(world, job)
    deliver(world, taken)
    assert_history_is_told(world, taken)
    version, image = taken[-2:]
    assert (version.type, version.data.after) == ("ImageCatalog.VersionStatusChanged", "DELETED")
    assert (image.type, image.data.before, image.data.after) == (
        "ImageCatalog.ImageStatusChanged",
        "DELETING",
        "DELETED",
    )
    assert image.data.operation_id == operation.id
    assert len({event.id for event in taken}) == len(taken)


def test_no_event_holds_the_password(world, job, taken):
    world.accept(job)
    world.images.fail("begin_virtual_machine", PermanentError("Bad", "No."))
    world.run(job)
    assert taken == []
    assert deliver(world, taken)
    assert PASSWORD not in "".join(event.model_dump_json() for event in taken)
