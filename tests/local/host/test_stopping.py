"""A host that stops: what runs may end, and nothing else is called."""

import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.local.host.conftest import DEADLINE_SECONDS, POLL_SECONDS, Process

BODY = """
import asyncio
import pathlib

@app.route(route="wait")
async def wait(req) -> str:
    (pathlib.Path(__file__).parent / "here").touch()
    while not (pathlib.Path(__file__).parent / "go").exists():
        await asyncio.sleep(0.01)
    return "done"

@app.event_grid_trigger(arg_name="event")
def told(event) -> None: ...
"""


def test_while_it_stops_the_host_calls_no_further_function(
    process: Callable[..., Process], write_app: Callable[..., Path]
) -> None:
    folder = write_app(BODY)
    host = process(folder, "--port", "0")
    url = host.ready()["url"]
    answers: list[httpx.Response] = []
    waiting = threading.Thread(target=lambda: answers.append(httpx.get(f"{url}/api/wait", timeout=DEADLINE_SECONDS)))
    waiting.start()
    with httpx.Client(base_url=url) as client:
        until((folder / "here").exists)
        host.signal(signal.SIGTERM)
        until(lambda: client.get("/admin/host/status").json()["state"] == "Stopping")
        assert client.get("/api/wait").status_code == 503
        query, headers = {"functionName": "told"}, {"aeg-event-type": "Notification"}
        assert client.post("/runtime/webhooks/EventGrid", params=query, headers=headers, json=[]).status_code == 503
        assert client.post("/admin/functions/told", json={"input": "{}"}).status_code == 503
        assert client.get("/runtime/webhooks/durabletask/instances/").status_code == 200
        (folder / "go").touch()
        waiting.join()
    assert [answer.text for answer in answers] == ["done"]
    assert host.wait() == 0


def until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not met():
        assert time.monotonic() < deadline
        time.sleep(POLL_SECONDS)
