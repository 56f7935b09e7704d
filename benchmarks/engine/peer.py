"""The peer's process: `durabletask`'s in-memory backend with a worker that holds the same work as `app/`.

It is given its best: no log, no trace spans, and its own limits of concurrency, since others made it no faster. Its
activities are `def`: it offers no others.
"""

import json
import logging
import signal
import socket
import sys
import threading
from collections.abc import Generator
from typing import Any

from durabletask import task
from durabletask.testing import create_test_backend
from durabletask.worker import TaskHubGrpcWorker

MAX_HISTORY = 100_000


def increment(_: task.ActivityContext, number: int) -> int:
    return number + 1


def sequence(context: task.OrchestrationContext, length: int) -> Generator[task.Task[Any], Any, Any]:
    number = 0
    for _ in range(length):
        number = yield context.call_activity("increment", input=number)
    return number


def fan_out(context: task.OrchestrationContext, width: int) -> Generator[task.Task[Any], Any, Any]:
    numbers = yield task.when_all([context.call_activity("increment", input=0) for _ in range(width)])
    return sum(numbers)


def main() -> None:
    """Serve until SIGTERM; prints the port as a line of JSON."""
    port = _free_port()
    backend = create_test_backend(port=port, max_history_size=MAX_HISTORY)
    quiet = logging.getLogger("peer")
    quiet.setLevel(logging.ERROR)
    with TaskHubGrpcWorker(host_address=f"127.0.0.1:{port}", emit_trace_spans=False, logger=quiet) as worker:
        worker.add_orchestrator(sequence)
        worker.add_orchestrator(fan_out)
        worker.add_activity(increment)
        worker.start()  # type: ignore[no-untyped-call] # the peer left it without types
        sys.stdout.write(json.dumps({"port": port}) + "\n")
        sys.stdout.flush()
        over = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: over.set())
        over.wait()
    backend.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
