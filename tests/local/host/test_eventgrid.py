"""The Event Grid webhook: handshakes, delivery in both schemas, and what it answers when a function fails."""

import json
import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import azure.functions as func
import httpx
import pytest

from local.host.server import RunningHost, running

WEBHOOK = "/runtime/webhooks/EventGrid"
DEADLINE_SECONDS = 20.0

EVENT = {
    "id": "e-1",
    "topic": "/subscriptions/s",
    "subject": "vm",
    "eventType": "Microsoft.Resources.ResourceWriteSuccess",
    "eventTime": "2026-01-31T10:00:00.1234567Z",
    "data": {"status": "Succeeded"},
    "dataVersion": "2",
}
CLOUD_EVENT = {
    "specversion": "1.0",
    "id": "c-1",
    "source": "/subscriptions/s",
    "type": "Microsoft.Resources.ResourceWriteSuccess",
    "time": "2026-01-31T10:00:00Z",
    "subject": "vm",
    "data": {"status": "Succeeded"},
    "traceparent": "00-ab-cd-01",
}


class Seen:
    """What the functions of the app were given, and how they wait for each other."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.traces: list[str] = []
        self.together = threading.Barrier(3)


def app_of(seen: Seen) -> func.FunctionApp:
    app = func.FunctionApp()

    @app.event_grid_trigger(arg_name="event")
    def keep(event: func.EventGridEvent, context: func.Context) -> None:
        seen.events.append(event)
        seen.traces.append(context.trace_context.trace_parent)

    @app.event_grid_trigger(arg_name="event")
    def meet(event: func.EventGridEvent) -> None:
        """Return once three events are here at the same time."""
        seen.together.wait(DEADLINE_SECONDS)

    @app.event_grid_trigger(arg_name="event")
    async def choosy(event: func.EventGridEvent) -> None:
        seen.events.append(event)
        if event.subject == "bad":
            raise ValueError("not this one")

    return app


@pytest.fixture(name="seen", scope="module")
def _seen() -> Seen:
    return Seen()


@pytest.fixture(name="host", scope="module")
def _host(seen: Seen) -> Iterator[RunningHost]:
    with running(app_of(seen)) as host:
        yield host


@pytest.fixture(name="nothing_yet", autouse=True)
def _nothing_yet(seen: Seen) -> None:
    seen.events.clear()
    seen.traces.clear()


def send(
    host: RunningHost, content: Any, kind: str | None = "Notification", function: str = "keep", **headers: str
) -> httpx.Response:
    named = {"aeg-event-type": kind} if kind else {}
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    url = f"{host.url}{WEBHOOK}"
    return httpx.post(url, params={"functionName": function}, content=body, headers=named | headers, timeout=30)


def test_an_event_of_event_grids_schema_arrives_as_the_sdk_gives_it(host: RunningHost, seen: Seen) -> None:
    response = send(host, [EVENT], traceparent="00-1-2-01")
    assert (response.status_code, response.content) == (202, b"")
    (event,) = seen.events
    assert isinstance(event, func.EventGridEvent)
    assert (event.id, event.topic, event.subject) == ("e-1", "/subscriptions/s", "vm")
    assert (event.event_type, event.data_version) == (EVENT["eventType"], "2")
    assert event.event_time == datetime(2026, 1, 31, 10, 0, 0, 123456, tzinfo=UTC)
    assert event.get_json() == {"status": "Succeeded"}
    assert seen.traces == ["00-1-2-01"]


def test_a_cloud_event_arrives_alone_or_in_a_batch(host: RunningHost, seen: Seen) -> None:
    assert send(host, CLOUD_EVENT).status_code == 202
    assert send(host, [CLOUD_EVENT, CLOUD_EVENT]).status_code == 202
    assert len(seen.events) == 3
    event = seen.events[0]
    assert isinstance(event, func.CloudEvent)
    assert (event.id, event.source, event.subject, event.specversion) == ("c-1", "/subscriptions/s", "vm", "1.0")
    assert event.time == datetime(2026, 1, 31, 10, tzinfo=UTC)
    assert event.get_json() == {"status": "Succeeded"}


def test_each_event_of_a_batch_has_an_invocation_and_they_run_at_once(host: RunningHost) -> None:
    assert send(host, [EVENT] * 3, function="meet").status_code == 202


def test_an_empty_batch_is_accepted(host: RunningHost, seen: Seen) -> None:
    assert send(host, []).status_code == 202
    assert seen.events == []


def test_one_failure_fails_the_batch_with_its_message(
    host: RunningHost, seen: Seen, caplog: pytest.LogCaptureFixture
) -> None:
    """All the events have run, and Event Grid sends all of them again."""
    response = send(host, [EVENT | {"subject": subject} for subject in ("good", "bad", "good")], function="choosy")
    assert response.status_code == 500
    assert response.text == "Exception while executing function: Functions.choosy\nValueError: not this one"
    assert len(seen.events) == 3
    assert sum(record.levelno >= logging.ERROR for record in caplog.records) == 1


@pytest.mark.parametrize("event", [7, None, [EVENT], EVENT | {"eventTime": "soon"}, EVENT | {"eventTime": 7}])
def test_an_event_that_cannot_be_one_fails_without_a_call(host: RunningHost, seen: Seen, event: Any) -> None:
    response = send(host, [event])
    assert response.status_code == 500
    assert response.text.startswith("Exception while executing function: Functions.keep\n")
    assert seen.events == []


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        *(("Notification", content) for content in (b"", b"{", b"7", b"\xff")),
        *(("SubscriptionValidation", content) for content in (b"", b"7", b"[]", b'[{"data": 1}]', b'{"data": {}}')),
        ("SubscriptionValidation", b'{"data": "1"}'),
    ],
)
def test_what_cannot_be_read_is_a_500_with_a_reason(host: RunningHost, kind: str, content: bytes) -> None:
    response = send(host, content, kind)
    assert response.status_code == 500
    assert "valid JSON" in response.text or " is a " in response.text or "validationCode" in response.text


@pytest.mark.parametrize(
    "content",
    [
        [EVENT | {"data": {"validationCode": "the-code", "validationUrl": "https://there"}}],
        CLOUD_EVENT | {"data": json.dumps({"validationCode": "the-code"})},
    ],
)
@pytest.mark.parametrize("kind", ["SubscriptionValidation", "subscriptionvalidation"])
def test_the_handshake_gives_the_code_back_and_calls_nobody(
    host: RunningHost, seen: Seen, content: Any, kind: str
) -> None:
    response = send(host, content, kind)
    assert (response.status_code, response.json()) == (200, {"validationResponse": "the-code"})
    assert seen.events == []


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        ("eventgrid.azure.net", "eventgrid.azure.net"),
        ("eventgrid.azure.us", "eventgrid.azure.us"),
        ("elsewhere.example", "eventgrid.azure.net"),
        (None, "eventgrid.azure.net"),
    ],
)
def test_the_handshake_of_cloud_events_allows_event_grid_alone(
    host: RunningHost, asked: str | None, allowed: str
) -> None:
    headers = {"WebHook-Request-Origin": asked} if asked else {}
    response = httpx.options(f"{host.url}{WEBHOOK}", params={"functionName": "keep"}, headers=headers)
    assert (response.status_code, response.headers["webhook-allowed-origin"]) == (200, allowed)


@pytest.mark.parametrize("function", ["", "nobody", "KEEP"])
@pytest.mark.parametrize("method", ["POST", "OPTIONS"])
def test_an_unknown_function_is_404_and_its_name_heeds_case(host: RunningHost, function: str, method: str) -> None:
    response = httpx.request(method, f"{host.url}{WEBHOOK}", params={"functionName": function})
    assert (response.status_code, response.text) == (404, f"cannot find function: '{function}'")


def test_the_path_and_the_parameter_ignore_case(host: RunningHost, seen: Seen) -> None:
    url = f"{host.url}/RUNTIME/webhooks/eventgrid?FUNCTIONNAME=keep"
    assert httpx.post(url, json=[EVENT], headers={"aeg-event-type": "notification"}).status_code == 202
    assert len(seen.events) == 1


@pytest.mark.parametrize(("kind", "code"), [(None, 400), ("Other", 400), ("Unsubscribe", 202), ("Notification", 202)])
def test_the_header_says_what_it_is_about(host: RunningHost, kind: str | None, code: int) -> None:
    assert send(host, [EVENT], kind).status_code == code


def test_a_method_that_no_webhook_has_is_404(host: RunningHost) -> None:
    assert httpx.put(f"{host.url}{WEBHOOK}", params={"functionName": "keep"}).status_code == 404
    assert httpx.get(f"{host.url}{WEBHOOK}", params={"functionName": "keep"}).status_code == 400
