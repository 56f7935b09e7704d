"""The host's own endpoints: its status, its functions, and functions run by hand."""

# mypy: disallow-untyped-decorators=False
# The Durable SDK has no types.

import json
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import azure.functions as func
import httpx
import pytest

from local.host.admin import VERSION
from local.host.server import running
from local.host.settings import HostSettings, host_id
from tests.local.host.conftest import DEADLINE_SECONDS, POLL_SECONDS
from tests.local.host.test_eventgrid import CLOUD_EVENT, EVENT

seen: list[Any] = []


def app_of() -> df.DFApp:
    app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)

    @app.route(route="Orders/{id:int}", methods=["GET", "PUT"])
    def Read_order(req: func.HttpRequest) -> str:  # noqa: N802 - its case is what is tested
        return ""

    @app.event_grid_trigger(arg_name="event")
    async def on_event(event: func.EventGridEvent) -> None:
        seen.append(event)
        if event.subject == "bad":
            raise ValueError("not this one")

    @app.activity_trigger(input_name="text")
    def work(text: str) -> None:
        seen.append(text)

    return app


@pytest.fixture(name="admin", scope="module")
def _admin() -> Iterator[httpx.Client]:
    with (
        running(app_of(), settings=HostSettings(route_prefix="V1")) as host,
        httpx.Client(base_url=f"{host.url}/admin") as client,
    ):
        yield client


@pytest.fixture(name="nothing_yet", autouse=True)
def _nothing_yet() -> None:
    seen.clear()


def run(admin: httpx.Client, name: str, given: Any) -> httpx.Response:
    return admin.post(f"/functions/{name}", json={"input": given})


def until_seen(count: int = 1) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while len(seen) < count:
        assert time.monotonic() < deadline, seen
        time.sleep(POLL_SECONDS)


def test_the_status_says_what_the_host_is(admin: httpx.Client) -> None:
    first = admin.get("/host/status").json()
    assert (first["state"], first["version"]) == ("Running", VERSION)
    assert (first["id"], first["processId"]) == (host_id(Path.cwd()), os.getpid())
    assert admin.get("/HOST/Status").json()["processUptime"] >= first["processUptime"] > 0


def test_a_host_id_is_that_of_the_folder(tmp_path: Path) -> None:
    assert host_id(tmp_path) == host_id(tmp_path) != host_id(tmp_path / "other")
    assert len(host_id(tmp_path)) <= 32
    assert host_id(tmp_path).replace("-", "").isalnum()


def test_functions_are_listed_with_what_they_are_bound_to(admin: httpx.Client) -> None:
    listed = admin.get("/functions").json()
    assert [function["name"] for function in listed] == ["on_event", "Read_order", "work"]
    (function,) = (each for each in listed if each["name"] == "Read_order")
    assert function == admin.get("/functions/read_ORDER").json()
    assert function["href"] == f"{admin.base_url}functions/Read_order"
    origin = str(admin.base_url).removesuffix("/admin/")
    assert function["invoke_url_template"] == f"{origin}/v1/orders/{{id:int}}"
    assert (function["language"], function["isDisabled"]) == ("python", False)
    trigger, output = function["config"]["bindings"]
    assert (trigger["type"], trigger["authLevel"], trigger["methods"]) == ("httpTrigger", "FUNCTION", ["GET", "PUT"])
    assert (output["type"], output["name"]) == ("http", "$return")
    assert listed[0]["invoke_url_template"] is None


def test_a_function_is_run_by_hand_with_the_triggers_own_type(admin: httpx.Client) -> None:
    for event in (EVENT, CLOUD_EVENT):
        response = run(admin, "ON_EVENT", json.dumps(event))
        assert (response.status_code, response.content) == (202, b"")
    until_seen(2)
    assert {type(event) for event in seen} == {func.EventGridEvent, func.CloudEvent}


def test_how_it_ends_is_in_the_log_alone(admin: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    assert run(admin, "on_event", json.dumps(EVENT | {"subject": "bad"})).status_code == 202
    until_seen()
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not any(record.levelno == logging.ERROR for record in caplog.records):
        assert time.monotonic() < deadline
        time.sleep(POLL_SECONDS)
    assert any(record.exc_info and "not this one" in str(record.exc_info[1]) for record in caplog.records)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_function_is_404(admin: httpx.Client, method: str) -> None:
    assert admin.request(method, "/functions/nobody", json={"input": ""}).status_code == 404


@pytest.mark.parametrize("name", ["Read_order", "work"])
def test_a_trigger_that_nobody_can_pull_by_hand_says_so(admin: httpx.Client, name: str) -> None:
    response = run(admin, name, "{}")
    assert response.status_code == 400
    assert "cannot be run by hand" in response.text


@pytest.mark.parametrize("given", ["", "{", "7", "[]", None, 7, {"id": "not as text"}])
def test_an_input_that_the_trigger_cannot_have_is_400(admin: httpx.Client, given: Any) -> None:
    response = run(admin, "on_event", given)
    assert response.status_code == 400
    assert "the input is none for the trigger eventGridTrigger" in response.text
    assert seen == []


@pytest.mark.parametrize(("body", "code"), [(b"", 400), (b"[]", 400), (b"null", 400), (b"{", 400), (b"{}", 400)])
def test_a_body_of_another_form_is_400(admin: httpx.Client, body: bytes, code: int) -> None:
    headers = {"content-type": "application/json; charset=utf-8"}
    assert admin.post("/functions/on_event", content=body, headers=headers).status_code == code


def test_a_body_that_is_not_json_is_415(admin: httpx.Client) -> None:
    assert admin.post("/functions/on_event", content=b'{"input": ""}').status_code == 415


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/host/status"),
        ("GET", "/host"),
        ("DELETE", "/functions/work"),
        ("GET", "/functions/work/x"),
    ],
)
def test_nothing_else_is_there(admin: httpx.Client, method: str, path: str) -> None:
    assert admin.request(method, path).status_code == 404
