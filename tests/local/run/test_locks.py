"""The locks of a data folder."""

import asyncio
import os
from pathlib import Path

import pytest

from local.child import Child
from local.run import locks
from local.run.locks import AlreadyRunning, StillEnding, run_lock, state_lock


def test_the_second_run_is_told_which_one_is_first(tmp_path: Path) -> None:
    """The refusal names the process; after the first run another one may start."""
    with run_lock(tmp_path), pytest.raises(AlreadyRunning, match=str(os.getpid())), run_lock(tmp_path):
        pass

    with run_lock(tmp_path):
        pass


def test_a_service_holds_the_state_after_its_run(tmp_path: Path) -> None:
    """The state is free only when the last process that inherited it has ended, and the wait is announced."""
    said: list[str] = []
    started: list[Child] = []

    async def first_run() -> None:
        async with state_lock(tmp_path, said.append) as descriptor:
            started.append(Child("service", ["sleep", "60"], tmp_path, keep_fds=[descriptor]))
            started[0].start()

    async def next_run() -> None:
        async with state_lock(tmp_path, said.append):
            pass

    async def end_the_service_during_the_wait() -> None:
        waiting = asyncio.create_task(next_run())
        await asyncio.sleep(0)
        assert not waiting.done()
        started[0].stop()
        await asyncio.wait_for(waiting, timeout=30)

    asyncio.run(first_run())
    try:
        asyncio.run(end_the_service_during_the_wait())
    finally:
        started[0].stop()
    assert said == ["Waiting for the processes of an earlier run to end"]


def test_a_service_that_never_ends_stops_the_next_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait has an end."""
    monkeypatch.setattr(locks, "RELEASE_SECONDS", 0.0)

    said: list[str] = []

    async def twice() -> None:
        async with state_lock(tmp_path, said.append), state_lock(tmp_path, said.append):
            pass

    with pytest.raises(StillEnding):
        asyncio.run(twice())
