"""What an app's run looks like in the log: each thing once, where it happened."""

import io
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from local.host import log
from local.host.server import running
from tests.local.host.conftest import connected

BODY = """
import logging
import threading

tries = []

@app.route(route="broken/{word}")
def broken(req) -> str:
    raise KeyError("not there")

@app.activity_trigger(input_name="x")
def boom(x):
    raise ValueError("went off")

@app.activity_trigger(input_name="x")
def flaky(x):
    tries.append(x)
    if len(tries) < 3:
        raise OSError("later")

@app.activity_trigger(input_name="x")
def threaded(x, context):
    def work():
        context.thread_local_storage.invocation_id = context.invocation_id
        logging.info("in a thread")
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

@app.orchestration_trigger(context_name="context")
def fails(context):
    yield context.call_activity("boom", None)

@app.orchestration_trigger(context_name="context")
def outer(context):
    yield context.call_sub_orchestrator("fails", None, "child-1")

@app.orchestration_trigger(context_name="context")
def wraps(context):
    try:
        yield context.call_activity("boom", None)
    except Exception as exc:
        raise LookupError("wrapped") from exc

@app.orchestration_trigger(context_name="context")
def retries(context):
    yield context.call_activity_with_retry("flaky", df.RetryOptions(10, 3), None)

@app.orchestration_trigger(context_name="context")
def talks(context):
    for number in range(3):
        logging.info("step %d", number)
        yield context.call_activity("threaded", None)
    yield context.task_all([context.call_activity("threaded", None) for _ in range(3)])
    logging.info("all done")

@app.orchestration_trigger(context_name="context")
def asks(context):
    yield context.call_entity(df.EntityId("moody", "k"), "smile")

@app.entity_trigger(context_name="context")
def moody(context):
    raise RuntimeError("not today")
"""

Run = Callable[..., str]


@pytest.fixture(name="run")
def _run(write_app: Callable[..., Path]) -> Iterator[Run]:
    """Run an orchestration to its end, or make a request, and return what the log holds of it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in log._NOISY}
    folder = write_app(BODY)

    def run(name: str = "", path: str = "") -> str:
        stream = io.StringIO()
        log.configure("info", stream)
        with running(folder) as host, connected(host.url) as hub:
            if name:
                hub.ended(hub.start(name, None, "order-17"))
            else:
                httpx.get(f"{host.url}{path}")
        return stream.getvalue()

    yield run
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


def test_a_traceback_is_shown_once_and_begins_in_the_code_of_the_app(run: Run) -> None:
    text = run("outer")
    assert text.count("Traceback") == 1
    frames = [line.split('"')[1] for line in text.splitlines() if line.lstrip().startswith("File ")]
    assert [Path(frame).name for frame in frames] == ["function_app.py"]


def test_an_orchestration_says_in_one_line_which_activity_failed(run: Run) -> None:
    lines = [line for line in run("outer").splitlines() if "ERROR" in line]
    activity, child, parent = lines
    assert activity.split()[2:4] == ["boom", "child-1"]
    assert child.split()[2:4] == ["fails", "child-1"]
    assert child.endswith(": Activity function 'boom' failed: ValueError: went off")
    assert parent.split()[2:4] == ["outer", "order-17"]
    assert parent.endswith("'fails' failed: Activity function 'boom' failed: ValueError: went off")


def test_a_sub_orchestration_says_who_started_it(run: Run) -> None:
    assert "Started by outer order-17" in run("outer")


def test_an_exception_made_from_a_failed_activity_does_not_show_its_traceback_again(run: Run) -> None:
    text = run("wraps")
    assert text.count("    raise ValueError") == 1
    assert "    LookupError: wrapped" in text
    assert "RemoteStackTrace" not in text
    assert "durable_functions" not in text


def test_tries_that_fail_alike_show_their_traceback_once(run: Run) -> None:
    text = run("retries")
    assert text.count("Traceback") == 1
    assert text.count("OSError: later (traceback above)") == 1
    assert text.count("Tries flaky again in 10 ms") == 2
    assert "Completed in " in text


def test_an_orchestrator_says_a_thing_once_however_often_it_is_replayed(run: Run) -> None:
    text = run("talks")
    for said in ("step 0", "step 1", "step 2", "all done"):
        assert text.count(said) == 1


def test_a_line_of_a_thread_names_function_and_instance(run: Run) -> None:
    lines = [line for line in run("talks").splitlines() if "in a thread" in line]
    assert len(lines) == 6
    assert all(line.split()[2:4] == ["threaded", "order-17"] for line in lines)


def test_a_failed_operation_of_an_entity_shows_its_traceback(run: Run) -> None:
    text = run("asks")
    assert "moody @moody@k" in text
    assert "Operation smile failed" in text
    assert text.count("    RuntimeError: not today") == 1


def test_a_failed_request_is_named_without_its_query(run: Run) -> None:
    text = run(path="/api/broken/a%0Ab?code=Secret-Key")
    assert ": GET /api/broken/a%0Ab\n" in text
    assert "KeyError: 'not there'" in text
    assert "Secret-Key" not in text
