"""What callers see of the queue, and what decides on it."""

from datetime import timedelta

import pytest

from shared.models.operation import Operation, Ticket
from shared.models.provider_instance import ProviderInstance
from shared.settings import Settings, SettingsError
from shared.states.statuses import OperationStatus
from tests.builders import NOW, ORG, PROVIDER, accepted, import_job, provider_instance
from tests.unit.api.client import Answer, Api, import_body, provider_body
from triggers.http.queue_places import queues


def waiting(api: Api, number: int, running: int = 0) -> list[str]:
    """Accept so many imports, the first of which are at work; returns the ids of their operations."""
    jobs = [import_job(image_name=f"Image-{place}") for place in range(number)]
    for place, job in enumerate(jobs):
        api.catalog.create(*accepted(job, NOW + timedelta(seconds=place)))
    for ticket in api.catalog.all(Ticket)[:running]:
        api.catalog.update(ticket.model_copy(update={"running": True}))
    return [job.operation_id for job in jobs]


def put(api: Api, provider_id: str, limit: object) -> Answer:
    """PUT a provider instance with a limit."""
    body = provider_body(maxRunningBuilds=limit)
    return api.request("PUT", f"/imagemgmt/v1/provider-instances/{provider_id}", body, org_id=ORG)


def test_an_accepted_request_has_a_ticket(api: Api):
    api.post(import_body())
    [operation], [ticket] = api.catalog.all(Operation), api.catalog.all(Ticket)
    assert (ticket.operation_id, ticket.running) == (operation.id, False)
    assert ticket.provider_instance_id == operation.job["provider"]["id"]
    assert ticket.queued_at == operation.queued_at == operation.created_at
    assert operation.job["queues"] is True


def test_an_operation_that_waits_tells_its_place(api: Api):
    ids = waiting(api, 5, running=2)
    api.catalog.put(provider_instance(max_running_builds=2))
    places = [api.get(f"operations/{each}").json["queue"] for each in ids]
    assert places[:2] == [None, None]
    assert places[2:] == [{"position": place, "running": 2, "limit": 2} for place in (1, 2, 3)]
    assert api.get(f"operations/{ids[4]}").json["status"] == "NotStarted"


def test_a_list_of_operations_tells_their_places_and_reads_the_queue_once(api: Api):
    ids = waiting(api, 8, running=1)
    api.catalog.calls.clear()
    listed = {each["id"]: each["queue"] for each in api.get("operations").json["value"]}
    assert [listed[each] and listed[each]["position"] for each in ids] == [None, 1, 2, 3, 4, 5, 6, 7]
    assert api.catalog.calls.count("list") == 2, "the operations, and the tickets"


def test_however_often_places_are_asked_for_the_queue_is_read_once_in_a_second(
    api: Api, monkeypatch: pytest.MonkeyPatch
):
    now = 1000.0
    monkeypatch.setattr("triggers.http.queue_places.time.monotonic", lambda: now)
    ids = waiting(api, 3, running=1)
    api.catalog.calls.clear()
    assert [api.get(f"operations/{each}").json["queue"]["position"] for each in ids[1:] * 5] == [1, 2] * 5
    assert api.catalog.calls.count("list") == 1
    late, latest = import_job(image_name="Late"), import_job(image_name="Latest")
    for seconds, job in enumerate((late, latest), 10):
        api.catalog.create(*accepted(job, NOW + timedelta(seconds=seconds)))
    assert api.get(f"operations/{latest.operation_id}").json["queue"]["position"] == 3, "behind those that were seen"
    now += 1
    assert api.get(f"operations/{latest.operation_id}").json["queue"]["position"] == 4
    assert api.catalog.calls.count("list") == 2


def test_one_that_is_under_way_or_has_ended_waits_no_longer(api: Api):
    [operation_id] = waiting(api, 1)
    for status in (OperationStatus.RUNNING, OperationStatus.SUCCEEDED):
        operation = api.catalog.get(Operation, ORG, operation_id)
        api.catalog.update(operation.model_copy(update={"status": status}))
        assert api.get(f"operations/{operation_id}").json["queue"] is None


def test_one_that_waits_is_told_of_its_cancellation(api: Api):
    [operation_id] = waiting(api, 1)
    assert api.request("POST", f"/imagemgmt/v1/operations/{operation_id}/cancel", org_id=ORG).status == 202
    assert api.client.events == [(f"{operation_id}:queue", "cancel")]


def test_the_limit_is_the_provider_instances_own_or_that_of_the_deployment(api: Api, settings: Settings):
    [operation_id] = waiting(api, 1)
    assert api.get(f"operations/{operation_id}").json["queue"]["limit"] == settings.max_running_builds == 20
    answer = put(api, PROVIDER, 7)
    assert (answer.status, answer.json["maxRunningBuilds"]) == (200, 7)
    queues.forget()
    assert api.get(f"operations/{operation_id}").json["queue"]["limit"] == 7
    assert api.catalog.get(ProviderInstance, ORG, PROVIDER).max_running_builds == 7


@pytest.mark.parametrize("limit", [0, -1, 1001, "many", 1.5, [3]], ids=str)
def test_a_limit_must_be_a_number_from_1_to_1000(api: Api, limit: object):
    answer = put(api, "another", limit)
    assert (answer.status, answer.findings) == (400, {("INVALID_VALUE", "/maxRunningBuilds")})


@pytest.mark.parametrize("value", ["0", "1001", "many"])
def test_the_deployments_limit_is_checked(value: str):
    environment = {"AzureWebJobsStorage": "x", "KEY_VAULT_URL": "https://v.example", "MAX_RUNNING_BUILDS": value}
    with pytest.raises(SettingsError, match="MAX_RUNNING_BUILDS"):
        Settings.from_environment(environment)
