"""call_http: a request that the host performs as an activity of its own. It goes to the app's own functions.

A 202 is not tried: hosts follow it in as many activities as it takes, which the SDK does not count.
"""

import json
from typing import Any

import pytest

from tests.conformance.client import Host
from tests.conformance.history import ANYTHING, done, shown


def call(control: Host, method: str, route: str, **more: Any) -> dict[str, Any]:
    """Let an orchestration perform a call; returns its answer, after an activity that shows that all ids agree."""
    wanted = {"method": method, "uri": f"{control.url}{control.prefix}{route}", **more}
    status = control.start("calls_http", wanted).completed()
    answer, after = status["output"]
    assert after == "after done"
    assert shown(status)[1:-1] == [done("BuiltIn::HttpActivity", ANYTHING), done("step", "after done")]
    return dict(answer)


def test_the_answer_has_status_headers_and_content(control: Host) -> None:
    answer = call(control, "GET", "mirror")
    assert answer["statusCode"] == 200
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    assert headers["x-answer"] == "yes"
    assert json.loads(answer["content"]) == {"method": "GET", "body": "", "kind": ""}


@pytest.mark.parametrize(("content", "body"), [({"a": 1}, {"a": 1}), ("text", "text")])
def test_content_and_headers_are_sent(control: Host, content: Any, body: Any) -> None:
    """What is no text is sent as JSON, by the SDK."""
    answer = call(control, "POST", "mirror", content=content, headers={"x-kind": "test"})
    seen = json.loads(answer["content"])
    assert (seen["method"], seen["kind"]) == ("POST", "test")
    assert (json.loads(seen["body"]) if isinstance(body, dict) else seen["body"]) in (body, json.dumps(body))


def test_a_failing_status_is_an_answer_too(control: Host) -> None:
    assert call(control, "GET", "nowhere")["statusCode"] == 404
