"""Entities: calls and signals from orchestrations, from the SDK's client and over HTTP, and their state."""

import uuid
from typing import Any

import httpx
import pytest

from tests.conformance.client import CONTINUATION, Host
from tests.conformance.history import ANYTHING, Event, heard, shown

JSON = {"Content-Type": "application/json"}


@pytest.fixture(name="key")
def _key() -> str:
    return f"key-{uuid.uuid4().hex}"


def signal(control: Host, key: str, operation: str, content: str = "") -> httpx.Response:
    """Signal a counter over HTTP."""
    headers = JSON if content else {}
    return control.api("POST", f"entities/Counter/{key}?op={operation}", content=content, headers=headers)


def state(control: Host, key: str) -> Any:
    response = control.api("GET", f"entities/Counter/{key}")
    assert response.status_code in (200, 404)
    return response.json() if response.status_code == 200 else None


def until_state(control: Host, key: str, wanted: Any) -> None:
    control.until(f"the state {wanted} of {key}", lambda: state(control, key) == wanted)


class TestInOrchestrations:
    def test_calls_are_answered_and_signals_are_sent_in_their_order(self, control: Host) -> None:
        """The shape of the history is [S]: a request is an event sent, an answer an event raised under its id."""
        instance = control.start("counts")
        status = instance.completed()
        assert status["output"] == [5, 15]
        request, answer = Event("EventSent", ANYTHING, ANYTHING), heard(ANYTHING)
        assert shown(status)[1:-1] == [request, answer, request, request, answer]
        until_state(control, instance.id, 15)

    def test_calls_at_once_are_worked_one_after_the_other(self, control: Host) -> None:
        instance = control.start("counts_together", 20)
        assert instance.completed()["output"] == list(range(1, 21))
        until_state(control, instance.id, 20)

    def test_a_signal_goes_out_although_its_sender_is_over(self, control: Host) -> None:
        instance = control.start("signals_and_ends", 3)
        instance.completed()
        until_state(control, instance.id, 3)

    def test_an_operation_that_raises_fails_its_call_and_the_entity_lives_on(self, control: Host) -> None:
        instance = control.start("counts_after_failure")
        assert instance.completed()["output"] == [True, 1]
        until_state(control, instance.id, 1)


class TestOverHttp:
    def test_a_signal_changes_the_state(self, control: Host, key: str) -> None:
        """The content is encoded twice, since the SDK reads an entity's input twice."""
        assert state(control, key) is None
        response = signal(control, key, "add", '"5"')
        assert (response.status_code, response.content) == (202, b"")
        until_state(control, key, 5)
        signal(control, key, "add", '"-7"')
        until_state(control, key, -2)

    def test_names_ignore_case_and_keys_do_not(self, control: Host, key: str) -> None:
        """[S]"""
        signal(control, key, "add", '"5"')
        until_state(control, key, 5)
        assert control.api("GET", f"entities/COUNTER/{key}").json() == 5
        assert control.api("GET", f"entities/counter/{key.upper()}").status_code == 404

    def test_an_operation_that_raises_leaves_the_state_alone(self, control: Host, key: str) -> None:
        signal(control, key, "add", '"5"')
        signal(control, key, "break")
        signal(control, key, "add", '"1"')
        until_state(control, key, 6)

    def test_the_function_decides_what_delete_means(self, control: Host, key: str) -> None:
        """DELETE is a signal with the operation `delete` [S]."""
        signal(control, key, "add", '"5"')
        until_state(control, key, 5)
        assert control.api("DELETE", f"entities/Counter/{key}").status_code == 202
        until_state(control, key, None)

    def test_it_begins_anew_after_its_deletion(self, control: Host, key: str) -> None:
        for operation, content in (("add", '"5"'), ("delete", ""), ("add", '"2"')):
            assert signal(control, key, operation, content).status_code == 202
        until_state(control, key, 2)

    def test_an_unknown_entity_is_refused_and_one_that_was_never_signalled_is_404(
        self, control: Host, key: str
    ) -> None:
        """[S]"""
        assert control.api("POST", f"entities/nobody/{key}?op=add").status_code == 400
        assert control.api("GET", f"entities/Counter/{key}").status_code == 404

    @pytest.mark.parametrize("mark", ["%23", "%3F", "%5C", "%09"])
    def test_a_key_with_forbidden_marks_is_refused(self, control: Host, key: str, mark: str) -> None:
        """[S]"""
        assert signal(control, f"{key}{mark}", "add", '"5"').status_code == 400

    def test_content_that_is_no_json_is_refused(self, control: Host, key: str) -> None:
        """[S] Only where it claims to be JSON."""
        assert signal(control, key, "add", "{broken").status_code == 400

    def test_a_list_of_entities_names_them(self, control: Host, key: str) -> None:
        """[S] The names of fields are compared without case, and the state comes with `fetchState`."""
        signal(control, key, "add", '"5"')
        until_state(control, key, 5)
        found = [each for page in control.pages("entities/counter", fetchState="true") for each in page]
        (mine,) = [each for each in map(_lower, found) if each["entityid"]["key"] == key]
        assert mine["entityid"]["name"] == "counter"
        assert mine["state"] == 5
        assert mine["lastoperationtime"]

    def test_pages_of_entities_are_no_larger_than_wanted(self, control: Host) -> None:
        """[S]"""
        keys = {f"page-{number}-{uuid.uuid4().hex}" for number in range(3)}
        for key in keys:
            signal(control, key, "add", '"1"')
        for key in keys:
            until_state(control, key, 1)
        response = control.api("GET", "entities/counter?top=2")
        assert len(response.json()) <= 2
        assert response.headers[CONTINUATION]
        pages = list(control.pages("entities/counter", top="2"))
        assert all(len(page) <= 2 for page in pages)
        assert keys <= {_lower(each)["entityid"]["key"] for page in pages for each in page}


class TestWithTheClient:
    @pytest.mark.parametrize("amount", [5, -1])
    def test_an_input_arrives_as_it_was_given(self, control: Host, key: str, amount: int) -> None:
        control.client("signal_entity", entityId=["Counter", key], operation_name="add", operation_input=amount)
        until_state(control, key, amount)
        read = control.client("read_entity_state", entityId=["Counter", key])
        assert read == {"exists": True, "state": amount}

    def test_an_entity_that_is_not_there_has_no_state(self, control: Host, key: str) -> None:
        read = control.client("read_entity_state", entityId=["Counter", key])
        assert read == {"exists": False, "state": None}


def _lower(value: Any) -> Any:
    """Write the names of all fields in lower case."""
    if isinstance(value, dict):
        return {name.lower(): _lower(each) for name, each in value.items()}
    return value
