"""Resource events: whom they wake, and that they do nothing else, whatever they say."""

import asyncio
from typing import Any

import azure.functions as func
import pytest

from local.host.eventgrid import decoded
from shared import wiring
from shared.catalogue import ledger
from shared.errors.catalogue import StoreUnavailable
from shared.models.ledger_entry import LedgerEntry, LedgerState, ResourceOwner
from shared.states.statuses import OperationStatus
from shared.workflow.naming import gallery_target, staging
from tests import builders
from tests.fakes import FakeCatalogStore
from tests.unit.api.client import FakeDurableClient
from triggers.events import resource_events
from triggers.events.event_subjects import owned_as, resource_of

WRITTEN = "Microsoft.Resources.ResourceWriteSuccess"
NEWS = "news"


@pytest.fixture(name="catalog")
def _catalog(monkeypatch: pytest.MonkeyPatch) -> FakeCatalogStore:
    catalog = FakeCatalogStore()
    monkeypatch.setattr(wiring, "catalog", lambda: catalog)
    return catalog


@pytest.fixture(name="client")
def _client() -> FakeDurableClient:
    return FakeDurableClient()


def event_grid(subject: Any, kind: Any = WRITTEN, data: Any = None) -> dict[str, Any]:
    body = {"id": "e-1", "topic": "/subscriptions/s", "subject": subject, "eventType": kind, "dataVersion": "2"}
    return body | {"data": {"resourceUri": subject} if data is None else data}


def cloud(subject: Any, kind: Any = WRITTEN, data: Any = None) -> dict[str, Any]:
    body = {"specversion": "1.0", "id": "e-1", "source": "/subscriptions/s", "subject": subject, "type": kind}
    return body | {"data": {"resourceUri": subject} if data is None else data}


def deliver(client: FakeDurableClient, event: dict[str, Any]) -> None:
    """As the worker does it, through the SDK's own converter."""
    [builder] = resource_events.bp._function_builders
    handler = builder.build(func.AuthLevel.FUNCTION).get_user_function().client_function
    asyncio.run(handler(event=decoded(event), client=client))


def at_work(catalog: FakeCatalogStore, job: Any, step: str = "virtual-machine", **overrides: Any) -> None:
    """An operation at a step, whose resources are in the ledger."""
    image, version, *others = builders.accepted(job)
    operation = next(each for each in others if each.kind == "operation")
    status = {"status": OperationStatus.RUNNING, "step": step} | overrides
    catalog.create(image, version, *(each for each in others if each is not operation))
    catalog.create(operation.model_copy(update=status))
    resources = ledger.group_resources(job) if job.action == "import" else ledger.version_resources(job)
    ledger.write(catalog, job, resources, LedgerState.CREATING, builders.NOW)


@pytest.mark.parametrize("schema", [event_grid, cloud])
@pytest.mark.parametrize("kind", ["WriteSuccess", "WriteFailure", "DeleteSuccess", "ActionSuccess"])
def test_the_step_that_works_on_a_resource_is_told(catalog, client, schema, kind):
    job = builders.import_job()
    at_work(catalog, job)
    deliver(client, schema(staging(job).vm_id, f"Microsoft.Resources.Resource{kind}"))
    assert client.events == [(f"{job.operation_id}:virtual-machine", NEWS)]


@pytest.mark.parametrize("schema", [event_grid, cloud])
def test_what_is_below_a_machine_belongs_to_the_operation_too_in_any_letter_case(catalog, client, schema):
    job = builders.import_job()
    at_work(catalog, job, "enable-rds")
    deliver(client, schema(f"{staging(job).vm_id}/runCommands/remote-desktop-1".upper()))
    assert client.events == [(f"{job.operation_id}:enable-rds", NEWS)]


def test_a_version_in_a_gallery_has_its_own_owner(catalog, client):
    job, other = builders.copy_job(), builders.copy_job(image_name="Other")
    at_work(catalog, job, "image-version")
    deliver(client, cloud(gallery_target(other).version_id))
    assert client.events == []
    deliver(client, cloud(gallery_target(job).version_id))
    assert client.events == [(f"{job.operation_id}:image-version", NEWS)]


def test_a_deletion_is_told_of_what_the_ended_operation_made(catalog, client):
    job = builders.import_job()
    deletion = builders.operation(id="deletion-1", status=OperationStatus.RUNNING, step="remove-machine")
    at_work(catalog, job, status=OperationStatus.SUCCEEDED)
    deliver(client, event_grid(staging(job).group_id, "Microsoft.Resources.ResourceDeleteSuccess"))
    assert client.events == []
    image = next(each for each in builders.accepted(job) if each.kind == "image")
    catalog.put(image.model_copy(update={"deletion_id": deletion.id}))
    catalog.put(deletion)
    deliver(client, event_grid(staging(job).group_id, "Microsoft.Resources.ResourceDeleteSuccess"))
    assert client.events == [("deletion-1:remove-machine", NEWS)]


@pytest.mark.parametrize("schema", [event_grid, cloud])
@pytest.mark.parametrize(
    ("subject", "kind", "data"),
    [
        ("/subscriptions/s/resourceGroups/rg-of-others", WRITTEN, None),
        ("", WRITTEN, None),
        (None, None, None),
        (7, WRITTEN, {"resourceUri": ["a", "list"]}),
        ("/subscriptions/s", WRITTEN, {}),
        ("x" * 1_000_000, WRITTEN, None),
        ("/" * 10_000, WRITTEN, "text"),
        ("/subscriptions/s/resourceGroups/" + "a/" * 100_000, WRITTEN, [1, 2]),
        ("\x00\ud800", WRITTEN, {"resourceUri": "\x00"}),
        ("OURS", "ImageCatalog.CreateRequested", None),
    ],
    ids=["unknown", "empty", "none", "numbers", "subscription", "huge", "slashes", "deep", "broken", "another-type"],
)
def test_what_is_forged_or_garbage_wakes_nobody_and_writes_nothing(catalog, client, schema, subject, kind, data):
    job = builders.import_job()
    at_work(catalog, job)
    catalog.calls.clear()
    deliver(client, schema(staging(job).group_id if subject == "OURS" else subject, kind, data))
    assert client.events == []
    assert set(catalog.calls) <= {"get"}
    assert len(catalog.calls) <= 2


def test_an_event_can_only_wake_the_owner_of_its_resource(catalog, client):
    """Nothing of its data counts but the resource: it can't name an org, an operation or a status."""
    ours, theirs = builders.import_job(), builders.import_job(org_id="org-others", image_name="Theirs")
    at_work(catalog, ours)
    at_work(catalog, theirs)
    before = [record.to_json() for record in catalog.all(LedgerEntry)]
    lies = {"resourceUri": staging(theirs).vm_id, "orgId": ours.org_id, "operationId": ours.operation_id}
    deliver(client, event_grid(staging(ours).vm_id, data=lies | {"status": "Failed"}))
    assert client.events == [(f"{theirs.operation_id}:virtual-machine", NEWS)]
    assert [record.to_json() for record in catalog.all(LedgerEntry)] == before


@pytest.mark.parametrize("status", [status for status in OperationStatus if status.ended], ids=str)
def test_what_has_ended_is_left_alone(catalog, client, status):
    job = builders.import_job()
    at_work(catalog, job, status=status)
    deliver(client, cloud(staging(job).vm_id))
    assert client.events == []


def test_the_removal_of_what_a_failed_operation_kept_is_woken(catalog, client):
    job = builders.import_job()
    at_work(catalog, job, status=OperationStatus.FAILED, kept=True, step="clean-up")
    deliver(client, cloud(staging(job).vm_id))
    assert client.events == [(f"{job.operation_id}:clean-up", "news")]


def test_an_instance_that_is_not_there_is_no_failure(catalog, client):
    job = builders.import_job()
    at_work(catalog, job)
    client.failure = Exception("No instance with ID found.")
    deliver(client, cloud(staging(job).vm_id))


def test_storage_that_is_away_lets_the_event_come_again(catalog, client):
    job = builders.import_job()
    at_work(catalog, job)
    catalog.fail("get", StoreUnavailable("busy"))
    with pytest.raises(StoreUnavailable):
        deliver(client, cloud(staging(job).vm_id))
    deliver(client, cloud(staging(job).vm_id))
    assert len(client.events) == 1


def test_the_owner_is_known_before_the_resource_is_in_the_ledger(catalog):
    job = builders.copy_job()
    catalog.fail("put", StoreUnavailable("busy"))
    with pytest.raises(StoreUnavailable):
        ledger.write(catalog, job, ledger.version_resources(job), LedgerState.CREATING, builders.NOW)
    assert not catalog.all(LedgerEntry)
    ledger.write(catalog, job, ledger.version_resources(job), LedgerState.CREATING, builders.NOW)
    [owner] = catalog.all(ResourceOwner)
    assert (owner.org_id, owner.operation_id) == (job.org_id, job.operation_id)


def test_the_resource_in_the_data_goes_before_the_subject():
    group = "/subscriptions/S/resourceGroups/RG"
    assert resource_of(f"{group}/a", {"resourceUri": f"{group}/b"}) == f"{group}/b".lower()
    assert resource_of(f"{group}/a", None) == f"{group}/a".lower()
    assert owned_as(f"{group}/providers/x") == (f"{group}/providers/x".lower(), group.lower())
    assert owned_as(group) == (group.lower(),)
