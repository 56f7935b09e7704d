"""How long requests wait while long histories replay in the same process."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from benchmarks.engine.systems import BASE, Host
from benchmarks.measuring import MILLISECONDS, percentile

LENGTH = 250
"""Activities, one after the other, of each instance of the load; then it begins anew, after a thousand events."""

INSTANCES = 4
WARM_SECONDS = 1.0
SAMPLES = 400
PAUSE_SECONDS = 0.01
"""Between two requests: a client that polls, not one that adds to the load."""


def measure(host: Host) -> list[list[object]]:
    """Return rows of: what is asked, at rest or under load, p50 and p99 in milliseconds."""
    instance_id = host.start("sequence", 1, 1)[0]
    requests = {"GET instances/{id}": f"{BASE}/instances/{instance_id}", "GET api/ping": "/api/ping"}
    rows: list[list[object]] = []
    for name, path in requests.items():
        rows.append([name, "at rest", *_times(host, path)])
        with _replaying(host):
            rows.append([name, "under load", *_times(host, path)])
    return rows


def _times(host: Host, path: str) -> tuple[float, float]:
    with httpx.Client(base_url=host.url) as client:
        durations = [_once(lambda: client.get(path)) for _ in range(SAMPLES)]
    return percentile(durations, 0.5), percentile(durations, 0.99)


def _once(ask: Callable[[], httpx.Response]) -> float:
    time.sleep(PAUSE_SECONDS)
    began = time.perf_counter()
    answer = ask()
    assert answer.status_code == 200, answer.text
    return (time.perf_counter() - began) * MILLISECONDS


@contextmanager
def _replaying(host: Host) -> Iterator[None]:
    """Keep instances with long histories at work."""
    ids = host.start("endless", LENGTH, INSTANCES)
    time.sleep(WARM_SECONDS)
    try:
        yield
    finally:
        for each in ids:
            host.http.post(f"{BASE}/instances/{each}/terminate", params={"reason": "measured"}).raise_for_status()
