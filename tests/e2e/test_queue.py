"""More builds than a provider instance makes at once: the others wait, in the order in which they were accepted."""

from datetime import datetime

import pytest

from tests.e2e.stack import Import, Json, Tenant, wait_until

LIMIT = 2
NUMBER = 8


@pytest.fixture(name="tenant")
def _tenant(stack) -> Tenant:
    return Tenant(stack).set_up(maxRunningBuilds=LIMIT)


def put_machines(tenant: Tenant) -> list[Json]:
    """The creations of virtual machines, in the order in which they were asked for."""
    return [
        call for call in tenant.calls() if call["method"] == "PUT" and call["path"].split("/")[-2] == "virtualMachines"
    ]


def most_at_once(operations: list[Json]) -> int:
    """How many operations were under way at the same moment, from their turn to their end."""
    moments = [(datetime.fromisoformat(each["startedAt"]), 1) for each in operations]
    moments += [(datetime.fromisoformat(each["endedAt"]), -1) for each in operations]
    most = now = 0
    for _, change in sorted(moments):
        now += change
        most = max(most, now)
    return most


def test_no_more_machines_than_the_limit_are_made_at_a_time(tenant: Tenant) -> None:
    jobs = [tenant.submit() for _ in range(NUMBER)]
    last = wait_until(lambda: jobs[-1].operation["queue"], "the last to wait")
    assert last["limit"] == LIMIT
    assert last["position"] >= 2
    assert (jobs[-1].operation["status"], jobs[-1].image["status"]) == ("NotStarted", "PENDING")
    operations = [job.ended(180) for job in jobs]
    assert {operation["status"] for operation in operations} == {"Succeeded"}
    assert {str(operation["queue"]) for operation in operations} == {"None"}
    assert most_at_once(operations) == LIMIT
    assert len(tenant.machines()) == NUMBER
    made = [call["path"] for call in put_machines(tenant)]
    assert len(made) == NUMBER
    wanted = [job.copy["assetDetails"]["data"]["vmResourceId"].lower() for job in jobs]
    places = [[path.lower() for path in made].index(each) for each in wanted]
    assert all(abs(place - accepted) < LIMIT for accepted, place in enumerate(places)), places


def test_one_that_waits_is_canceled_and_another_deleted_at_once(stack, tenant: Tenant) -> None:
    stack.arm.patch(f"/_sim/subscriptions/{tenant.subscription}", json={"quotas": {"cores": 1000}})
    jobs = [tenant.submit() for _ in range(5)]
    wait_until(lambda: jobs[-1].operation["queue"], "the last to wait")
    assert stack.api.post(jobs[3].operation_location.replace("?", "/cancel?")).status_code == 202
    answer = tenant.request("DELETE", f"/images/{jobs[4].created['streamId']}")
    assert answer.status_code == 202
    assert jobs[3].ended()["status"] == "Canceled"
    assert Import(tenant, jobs[4].created, answer.headers["Operation-Location"]).ended()["status"] == "Succeeded"
    assert [job.ended()["status"] for job in jobs] == ["Succeeded"] * 3 + ["Canceled"] * 2
    assert len(tenant.machines()) == 3
