"""Child processes, and services made of them."""

import asyncio
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from local.child import Child
from local.run.services import ServiceFailed, Services, announced_url, services

Wait = Callable[[Callable[[], bool], str], None]
READY_THEN_SLEEP = "import time; print('noise'); print('{\"url\": \"http://here\"}', flush=True); time.sleep(60)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('set', flush=True); time.sleep(60)"
)
FAILING = "import sys; print('what went wrong', file=sys.stderr); sys.exit(7)"


def python(name: str, code: str, outputs: Path) -> Child:
    return Child(name, [sys.executable, "-c", code], outputs)


def test_a_service_is_ready_when_it_announces_its_url(tmp_path: Path) -> None:
    """Other lines on standard output are passed over; the service ends with the block."""
    child = python("ready", READY_THEN_SLEEP, tmp_path)

    async def start() -> str:
        running.start(child)
        return await running.ready(child, lambda: announced_url(child))

    with services() as running:
        assert asyncio.run(start()) == "http://here"
        assert child.exit_status is None

    assert child.exit_status == -signal.SIGTERM


def test_a_service_that_fails_at_its_start_is_reported_with_its_log(tmp_path: Path) -> None:
    """The error has the name, the status and the service's own words."""
    child = python("failing", FAILING, tmp_path)

    async def start() -> None:
        running.start(child)
        await running.ready(child, lambda: announced_url(child))

    with (
        services() as running,
        pytest.raises(ServiceFailed, match=r"failing ended with status 7(?s:.*)what went wrong"),
    ):
        asyncio.run(start())


def test_work_ends_when_a_service_ends(tmp_path: Path) -> None:
    """Work that waits for a dead service is given up."""
    child = python("failing", FAILING, tmp_path)

    async def work_for_ever() -> None:
        await asyncio.Event().wait()

    async def run(running: Services) -> None:
        running.start(child)
        await running.during(work_for_ever())

    with services() as running, pytest.raises(ServiceFailed, match="failing ended with status 7"):
        asyncio.run(run(running))


def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path, wait_until: Wait) -> None:
    """Stopping has an end."""
    child = python("stubborn", STUBBORN, tmp_path)
    child.start()
    wait_until(lambda: child.output_lines() == ["set"], "SIGTERM is ignored")

    child.stop(grace=0.1)

    assert child.exit_status == -signal.SIGKILL


def test_services_end_in_the_reverse_order(tmp_path: Path) -> None:
    """Who was started last may use what was started before, so it goes first."""
    ended: list[str] = []

    class Recorded(Child):
        def stop(self, grace: float = 10.0) -> None:
            super().stop(grace)
            ended.append(self.name)

    with services() as running:
        for name in ("first", "second"):
            running.start(Recorded(name, ["sleep", "60"], tmp_path))

    assert ended == ["second", "first"]


def test_a_child_that_was_not_started_can_be_stopped(tmp_path: Path) -> None:
    """Nothing happens."""
    python("never", FAILING, tmp_path).stop()
