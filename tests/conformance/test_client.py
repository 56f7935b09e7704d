"""The SDK's own DurableOrchestrationClient, used inside an HTTP function of the app."""

import uuid
from typing import Any

import httpx
import pytest

from tests.conformance.client import Host, Instance


def start(control: Host, name: str = "echo", **arguments: Any) -> Instance:
    return control.instance(control.client("start_new", orchestration_function_name=name, **arguments))


def refused(control: Host, method: str, **arguments: Any) -> str:
    """Call a method that must raise, and return what it said."""
    answer = control.ask_client(method, **arguments)
    assert "error" in answer, answer
    return str(answer["error"])


class TestStartNew:
    @pytest.mark.parametrize("data", [{"a": [1, {"ü": None}]}, [1, 2], "text", 7, False])
    def test_an_input_arrives_as_it_was_given(self, control: Host, data: object) -> None:
        assert start(control, client_input=data).completed()["output"] == data

    def test_without_an_input_there_is_none(self, control: Host) -> None:
        status = start(control).completed()
        assert (status["input"], status["output"]) == (None, None)

    def test_the_id_is_a_guid_or_what_the_caller_wants(self, control: Host) -> None:
        assert len(start(control).id) == 32
        wanted = f"mine-{uuid.uuid4().hex}"
        assert start(control, instance_id=wanted).id == wanted

    def test_an_id_in_use_is_refused(self, control: Host) -> None:
        """The words are [S]."""
        instance = start(control, "one_event").reaches("Running")
        refused(control, "start_new", orchestration_function_name="echo", instance_id=instance.id)
        assert instance.status()["name"] == "one_event"

    def test_an_unknown_orchestrator_is_named(self, control: Host) -> None:
        """The client hears nothing of it on Durable extension 3.19 (seen): it fails. Older ones refuse [S]."""
        answer = control.ask_client("start_new", orchestration_function_name="nobody")
        said = answer["error"] if "error" in answer else control.instance(answer["result"]).ended()["output"]
        assert "The function 'nobody' doesn't exist, is disabled, or is not an orchestrator function." in said


class TestGetStatus:
    def test_it_tells_input_output_and_history(self, control: Host) -> None:
        instance = start(control, "walks", client_input=["one"])
        instance.completed()
        status = control.client("get_status", instance_id=instance.id, show_history=True, show_history_output=True)
        assert (status["name"], status["instanceId"]) == ("walks", instance.id)
        assert (status["runtimeStatus"], status["output"]) == ("Completed", ["one done"])
        kinds = [event["EventType"] for event in status["history"]]
        assert kinds == ["ExecutionStarted", "TaskCompleted", "ExecutionCompleted"]

    def test_it_shows_the_custom_status_and_on_request_the_input(self, control: Host) -> None:
        instance = start(control, client_input={"a": 1})
        instance.completed()
        status = control.client("get_status", instance_id=instance.id, show_input=True)
        assert (status["customStatus"], status["input"]) == ("echoed", '{"a": 1}')

    def test_nobody_has_a_false_status(self, control: Host) -> None:
        assert control.client("get_status", instance_id=f"nobody-{uuid.uuid4().hex}") is None

    def test_many_are_found_by_prefix_status_and_time(self, control: Host) -> None:
        prefix = f"find-{uuid.uuid4().hex}-"
        ended = start(control, instance_id=f"{prefix}1", client_input=1)
        ended.completed()
        waiting = start(control, "one_event", instance_id=f"{prefix}2").reaches("Running")

        def found(**query: Any) -> list[str]:
            statuses = control.client("get_status_by", instance_id_prefix=prefix, **query)
            return sorted(status["instanceId"] for status in statuses)

        assert found() == [ended.id, waiting.id]
        assert found(runtime_status=["Completed"]) == [ended.id]
        assert found(runtime_status=["Completed", "Running"]) == [ended.id, waiting.id]
        assert found(created_time_from="2999-01-01T00:00:00") == []
        assert {ended.id, waiting.id} <= {status["instanceId"] for status in control.client("get_status_all")}


class TestRaiseEvent:
    @pytest.mark.parametrize(
        ("data", "heard"),
        [({"ok": True}, '{"ok": true}'), ([1], "[1]"), ("text", '"text"'), (5, "5"), (None, "null")],
    )
    def test_what_the_client_sends_arrives_as_its_json_text(self, control: Host, data: object, heard: str) -> None:
        """A trap of the SDK, which encodes twice; over HTTP an object arrives as an object."""
        instance = start(control, "one_event").reaches("Running")
        control.client("raise_event", instance_id=instance.id, event_name="Go", event_data=data)
        assert instance.completed()["output"] == heard

    def test_an_activity_may_have_a_client_too(self, control: Host) -> None:
        waiting = start(control, "one_event").reaches("Running")
        start(control, "poker", client_input=waiting.id).completed()
        assert waiting.completed()["output"] == '"poked"'

    def test_events_to_nobody_and_to_the_dead_are_refused(self, control: Host) -> None:
        nobody = f"nobody-{uuid.uuid4().hex}"
        assert "No instance" in refused(control, "raise_event", instance_id=nobody, event_name="Go")
        ended = start(control)
        ended.completed()
        assert "gone" in refused(control, "raise_event", instance_id=ended.id, event_name="Go")


class TestControl:
    def test_terminate_ends_an_instance_and_spares_one_that_has_ended(self, control: Host) -> None:
        instance = start(control, "one_event").reaches("Running")
        control.client("terminate", instance_id=instance.id, reason="no & more")
        status = instance.ended()
        assert (status["runtimeStatus"], status["output"]) == ("Terminated", "no & more")
        control.client("terminate", instance_id=instance.id, reason="again")
        assert instance.status()["output"] == "no & more"
        refused(control, "terminate", instance_id=f"nobody-{uuid.uuid4().hex}", reason="none")

    def test_suspend_and_resume(self, control: Host) -> None:
        instance = start(control, "one_event").reaches("Running")
        control.client("suspend", instance_id=instance.id, reason="lunch")
        instance.reaches("Suspended")
        control.client("resume", instance_id=instance.id, reason="back")
        instance.reaches("Running")

    def test_rewind_is_for_what_has_failed(self, control: Host) -> None:
        completed = start(control)
        completed.completed()
        refused(control, "rewind", instance_id=completed.id, reason="again")
        refused(control, "rewind", instance_id=f"nobody-{uuid.uuid4().hex}", reason="again")

    def test_restart_returns_the_whole_answer(self, control: Host) -> None:
        """An oddity of the SDK, whose docstring promises the id."""
        instance = start(control, client_input={"a": 1})
        instance.completed()
        answer = control.client("restart", instance_id=instance.id)
        assert answer["id"] != instance.id
        assert control.instance(answer["id"]).completed()["output"] == {"a": 1}

    def test_purge_tells_how_many_it_deleted(self, control: Host) -> None:
        instance = start(control)
        instance.completed()
        assert control.client("purge_instance_history", instance_id=instance.id) == 1
        assert control.client("purge_instance_history", instance_id=instance.id) == 0
        assert control.client("get_status", instance_id=instance.id) is None
        assert control.client("purge_instance_history_by", created_time_from="2999-01-01T00:00:00") == 0


class TestResponses:
    def test_the_check_status_response_leads_to_the_status(self, control: Host) -> None:
        response = control.function("POST", "start/echo", json="hi")
        assert response.status_code == 202
        assert response.headers["retry-after"] == "10"
        links = response.json()
        assert response.headers["location"] == links["statusQueryGetUri"]
        assert Instance(control, links).completed()["output"] == "hi"

    def test_its_links_have_the_origin_of_the_request(self, control: Host) -> None:
        links = control.function("POST", "start/echo", json="hi").json()
        origin = httpx.URL(control.url)
        for name, link in links.items():
            if name != "id":
                assert (httpx.URL(link).host, httpx.URL(link).port) == (origin.host, origin.port), name

    def test_the_links_to_an_instance_work(self, control: Host) -> None:
        instance = start(control, "one_event").reaches("Running")
        payload = control.function("GET", f"links/{instance.id}").json()
        linked = Instance(control, payload)
        assert linked.get().status_code == 202
        assert linked.tell("suspend").status_code == 202
        linked.reaches("Suspended")
        assert linked.tell("resume").status_code == 202
        linked.reaches("Running")
        assert linked.send("Go", 1).status_code == 202
        linked.completed()
        assert linked.tell("rewind").status_code in (410, 412)
        assert linked.purge().status_code == 200

    def test_the_function_may_wait_for_the_end(self, control: Host) -> None:
        response = control.function("POST", "wait/echo?timeout=20000", json={"a": 1})
        assert (response.status_code, response.json()) == (200, {"a": 1})

    def test_it_waits_no_longer_than_it_was_told(self, control: Host) -> None:
        response = control.function("POST", "wait/one_event?timeout=100", json={})
        assert response.status_code == 202
        assert response.headers["location"] == response.json()["statusQueryGetUri"]

    def test_a_failure_is_told_as_a_status(self, control: Host) -> None:
        """The SDK answers 500 for it, whatever the API would."""
        response = control.function("POST", "wait/failing?timeout=20000", json={})
        assert response.status_code == 500
        assert response.json()["runtimeStatus"] == "Failed"
