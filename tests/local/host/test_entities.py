"""Entities: calls, signals, state, and the API that shows them."""

import logging
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.host.server import running
from tests.local.host.conftest import APPS, Hub, Process, connected, kinds

BASE = "/runtime/webhooks/durabletask"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(name="hub", scope="module")
def _hub() -> Iterator[Hub]:
    with running(APPS / "control") as host, connected(host.url) as hub:
        yield hub


def send(hub: Hub, key: str, operation: str, body: str = "") -> None:
    """Signal a counter; the body is encoded twice, as the SDK's client does it."""
    response = hub.http.post(f"{BASE}/entities/counter/{key}?op={operation}", content=body, headers=JSON)
    assert (response.status_code, response.content) == (202, b"")


def state(hub: Hub, key: str) -> object:
    response = hub.http.get(f"{BASE}/entities/Counter/{key}")
    return response.json() if response.status_code == 200 else response.status_code


def until_state(hub: Hub, key: str, wanted: object) -> None:
    """Poll by way of an orchestration, which takes its turn after what was sent before."""
    hub.until(hub.start("echo", {}), lambda _: state(hub, key) == wanted)


def test_an_orchestrator_calls_signals_and_hears_the_answers(hub: Hub) -> None:
    status = hub.completed(hub.start("counts"))
    assert status["output"] == [5, 15]
    assert kinds(status).count("EventSent") == 3
    assert kinds(status).count("EventRaised") == 2


def test_calls_at_once_are_worked_one_after_the_other(hub: Hub) -> None:
    assert hub.run("counts_together", 120) == list(range(1, 121))
    assert state(hub, "shared") == 120


def test_a_signal_over_http_changes_the_state(hub: Hub) -> None:
    assert state(hub, "signalled") == 404
    send(hub, "signalled", "add", '"5"')
    until_state(hub, "signalled", 5)


@pytest.mark.parametrize(("orchestrator", "sum_of_signals"), [("signals_and_ends", 3), ("signals_in_each_life", 6)])
def test_a_signal_goes_out_although_its_sender_is_over(hub: Hub, orchestrator: str, sum_of_signals: int) -> None:
    instance_id = hub.start(orchestrator, 3)
    hub.completed(instance_id)
    until_state(hub, instance_id, sum_of_signals)


def test_an_operation_that_raises_fails_its_call_and_the_entity_lives_on(
    hub: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    """What the operation set before it raised stays: the SDK rolls nothing back."""
    instance_id = hub.start("calls_operation", "break")
    assert hub.completed(instance_id)["output"] == "caught broken on purpose"
    assert "Operation break failed" in caplog.text
    assert caplog.text.count("ValueError: broken on purpose") == 1
    until_state(hub, instance_id, 1000)


def test_a_state_that_is_no_json_fails_the_call_and_changes_nothing(hub: Hub) -> None:
    instance_id = hub.start("calls_operation", "spoil")
    assert "caught" in hub.completed(instance_id)["output"]
    assert state(hub, instance_id) == 404


def test_an_entity_may_delete_itself(hub: Hub) -> None:
    send(hub, "short-lived", "add", '"1"')
    until_state(hub, "short-lived", 1)
    assert hub.http.delete(f"{BASE}/entities/counter/short-lived").status_code == 202
    until_state(hub, "short-lived", 404)


def test_purging_deletes_an_entity(hub: Hub) -> None:
    send(hub, "purged", "add", '"1"')
    until_state(hub, "purged", 1)
    assert hub.http.delete(f"{BASE}/instances/@counter@purged").json() == {"instancesDeleted": 1}
    assert state(hub, "purged") == 404


def test_entities_are_listed_in_pages(hub: Hub) -> None:
    for key in ("list-1", "list-2", "list-3"):
        send(hub, key, "add", '"7"')
        until_state(hub, key, 7)
    found: list[dict[str, Any]] = []
    headers: dict[str, str] = {}
    while True:
        response = hub.http.get(f"{BASE}/entities/counter?top=2&fetchState=true", headers=headers)
        found += response.json()
        if not response.headers["x-ms-continuation-token"]:
            break
        headers = {"x-ms-continuation-token": response.headers["x-ms-continuation-token"]}
    listed = {each["entityId"]["key"]: each for each in found}
    assert listed["list-2"] == {
        "entityId": {"name": "counter", "key": "list-2"},
        "lastOperationTime": listed["list-2"]["lastOperationTime"],
        "state": 7,
    }
    assert hub.http.get(f"{BASE}/entities").json()[0]["state"] is None
    assert hub.http.get(f"{BASE}/entities/nobody").json() == []


def test_unknown_entities_are_refused_by_name(hub: Hub) -> None:
    response = hub.http.post(f"{BASE}/entities/nobody/a?op=add")
    assert response.status_code == 400
    assert response.json()["Message"].endswith("The following are the known entity functions: 'Counter'.")
    assert "The function 'nobody' doesn't exist" in hub.failed("calls_no_entity")


def test_requests_survive_the_death_of_the_host(process: Callable[..., Process], apps: Path) -> None:
    """Each accepted signal counts once, whenever the host is killed."""
    sent = 0
    for _ in range(3):
        host = process(apps / "control", "--port", "0", "--log-level", "error")
        with connected(host.ready()["url"]) as hub:
            for _ in range(20):
                send(hub, "tough", "add", '"1"')
                sent += 1
        host.signal(signal.SIGKILL)
        host.wait()
    with connected(process(apps / "control", "--port", "0").ready()["url"]) as hub:
        until_state(hub, "tough", sent)
        assert hub.completed(hub.start("counts_together", 1))["output"] == [1]
        assert state(hub, "tough") == sent


def test_a_batch_leaves_a_line_that_names_the_entity(hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        send(hub, "logged", "add", '"1"')
        until_state(hub, "logged", 1)
    assert "local.host.invoke" in {record.name for record in caplog.records}
