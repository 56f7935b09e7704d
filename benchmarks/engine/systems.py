"""The two systems that are measured, each in a process of its own, driven from this one over its own wire.

The host is ours, or with FUNCTIONS_HOST=local.genuine that with Microsoft's engine, over an Azurite of its own.
"""

import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

import httpx
import psutil
from durabletask.client import OrchestrationStatus, TaskHubGrpcClient

from benchmarks.measuring import MEBIBYTE
from local.azurite import running_azurite
from local.child import Child
from tests import functions_host

ROOT = Path(__file__).parents[2]
APP = Path(__file__).parent / "app"
BASE = "/runtime/webhooks/durabletask"
CONTINUATION = "x-ms-continuation-token"

CLIENTS = 8
"""Threads that start instances."""

START_SECONDS = 60.0
END_SECONDS = 600.0
POLL_SECONDS = 0.05

T = TypeVar("T")


class System(Protocol):
    """Something that runs the orchestrations of the benchmark."""

    name: str

    def run(self, orchestrator: str, data: int, instances: int) -> float:
        """Start so many instances with this input, wait until all have ended well; returns the seconds."""


class Host:
    """The host with its state on disk, or in Azurite, through the management API."""

    name = functions_host.MODULE

    def __init__(self, child: Child, url: str, seconds_to_ready: float) -> None:
        self._child = child
        self.url = url
        self.seconds_to_ready = seconds_to_ready
        self.http = httpx.Client(base_url=url, timeout=START_SECONDS, limits=httpx.Limits(max_connections=CLIENTS))

    @property
    def memory(self) -> float:
        """Resident memory in MiB."""
        return float(psutil.Process(self._child.pid).memory_info().rss) / MEBIBYTE

    def run(self, orchestrator: str, data: int, instances: int) -> float:
        since = self.now()
        began = time.perf_counter()
        ids = self.start(orchestrator, data, instances)
        self.until_ended(since)
        seconds = time.perf_counter() - began
        outputs = {each["instanceId"]: each["output"] for each in self.instances(createdTimeFrom=since)}
        assert [outputs[each] for each in ids] == [data] * instances
        return seconds

    def start(self, orchestrator: str, data: object, instances: int) -> list[str]:
        """Start instances as the SDK's client does: with the input encoded twice."""

        def once(_: int) -> str:
            answer = self.http.post(f"{BASE}/orchestrators/{orchestrator}", json=json.dumps(data))
            assert answer.status_code == 202, answer.text
            return str(answer.json()["id"])

        with ThreadPoolExecutor(CLIENTS) as pool:
            return list(pool.map(once, range(instances)))

    def until_ended(self, since: str) -> None:
        """Wait until no instance that was created since then is at work."""
        wait_until(
            lambda: not self.instances(createdTimeFrom=since, runtimeStatus="Pending,Running", top="1"),
            "the instances to end",
            END_SECONDS,
        )

    def instances(self, **query: str) -> list[dict[str, Any]]:
        """List instances: all of them, or those of the first page where `top` says how many it has."""
        found: list[dict[str, Any]] = []
        headers: dict[str, str] = {}
        while True:
            answer = self.http.get(f"{BASE}/instances", params={"showInput": "false"} | query, headers=headers)
            found += answer.json()
            headers = {CONTINUATION: answer.headers.get(CONTINUATION, "")}
            if "top" in query or not headers[CONTINUATION]:
                return found

    @staticmethod
    def now() -> str:
        """The time, as the API's filters take it."""
        return datetime.now(UTC).isoformat()


class Peer:
    """`durabletask`'s in-memory backend and its worker, through its client."""

    name = "durabletask, in memory"

    def __init__(self, port: int) -> None:
        quiet = logging.getLogger("peer")
        quiet.setLevel(logging.ERROR)
        self._client = TaskHubGrpcClient(host_address=f"127.0.0.1:{port}", logger=quiet, emit_trace_spans=False)

    def run(self, orchestrator: str, data: int, instances: int) -> float:
        began = time.perf_counter()
        with ThreadPoolExecutor(CLIENTS) as pool:
            ids = list(
                pool.map(lambda _: self._client.schedule_new_orchestration(orchestrator, input=data), range(instances))
            )
        states = [self._client.wait_for_orchestration_completion(each, timeout=END_SECONDS) for each in ids]
        seconds = time.perf_counter() - began
        for state in states:
            assert state is not None
            assert state.runtime_status == OrchestrationStatus.COMPLETED
            assert state.serialized_output == str(data)
        return seconds


@contextmanager
def running_host(folder: Path) -> Iterator[Host]:
    """The host, as a user runs it, with what the folder's file holds; its log goes to a file."""
    command = ["-m", functions_host.MODULE, "--app", str(APP), "--port", "0", "--state", str(folder / "state.sqlite")]
    folder.mkdir(exist_ok=True)
    with ExitStack() as cleanup:
        settings = dict(functions_host.SETTINGS)
        if functions_host.IS_GENUINE:
            settings["AzureWebJobsStorage"] = cleanup.enter_context(running_azurite()).connection_string
        began = time.perf_counter()
        child, announced = cleanup.enter_context(_child("host", command, folder, settings))
        host = Host(child, str(announced["url"]), time.perf_counter() - began)
        try:
            yield host
        finally:
            host.http.close()


@contextmanager
def running_peer(folder: Path) -> Iterator[Peer]:
    """The peer, with empty state; its log goes to a file."""
    with _child("peer", ["-m", "benchmarks.engine.peer"], folder) as (_, announced):
        yield Peer(int(announced["port"]))


def wait_until(look: Callable[[], T | None], what: str, seconds: float = START_SECONDS) -> T:
    """Look again and again until there is something true to see."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain for {what}"
        time.sleep(POLL_SECONDS)
    return found


@contextmanager
def _child(
    name: str, command: list[str], folder: Path, settings: Mapping[str, str] | None = None
) -> Iterator[tuple[Child, Mapping[str, Any]]]:
    child = Child(name, [sys.executable, *command], folder, cwd=ROOT, env=os.environ | dict(settings or {}))

    def announced() -> str | None:
        assert child.exit_status is None, f"{name} did not start:\n{child.log_tail()}"
        return next(iter(child.output_lines()), None)

    child.start()
    try:
        yield child, json.loads(wait_until(announced, f"{name} to start"))
    finally:
        child.stop()
