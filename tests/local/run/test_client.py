"""The client of `make run`, over answers that a server might give."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest

from local.run import client as module
from local.run.client import Accepted, CatalogClient, ClientError

URL = "http://127.0.0.1:7071"


def use(
    handler: Callable[[httpx.Request], httpx.Response], work: Callable[[CatalogClient], Coroutine[Any, Any, Any]]
) -> Any:
    async def run() -> Any:
        client = CatalogClient(URL, "org-demo", httpx.MockTransport(handler))
        try:
            return await work(client)
        finally:
            await client.close()

    return asyncio.run(run())


async def followed(client: CatalogClient) -> list[str]:
    return [operation["status"] async for operation in client.follow(f"{URL}/imagemgmt/v1/operations/1")]


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL_SECONDS", 0.0)


def test_lists_are_read_to_the_last_page() -> None:
    """Pages are followed by their link; the first request names the org and the page size."""
    asked = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        if "continuation" in request.url.params:
            return httpx.Response(200, json={"content": [{"id": "2"}], "nextLink": None})
        return httpx.Response(200, json={"content": [{"id": "1"}], "nextLink": f"{request.url}&continuation=x"})

    assert [image["id"] for image in use(handler, CatalogClient.images)] == ["1", "2"]
    assert asked[0] == f"{URL}/imagemgmt/v1/images?size=100&org_id=org-demo"


def test_an_import_gives_the_record_and_where_to_ask() -> None:
    """The operation's URL is the one that the service names."""
    answer = httpx.Response(202, json={"streamId": "1"}, headers={"Operation-Location": "http://elsewhere/op"})

    assert use(lambda _: answer, lambda client: client.import_image({})) == Accepted(
        {"streamId": "1"}, "http://elsewhere/op"
    )


def test_following_ends_with_the_operation() -> None:
    """Every poll is given, the last one is the end."""
    statuses = iter(["NotStarted", "Running", "Running", "Succeeded"])

    seen = use(lambda _: httpx.Response(200, json={"status": next(statuses)}), followed)

    assert seen == ["NotStarted", "Running", "Running", "Succeeded"]


def test_following_outlasts_a_hiccup() -> None:
    """A refused poll and a lost connection are not the end."""
    answers: list[httpx.Response | Exception] = [
        httpx.Response(503, text="busy"),
        httpx.ConnectError("refused"),
        httpx.Response(200, json={"status": "Succeeded"}),
    ]

    def handler(request: httpx.Request) -> httpx.Response:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert use(handler, followed) == ["Succeeded"]


def test_following_gives_up_at_last() -> None:
    """A service that never answers is an error, with its last words."""
    with pytest.raises(ClientError, match="refused with 503: busy"):
        use(lambda _: httpx.Response(503, text="busy"), followed)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.Response(400, json={"errors": [{"message": "streamName is required"}]}), "streamName is required"),
        (httpx.Response(200, json={}), "not 202 with an Operation-Location"),
        (httpx.Response(202, json={}), "not 202 with an Operation-Location"),
        (httpx.Response(202, text="<html>", headers={"Operation-Location": "/op"}), "other than JSON"),
    ],
)
def test_an_import_that_is_not_accepted_is_an_error(answer: httpx.Response, words: str) -> None:
    """The error has the service's own words."""
    with pytest.raises(ClientError, match=words):
        use(lambda _: answer, lambda client: client.import_image({}))
