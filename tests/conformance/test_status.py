"""The status of one instance: its fields, its codes, and its history."""

import json

from tests.conformance.client import API, Host
from tests.conformance.states import completed, failed, running, unknown


def test_nobody_has_none(control: Host) -> None:
    response = unknown(control).get()
    assert (response.status_code, response.text) in ((404, ""), (404, '""'))


def test_it_has_these_fields(control: Host) -> None:
    instance = control.start("echo", {"a": 1})
    instance.completed()
    body = instance.get().json()
    created, updated = body.pop("createdTime"), body.pop("lastUpdatedTime")
    assert body.pop("historyEvents", None) is None
    assert body == {
        "name": "echo",
        "instanceId": instance.id,
        "runtimeStatus": "Completed",
        "input": '{"a": 1}',
        "customStatus": "echoed",
        "output": {"a": 1},
    }
    for moment in (created, updated):
        assert len(moment) == len("2026-01-01T00:00:00Z")
        assert moment.endswith("Z")
    assert created <= updated


def test_the_input_is_shown_unless_the_caller_does_not_want_it(control: Host) -> None:
    instance = control.start_raw("echo", {"a": 1})
    instance.completed()
    assert instance.get().json()["input"] == {"a": 1}
    assert instance.get(showInput="true").json()["input"] == {"a": 1}
    assert instance.get(showInput="false").json()["input"] is None


def test_a_running_one_says_where_and_when_to_look_again(control: Host) -> None:
    instance = running(control)
    response = instance.get()
    assert response.status_code == 202
    assert response.headers["retry-after"] == "5"
    again = control.http.get(response.headers["location"])
    assert (again.status_code, again.json()["instanceId"]) == (202, instance.id)


def test_where_to_look_again_is_what_was_asked_for(control: Host) -> None:
    """Seen on Durable extension 3.19; older ones name the task hub and the connection instead [S]."""
    path = f"{API}/instances/{running(control).id}"
    location = control.http.get(f"{path}?showInput=false").headers["location"].removeprefix(control.url)
    assert location == f"{path}?showInput=false" or location.startswith(f"{path}?taskHub=")


def test_an_ended_one_says_nothing_of_the_kind(control: Host) -> None:
    response = completed(control).get()
    assert "location" not in response.headers
    assert "retry-after" not in response.headers


def test_a_failed_one_is_500_only_for_those_who_want_it_so(control: Host) -> None:
    instance = failed(control)
    assert instance.get(returnInternalServerErrorOnFailure="true").status_code == 500
    assert instance.get(returnInternalServerErrorOnFailure="false").status_code == 200
    assert completed(control).get(returnInternalServerErrorOnFailure="true").status_code == 200


def test_the_history_has_names_times_and_results_on_request(control: Host) -> None:
    instance = control.start("walks", ["one"])
    instance.completed()
    started, step, ended = instance.get(showHistory="true", showHistoryOutput="true").json()["historyEvents"]
    assert (started["EventType"], started["FunctionName"]) == ("ExecutionStarted", "walks")
    assert (step["EventType"], step["FunctionName"], step["Result"]) == ("TaskCompleted", "step", "one done")
    assert step["ScheduledTime"] <= step["Timestamp"]
    assert (ended["EventType"], ended["OrchestrationStatus"]) == ("ExecutionCompleted", "Completed")
    assert ended["Result"] == ["one done"]
    for event in (started, step, ended):
        assert not {"EventId", "IsPlayed", "TaskScheduledId"} & set(event)


def test_without_outputs_the_history_has_no_results(control: Host) -> None:
    instance = control.start("walks", ["one"])
    instance.completed()
    events = instance.get(showHistory="true").json()["historyEvents"]
    assert [event["EventType"] for event in events] == ["ExecutionStarted", "TaskCompleted", "ExecutionCompleted"]
    assert all("Result" not in event for event in events)


def test_the_history_has_inputs_as_texts_unless_the_caller_does_not_want_them(control: Host) -> None:
    """[S] Whether there are results in it, is another question."""
    instance = control.start_raw("one_event", {"a": 1}).reaches("Running")
    instance.send("Go", {"b": 2})
    instance.completed()
    started, heard, _ = instance.get(showHistory="true").json()["historyEvents"]
    assert [json.loads(event["Input"]) for event in (started, heard)] == [{"a": 1}, {"b": 2}]
    events = instance.get(showHistory="true", showHistoryOutput="true", showInput="false").json()["historyEvents"]
    assert [event.get("Result") for event in events] == [None, None, {"b": 2}]
    assert all("Input" not in event for event in events)


def test_the_history_names_why_and_how_an_execution_ended(control: Host) -> None:
    """[S]"""
    instance = running(control)
    instance.tell("terminate", "enough")
    instance.ended()
    *_, terminated, ended = instance.get(showHistory="true", showHistoryOutput="true").json()["historyEvents"]
    assert (terminated["EventType"], terminated["Input"]) == ("ExecutionTerminated", "enough")
    assert (ended["OrchestrationStatus"], ended["Result"]) == ("Terminated", "enough")


def test_the_history_cannot_be_shown_once_a_replay_has_parted_from_it(durable: Host) -> None:
    """Seen on Durable extension 3.19; the status without the history is shown."""
    instance = durable.start("changes_its_mind")
    status = instance.ended(history=False)
    assert status["runtimeStatus"] == "Failed"
    answer = instance.get(showHistory="true")
    assert answer.status_code == 400
    assert answer.json()["ExceptionMessage"] == "An item with the same key has already been added. Key: TaskScheduled_0"


def test_the_reason_of_a_suspension_or_resumption_is_shown_as_the_output_until_there_is_one(durable: Host) -> None:
    """Seen on Durable extension 3.19."""
    instance = durable.start("one_event").reaches("Running")
    assert instance.tell("suspend", "lunch").status_code == 202
    assert instance.reaches("Suspended").status()["output"] == "lunch"
    assert instance.tell("resume", "back").status_code == 202
    assert instance.reaches("Running").status()["output"] == "back"
    instance.send("Go", 1)
    assert instance.completed()["output"] == 1
