"""HTTP functions: what reaches them, what becomes of their answers, and of their failures."""

import logging
import socket
from collections.abc import Iterator

import httpx
import pytest

from local.host import http as frontend
from local.host.server import listen, running
from tests.local.host.conftest import APPS


@pytest.fixture(name="web", scope="module")
def _web() -> Iterator[httpx.Client]:
    with running(APPS / "web") as host, httpx.Client(base_url=host.url) as client:
        yield client


def test_a_function_gets_method_url_query_route_headers_and_body(web: httpx.Client) -> None:
    query = "One=1&one=&ONE=2&none=&none&two=a%20b+c"
    headers = [("X-Mine", "yes"), ("x-mine", "no"), ("X-Empty", "")]
    seen = web.post(f"/v1/Show/x%20y?{query}", content="böse", headers=headers).json()
    assert seen["method"] == "POST"
    assert seen["url"] == f"{web.base_url}/v1/Show/x%20y?{query}"
    assert seen["params"] == {"One": "1,2", "two": "a b c"}
    assert seen["route"] == {"a": "x y"}
    assert seen["headers"]["x-mine"] == "yes,no"
    assert seen["headers"]["x-empty"] == ""
    assert seen["body"] == "böse"
    assert seen["function"] == "show"


def test_a_function_gets_the_trace_of_the_request(web: httpx.Client) -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert web.get("/v1/show/x", headers={"traceparent": parent}).json()["trace"] == parent


def test_each_invocation_has_its_id(web: httpx.Client) -> None:
    assert web.get("/v1/show/x").json()["invocation"] != web.get("/v1/show/x").json()["invocation"]


def test_route_values_are_decoded_except_an_escaped_slash(web: httpx.Client) -> None:
    assert web.get("/v1/show/a%20b/c%2Fd").json()["route"] == {"a": "a b", "b": "c%2Fd"}


def test_a_body_of_unknown_length_arrives_empty(web: httpx.Client) -> None:
    """As on the real host, which hands a chunked body on only when host.json asks for it."""
    response = web.post("/v1/show/x", content=iter([b"some", b"thing"]))
    assert response.json()["body"] == ""


def test_sync_functions_have_threads_and_async_ones_the_loop(web: httpx.Client) -> None:
    assert web.get("/v1/show/x").json()["thread"].startswith("function")
    assert web.get("/v1/only-get").text == "functions-host"


def test_routes_are_tried_in_the_order_of_function_names(web: httpx.Client) -> None:
    assert web.get("/v1/order/special").text == "order_a"
    assert web.get("/v1/typed/12").text == "int 12"
    assert web.get("/v1/typed/12a").text == "rest 12a"


def test_paths_ignore_case(web: httpx.Client) -> None:
    assert web.get("/V1/Order/X").text == "order_a"


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/v1/only-get"), ("HEAD", "/v1/only-get"), ("GET", "/v1/none"), ("GET", "/only-get")]
)
def test_what_no_route_takes_is_404(web: httpx.Client, method: str, path: str) -> None:
    assert web.request(method, path).status_code == 404


def test_a_function_without_methods_takes_all(web: httpx.Client) -> None:
    for method in ("GET", "PUT", "PATCH", "DELETE", "OPTIONS"):
        assert web.request(method, "/v1/order/x").text == "order_a"
    assert web.head("/v1/order/x").status_code == 200


@pytest.mark.parametrize(
    ("kind", "code", "content_type", "body"),
    [
        ("none", 500, None, b""),
        ("text", 200, "text/plain; charset=utf-8", b"plain"),
        ("json", 200, "text/plain; charset=utf-8", b'{\n  "a": 1\n}'),
        ("response", 201, "text/csv", '[1,"ü"]'.encode()),
        ("empty", 200, "text/plain; charset=utf-8", b""),
        ("full", 201, "application/x-bytes", b"\x00\x01"),
        ("dict", 500, None, b""),
    ],
)
def test_an_answer_becomes_a_response(
    web: httpx.Client, kind: str, code: int, content_type: str | None, body: bytes
) -> None:
    response = web.get(f"/v1/answer/{kind}")
    assert (response.status_code, response.headers.get("content-type"), response.content) == (code, content_type, body)


def test_headers_and_cookies_of_an_answer_arrive(web: httpx.Client) -> None:
    response = web.get("/v1/answer/full")
    assert response.headers["x-mine"] == "yes"
    assert response.headers.get_list("set-cookie") == [
        "a=1; max-age=5; path=/; secure; samesite=strict; httponly",
        "b=2%2B2",
    ]


@pytest.mark.parametrize("kind", ["error", "exit"])
def test_a_failure_is_500_without_a_body_and_in_the_log_once(
    web: httpx.Client, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    response = web.get(f"/v1/fail/{kind}?token=secret-query", headers={"X-Key": "secret-header"})
    assert (response.status_code, response.content) == (500, b"")
    (record,) = (record for record in caplog.records if record.levelno >= logging.ERROR)
    assert record.exc_info is not None
    assert "in fail" in caplog.text
    assert "invoke.py" not in caplog.text.partition("Traceback")[2]
    assert "secret" not in caplog.text


def test_a_function_that_cancels_itself_has_failed(web: httpx.Client) -> None:
    assert web.get("/v1/cancel").status_code == 500


@pytest.mark.parametrize("kind", ["async", "sync"])
def test_a_function_over_its_time_has_failed(web: httpx.Client, caplog: pytest.LogCaptureFixture, kind: str) -> None:
    assert web.get(f"/v1/sleep/{kind}").status_code == 500
    assert f"Timeout value of 0:00:01 was exceeded by function: sleep_{kind}" in caplog.text


def test_a_body_may_be_large_but_not_too_large(web: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert frontend.MAX_BODY == 100 * 1024 * 1024
    monkeypatch.setattr(frontend, "MAX_BODY", 1000)
    assert web.post("/v1/order/x", content=b"x" * 1000).status_code == 200
    assert web.post("/v1/order/x", content=b"x" * 1001).status_code == 413
    path = "/runtime/webhooks/durabletask/orchestrators/none"
    assert web.post(path, content=iter([b"x" * 600, b"x" * 600])).status_code == 413


def test_the_listener_is_named_as_tcp() -> None:
    """Otherwise asyncio leaves Nagle's algorithm on, and each answer may wait 40 ms for an acknowledgement."""
    with listen(0) as listener:
        assert listener.proto == socket.IPPROTO_TCP
