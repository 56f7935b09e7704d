"""The host's own endpoints below `/admin`. [S] throughout. With keys in force, they need the master key."""

import json
import uuid

from tests.conformance.client import Host
from tests.conformance.test_event_grid import event, seen


def test_the_host_says_that_it_runs(triggers: Host) -> None:
    response = triggers.http.get("/admin/host/status")
    assert response.status_code == 200
    assert response.json()["state"] == "Running"


def test_a_function_may_be_run_by_hand(triggers: Host) -> None:
    """The input is a text: for Event Grid that of one event."""
    subject = f"subject-{uuid.uuid4().hex}"
    response = triggers.http.post("/admin/functions/keep_event", json={"input": json.dumps(event(subject, by="hand"))})
    assert response.status_code == 202
    (found,) = triggers.until("the event", lambda: seen(triggers, subject))
    assert found["data"] == {"by": "hand"}


def test_an_unknown_function_cannot_be_run(triggers: Host) -> None:
    assert triggers.http.post("/admin/functions/nobody", json={"input": ""}).status_code == 404
