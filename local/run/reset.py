"""`make reset`: forget what `make run` has kept, so that the next one begins anew. Removes nothing else."""

import argparse
import asyncio
import shutil
import sys
from pathlib import Path
from typing import TextIO

from local.run.locks import AlreadyRunning, StillEnding, run_lock, state_lock

ROOT = Path(__file__).resolve().parents[2]


def _say(text: str, stream: TextIO | None = None) -> None:
    (stream or sys.stdout).write(f"{text}\n")


async def reset(data: Path) -> None:
    """Remove a data folder. Raises AlreadyRunning or StillEnding where something still works in it."""
    with run_lock(data):
        async with state_lock(data, _say):
            shutil.rmtree(data)


def main(arguments: list[str] | None = None) -> int:
    """Remove the data folder; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m local.run.reset", description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT / ".local", metavar="DIR", help="what to remove (.local)")
    data: Path = parser.parse_args(arguments).data
    if not data.exists():
        _say(f"There is nothing to remove: {data.name} does not exist.")
        return 0
    if not (data / "run.lock").exists():
        _say(f"{data} is no data folder of `make run`: nothing was removed.", sys.stderr)
        return 1
    try:
        asyncio.run(reset(data))
    except (AlreadyRunning, StillEnding) as error:
        _say(f"Nothing was removed. {error}: stop it with Ctrl-C, then try again.", sys.stderr)
        return 1
    _say(f"Removed {data.name}. `make run` begins anew.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
