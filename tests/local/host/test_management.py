"""The public management API over plain HTTP."""

import json
from collections.abc import Iterator

import pytest

from local.host.server import running
from tests.local.host.conftest import APPS, Hub, connected

BASE = "/runtime/webhooks/durabletask"


@pytest.fixture(name="hub", scope="module")
def _hub() -> Iterator[Hub]:
    with running(APPS / "client") as host, connected(host.url) as hub:
        yield hub


def test_a_start_answers_with_the_urls_to_manage_the_instance(hub: Hub) -> None:
    response = hub.http.post(f"{BASE}/orchestrators/echo/with-urls", json={"a": 1})
    assert response.status_code == 202
    assert response.headers["retry-after"] == "10"
    assert response.headers["location"] == response.json()["statusQueryGetUri"]
    assert set(response.json()) == {
        "id",
        "statusQueryGetUri",
        "sendEventPostUri",
        "terminatePostUri",
        "purgeHistoryDeleteUri",
        "restartPostUri",
        "suspendPostUri",
        "resumePostUri",
    }
    assert hub.completed("with-urls")["output"] == {"a": 1}


def test_operations_and_query_keys_ignore_case(hub: Hub) -> None:
    instance_id = hub.start("one_event")
    headers = {"Content-Type": "application/json"}
    path = f"/Runtime/WebHooks/DurableTask/Instances/{instance_id}/RAISEEVENT/Go"
    assert hub.http.post(path, content="1", headers=headers).status_code == 202
    hub.completed(instance_id)
    body = hub.http.get(f"{BASE}/instances/{instance_id}?SHOWINPUT=FALSE&ShowHistory=True").json()
    assert body["input"] is None
    assert body["historyEvents"]


def test_a_running_instance_is_202_and_an_ended_one_200(hub: Hub) -> None:
    instance_id = hub.start("one_event")
    response = hub.http.get(f"{BASE}/instances/{instance_id}")
    assert response.status_code == 202
    assert response.headers["retry-after"] == "5"
    assert response.headers["location"].startswith(f"{hub.http.base_url}{BASE}/instances/{instance_id}")
    hub.event(instance_id, "Go", 1)
    hub.completed(instance_id)
    assert hub.http.get(f"{BASE}/instances/{instance_id}").status_code == 200


def test_a_failed_instance_is_500_only_on_request(hub: Hub) -> None:
    """An input that is no object and not encoded twice fails in get_input, as on the real host."""
    instance_id = hub.http.post(f"{BASE}/orchestrators/echo", json=5).json()["id"]
    assert hub.ended(instance_id)["runtimeStatus"] == "Failed"
    path = f"{BASE}/instances/{instance_id}"
    assert hub.http.get(path).status_code == 200
    assert hub.http.get(f"{path}?returnInternalServerErrorOnFailure=true").status_code == 500


def test_a_start_may_wait_for_the_output(hub: Hub) -> None:
    response = hub.http.post(f"{BASE}/orchestrators/echo?timeout=10&pollingInterval=0.01", json={"a": 1})
    assert (response.status_code, response.json()) == (200, {"a": 1})
    response = hub.http.post(f"{BASE}/orchestrators/one_event?timeout=0.02&pollingInterval=0.01")
    assert response.status_code == 202


@pytest.mark.parametrize(
    ("path", "content", "code"),
    [
        ("orchestrators/nobody", "", 202),
        ("orchestrators/echo", "{broken", 400),
        ("orchestrators/echo/@entity", "", 202),
        ("orchestrators/echo/odd%23id", "", 202),
        ("orchestrators/echo/a%2Fb", "", 404),
        ("orchestrators/echo?timeout=soon&pollingInterval=1", "", 202),
        ("orchestrators/one_event?timeout=nan&pollingInterval=1", "", 400),
        ("orchestrators/one_event?timeout=nan", "", 400),
        ("orchestrators/one_event?timeout=1e30&pollingInterval=1", "", 500),
        ("orchestrators/one_event?timeout=Infinity&pollingInterval=1", "", 500),
        ("orchestrators/echo?timeout=1_0&pollingInterval=0.1", "", 202),
        ("orchestrators/one_event?timeout=inf&pollingInterval=1", "", 202),
        ("orchestrators/echo?timeout=1&pollingInterval=2", "", 400),
        ("instances/nobody/raiseEvent/Go", "1", 404),
        ("instances/nobody/terminate", "", 404),
        ("instances/nobody/no-such-operation", "", 404),
        ("instances/nobody/restart", "", 400),
        ("instances/nobody/rewind", "", 404),
        ("instances/nobody/suspend", "", 404),
        ("instances/nobody/resume", "", 404),
        ("entities/nobody/a", "", 400),
        ("entities/counter/a/b", "", 404),
        ("makeprimary", "", 200),
    ],
)
def test_what_cannot_be_done_has_its_status_code(hub: Hub, path: str, content: str, code: int) -> None:
    response = hub.http.post(f"{BASE}/{path}", content=content, headers={"Content-Type": "application/json"})
    assert response.status_code == code, response.text
    if code == 400:
        assert response.json()["Message"]


def test_an_event_must_be_json(hub: Hub) -> None:
    instance_id = hub.start("one_event")
    path = f"{BASE}/instances/{instance_id}/raiseEvent/Go"
    assert hub.http.post(path, content="1", headers={"Content-Type": "text/plain"}).status_code == 400
    assert hub.http.post(path, content="{", headers={"Content-Type": "application/json"}).status_code == 400


def test_an_unknown_instance_is_404_with_an_empty_body(hub: Hub) -> None:
    response = hub.http.get(f"{BASE}/instances/nobody")
    assert (response.status_code, response.content) == (404, b"")
    assert hub.http.delete(f"{BASE}/instances/nobody").status_code == 404


def test_a_list_comes_in_pages(hub: Hub) -> None:
    wanted = [hub.start("one_event", instance_id=f"page-{number}") for number in range(5)]
    found: list[str] = []
    headers: dict[str, str] = {}
    while True:
        query = {"top": "2", "instanceIdPrefix": "page-"}
        response = hub.http.get(f"{BASE}/instances", params=query, headers=headers)
        assert len(response.json()) <= 2
        found += [each["instanceId"] for each in response.json()]
        if not response.headers["x-ms-continuation-token"]:
            break
        headers = {"x-ms-continuation-token": response.headers["x-ms-continuation-token"]}
    assert found == wanted
    assert hub.http.get(f"{BASE}/instances", headers={"x-ms-continuation-token": "of another"}).json() == []


def test_purging_several_needs_a_time(hub: Hub) -> None:
    assert hub.http.delete(f"{BASE}/instances").status_code == 400
    assert hub.http.delete(f"{BASE}/instances?createdTimeFrom=2999-01-01T00:00:00Z").status_code == 404
    assert hub.http.delete(f"{BASE}/instances?createdTimeFrom=yesterday").status_code == 400


def test_a_purge_without_a_status_takes_what_runs_with_its_mail(hub: Hub) -> None:
    instance_id = hub.start("one_event")
    hub.until(instance_id, lambda status: status["runtimeStatus"] == "Running")
    response = hub.http.delete(f"{BASE}/instances/{instance_id}")
    assert (response.status_code, response.json()[:22]) == (412, "Only orchestrations in")
    assert hub.http.delete(f"{BASE}/instances?createdTimeFrom=2000-01-01T00:00:00Z").json()["instancesDeleted"] >= 1
    assert hub.http.get(f"{BASE}/instances/{instance_id}").status_code == 404
    response = hub.http.post(
        f"{BASE}/instances/{instance_id}/raiseEvent/Go",
        content=json.dumps(1),
        headers={"Content-Type": "application/json"},
    )
    assert response.status_code == 404


def test_a_start_that_cannot_be_read_starts_nothing(hub: Hub) -> None:
    path = f"{BASE}/orchestrators/echo/never-begun"
    assert hub.http.post(path, content="{").status_code == 400
    assert hub.http.get(f"{BASE}/instances/never-begun").status_code == 404
