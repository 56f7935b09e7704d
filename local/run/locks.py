"""One run at a time for each data folder.

Two locks. The run's own says at once that somebody else is running. The state's is inherited by every service, so
it is free only when the last process of an earlier run has gone, however that run ended.
"""

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import IO

RELEASE_SECONDS = 20.0
"""Azurite writes its data when it is told to stop; that takes a second or two, and five with open connections."""
_POLL_SECONDS = 0.1


class AlreadyRunning(Exception):
    """Another run has this data folder; the text says which."""


class StillEnding(Exception):
    """Processes of an earlier run still have this data folder."""


@contextmanager
def run_lock(folder: Path) -> Iterator[None]:
    """Hold the run's lock while the block runs. Raises AlreadyRunning."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "run.lock").open("a+") as file:
        if not _try_lock(file):
            file.seek(0)
            raise AlreadyRunning(f"`make run` is running here already (process {file.read().strip() or 'unknown'})")
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


@asynccontextmanager
async def state_lock(folder: Path, say: Callable[[str], None]) -> AsyncIterator[int]:
    """Hold the state's lock while the block runs; give its descriptor, for services to inherit. Raises StillEnding."""
    with (folder / "state.lock").open("a+") as file:
        deadline = time.monotonic() + RELEASE_SECONDS
        if not (held := _try_lock(file)):
            say("Waiting for the processes of an earlier run to end")
        while not held:
            if time.monotonic() > deadline:
                raise StillEnding(f"Processes of an earlier run have not ended, and still hold {file.name}")
            await asyncio.sleep(_POLL_SECONDS)
            held = _try_lock(file)
        yield file.fileno()


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
