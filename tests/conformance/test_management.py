"""The public management API: what each operation answers to an instance in each state."""

import json
import uuid
from collections.abc import Callable
from urllib.parse import unquote

import httpx
import pytest

from tests.conformance.client import API, Host, Instance
from tests.conformance.states import STATES, Make, completed, running, unknown

ACCEPTED, GONE, MISSING = {202}, {410}, {404}
NOT_NOW = {500, 409, 412}
"""The extension of 2024 lets every refusal become a 500. 3.19 answers so only to suspend and resume (seen on it): a
start is a conflict there, and for a rewind or a purge a precondition has failed."""

JSON = {"Content-Type": "application/json"}

Do = Callable[[Instance], httpx.Response]


def hears(instance: Instance) -> httpx.Response:
    return instance.send("Other")


def told(operation: str) -> Do:
    return lambda instance: instance.tell(operation)


def restarts(instance: Instance) -> httpx.Response:
    return instance.host.api("POST", f"instances/{instance.id}/restart")


def restarts_itself(instance: Instance) -> httpx.Response:
    return instance.host.api("POST", f"instances/{instance.id}/restart?restartWithNewInstanceId=false")


def starts_again(instance: Instance) -> httpx.Response:
    return instance.host.api("POST", f"orchestrators/one_event/{instance.id}")


ANSWERS: dict[str, tuple[Do, tuple[set[int], ...]]] = {
    # what is asked, and the answers to an instance that is unknown, running, suspended, completed, failed, terminated
    "status": (Instance.get, (MISSING, ACCEPTED, ACCEPTED, {200}, {200}, {200})),
    "raise event": (hears, (MISSING, ACCEPTED, ACCEPTED, GONE, GONE, GONE)),
    "terminate": (told("terminate"), (MISSING, ACCEPTED, ACCEPTED, GONE, GONE, GONE)),
    "suspend": (told("suspend"), (MISSING, ACCEPTED, NOT_NOW, GONE, GONE, GONE)),
    "resume": (told("resume"), (MISSING, NOT_NOW, ACCEPTED, GONE, GONE, GONE)),
    "rewind": (told("rewind"), (MISSING, NOT_NOW, NOT_NOW, GONE | {412}, ACCEPTED, GONE | {412})),
    "restart": (restarts, ({400}, ACCEPTED, ACCEPTED, ACCEPTED, ACCEPTED, ACCEPTED)),
    "restart under its id": (restarts_itself, ({400}, NOT_NOW, NOT_NOW, ACCEPTED, ACCEPTED, ACCEPTED)),
    "start under its id": (starts_again, (ACCEPTED, NOT_NOW, NOT_NOW, ACCEPTED, ACCEPTED, ACCEPTED)),
    "purge": (Instance.purge, (MISSING, {200, 412}, {200, 412}, {200}, {200}, {200})),
}


SILENT = ("raise event", "terminate", "suspend", "resume")
"""What these have to say is a status code."""


@pytest.mark.parametrize(
    ("name", "make", "wanted"),
    [
        pytest.param(name, make, codes, id=f"{name}: {make.__name__}")
        for name, (_, row) in ANSWERS.items()
        for make, codes in zip(STATES, row, strict=True)
    ],
)
def test_each_operation_answers_to_each_state(control: Host, name: str, make: Make, wanted: set[int]) -> None:
    """Seen on Durable extension 3.19; older ones rewind with 410 where it has 412, and may purge what runs."""
    do, _ = ANSWERS[name]
    response = do(make(control))
    assert response.status_code in wanted, response.text
    if name in SILENT and response.status_code in ACCEPTED | GONE | MISSING:
        assert response.content == b""


class TestStart:
    def test_it_answers_with_the_links_to_the_instance(self, control: Host) -> None:
        response = control.api("POST", "orchestrators/one_event")
        assert response.status_code == 202
        assert response.headers["retry-after"] == "10"
        links = response.json()
        assert response.headers["location"] == links["statusQueryGetUri"]
        assert set(links) >= {
            "id",
            "statusQueryGetUri",
            "sendEventPostUri",
            "terminatePostUri",
            "purgeHistoryDeleteUri",
            "restartPostUri",
            "suspendPostUri",
            "resumePostUri",
        }
        assert len(links["id"]) == 32

    def test_each_link_does_what_its_name_says(self, control: Host) -> None:
        instance = control.start("one_event").reaches("Running")
        assert instance.tell("suspend").status_code == 202
        instance.reaches("Suspended")
        assert instance.tell("resume").status_code == 202
        instance.reaches("Running")
        assert instance.send("Go", 1).status_code == 202
        instance.completed()
        assert instance.tell("restart").status_code == 202
        assert instance.purge().status_code == 200

    def test_the_caller_may_choose_the_id_and_use_it_again_after_the_end(self, control: Host) -> None:
        wanted = f"chosen-{uuid.uuid4().hex}"
        for data in ("first", "second"):
            instance = control.start("echo", data, wanted)
            assert instance.id == wanted
            assert instance.shows("ExecutionCompleted")["output"] == data

    @pytest.mark.parametrize("mark", ["@", "%23", "%3F", "%09", "%5C"])
    def test_an_id_may_have_any_marks_or_is_refused(self, control: Host, mark: str) -> None:
        """Any will do, as seen on Durable extension 3.19; older ones refuse some [S]."""
        path = f"{mark}marked-{uuid.uuid4().hex}"
        response = control.api("POST", f"orchestrators/echo/{path}")
        assert response.status_code in (202, 400, 500)
        if response.status_code == 202:
            assert response.json()["id"] == unquote(path)
            assert control.api("GET", f"instances/{path}").json()["instanceId"] == unquote(path)

    def test_a_slash_is_one_however_it_is_written(self, control: Host) -> None:
        """Seen on Durable extension 3.19."""
        assert control.api("POST", "orchestrators/echo/a%2Fb").status_code == 404

    def test_an_unknown_function_is_named(self, control: Host) -> None:
        """Seen on Durable extension 3.19, where the instance fails; older ones refuse to start it [S]."""
        response = control.api("POST", "orchestrators/nobody")
        assert response.status_code in (202, 400)
        said = response.json()["ExceptionMessage"] if response.status_code == 400 else _failure(control, response)
        assert "The function 'nobody' doesn't exist, is disabled, or is not an orchestrator function." in said

    def test_a_body_that_is_no_json_is_refused(self, control: Host) -> None:
        response = control.api("POST", "orchestrators/echo", content="{broken", headers=JSON)
        assert response.status_code == 400
        assert response.json()["Message"]

    def test_the_names_of_functions_ignore_case(self, control: Host) -> None:
        """[S]"""
        assert control.start("ECHO", "x").completed()["output"] == "x"

    def test_it_may_wait_for_the_output(self, control: Host) -> None:
        response = control.api(
            "POST", "orchestrators/echo?timeout=20&pollingInterval=0.05", content='"{\\"a\\": 1}"', headers=JSON
        )
        assert (response.status_code, response.json()) == (200, {"a": 1})

    def test_it_waits_no_longer_than_it_was_told(self, control: Host) -> None:
        response = control.api("POST", "orchestrators/one_event?timeout=0.1&pollingInterval=0.05")
        assert response.status_code == 202
        assert response.headers["location"] == response.json()["statusQueryGetUri"]

    def test_it_looks_at_least_once_in_its_time(self, control: Host) -> None:
        """Seen on Durable extension 3.19; the instance is started all the same. Older ones wait."""
        instance_id = f"hasty-{uuid.uuid4().hex}"
        response = control.api("POST", f"orchestrators/one_event/{instance_id}?timeout=0.1&pollingInterval=0.2")
        assert response.status_code in (202, 400)
        if response.status_code == 400:
            assert response.json() == {"Message": "Total timeout 0.1 should be bigger than retry timeout 0.2"}
        control.instance(instance_id).reaches("Running")

    @pytest.mark.parametrize("query", ["timeout=20", "pollingInterval=0.05", "timeout=soon&pollingInterval=0.05"])
    def test_to_wait_takes_a_time_and_an_interval(self, control: Host, query: str) -> None:
        """Seen on Durable extension 3.19. A storage that tells of an end by itself needs no interval."""
        response = control.api("POST", f"orchestrators/one_event?{query}")
        assert response.status_code == 202
        control.instance(response.json()["id"]).reaches("Running")

    def test_who_waits_for_a_failure_gets_the_status(self, control: Host) -> None:
        """Seen on Durable extension 3.19."""
        response = control.api("POST", "orchestrators/failing?timeout=20&pollingInterval=0.05")
        assert response.status_code == 200
        assert response.json()["runtimeStatus"] == "Failed"
        assert response.json()["output"].startswith("Orchestrator function 'failing' failed: ")


class TestRaiseEvent:
    def test_only_json_is_taken(self, control: Host) -> None:
        instance = running(control)
        assert instance.send("Go", content="1", headers={"Content-Type": "text/plain"}).status_code == 400
        assert instance.send("Go", content="1").status_code == 400
        assert instance.send("Go", content="{", headers=JSON).status_code == 400
        assert instance.send("Go", content="", headers=JSON).status_code == 400
        charset = {"Content-Type": "application/json; charset=utf-8"}
        assert instance.send("Go", content="1", headers=charset).status_code == 202
        assert instance.completed()["output"] == 1

    def test_whether_it_can_be_heard_is_asked_before_it_is_read(self, control: Host) -> None:
        """Seen on Durable extension 3.19; older ones may read it first."""
        assert unknown(control).send("Go", content="{", headers=JSON).status_code in (404, 400)
        assert completed(control).send("Go", content="1").status_code in (410, 400)


def _failure(control: Host, started: httpx.Response) -> str:
    status = control.instance(started.json()["id"]).ended()
    assert status["runtimeStatus"] == "Failed"
    return str(status["output"])


def test_operations_and_query_keys_ignore_case(control: Host) -> None:
    """[S]"""
    instance = running(control)
    path = f"{API}/instances/{instance.id}/raiseEvent/Go".replace("instances", "Instances").replace("raise", "RAISE")
    assert control.http.post(path, content="1", headers=JSON).status_code == 202
    instance.completed()
    body = control.api("GET", f"instances/{instance.id}?SHOWINPUT=FALSE&ShowHistory=True").json()
    assert body["input"] is None
    assert body["historyEvents"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "orchestrators/echo"),
        ("PUT", "instances/x"),
        ("POST", "instances"),
        ("GET", "instances/x/terminate"),
        ("POST", "instances/x/dance"),
        ("GET", "nothing"),
    ],
)
def test_what_the_api_does_not_have_is_404(control: Host, method: str, path: str) -> None:
    """[S]"""
    assert control.api(method, path).status_code == 404


def test_an_event_waits_in_no_ended_instance(control: Host) -> None:
    """What was refused has left nothing behind for the next instance of the id."""
    instance = completed(control)
    assert instance.send("Go", 1).status_code == 410
    again = control.start("one_event", instance_id=instance.id).reaches("Running")
    assert again.send("Go", json.loads("2")).status_code == 202
    assert again.until("the output", lambda it: it["output"])["output"] == 2


@pytest.mark.parametrize("depth", [65, 100_000])
def test_a_body_nested_too_deeply_is_no_json(control: Host, depth: int) -> None:
    """Seen on Durable extension 3.19: Newtonsoft reads 64 levels."""
    response = control.api("POST", "orchestrators/echo", content="[" * depth + "]" * depth)
    assert response.status_code == 400


def test_no_entity_at_all_is_a_bad_request(control: Host) -> None:
    """Seen on Durable extension 3.19."""
    assert [control.api(method, "entities").status_code for method in ("POST", "DELETE")] == [400, 400]
