"""call_http: one activity of the host's own, whatever the answer takes."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from local.host.server import running
from tests.local.host.conftest import APPS, Hub, connected, kinds


@pytest.fixture(name="hub", scope="module")
def _hub() -> Iterator[Hub]:
    with running(APPS / "control") as host, connected(host.url) as hub:
        yield hub


def call(hub: Hub, method: str, path: str, **more: Any) -> dict[str, Any]:
    """Let an orchestration call the host's own HTTP functions; returns what it was answered."""
    wanted = {"method": method, "uri": f"{hub.http.base_url}{path}", **more}
    status = hub.completed(hub.start("calls_http", wanted))
    answer, after = status["output"]
    assert after == "after done"
    assert kinds(status) == ["ExecutionStarted", "TaskCompleted", "TaskCompleted", "ExecutionCompleted"]
    return dict(answer)


def test_the_answer_has_status_headers_and_content(hub: Hub) -> None:
    answer = call(hub, "POST", "/mirror", content={"a": 1}, headers={"x-kind": "test"})
    assert answer["statusCode"] == 200
    assert answer["headers"]["content-type"].startswith("text/plain")
    body = json.loads(answer["content"])
    assert body == {"method": "POST", "body": '{"a": 1}', "x-kind": "test", "type": "application/json"}


def test_a_failing_status_is_an_answer_too(hub: Hub) -> None:
    assert call(hub, "GET", "/nowhere")["statusCode"] == 404


def test_what_is_accepted_is_followed_to_its_end(hub: Hub) -> None:
    answer = call(hub, "POST", "/later/job-1")
    assert (answer["statusCode"], answer["content"]) == (200, "ready after 3")


def test_without_an_answer_the_call_fails_and_names_no_query(hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    wanted = {"method": "GET", "uri": "http://me:hidden-word@127.0.0.1:1/x?code=hidden-key"}
    answer, after = hub.completed(hub.start("calls_http", wanted))["output"]
    assert (
        "Activity function 'BuiltIn::HttpActivity' failed:  CallFailed: GET http://127.0.0.1:1/x:" in answer["failed"]
    )
    assert after == "after done"
    assert "hidden-key" not in answer["failed"]
    assert "hidden-word" not in answer["failed"] + caplog.text
    assert "hidden-key" not in caplog.text


@pytest.mark.parametrize("wanted", [{"headers": {"X": "中"}}, {"uri": "http://127.0.0.1:99999/"}, {"uri": "no URL"}])
def test_whatever_goes_wrong_with_a_request_fails_the_call_and_nothing_hangs(hub: Hub, wanted: dict[str, Any]) -> None:
    asked = {"method": "GET", "uri": f"{hub.http.base_url}/mirror", **wanted}
    answer, after = hub.completed(hub.start("calls_http", asked))["output"]
    assert "CallFailed" in answer["failed"]
    assert after == "after done"
