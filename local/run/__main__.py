"""The command line of `make run`."""

import signal
import sys

if __name__ == "__main__":
    # Before the imports below, which take longer than it takes to change one's mind.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, _frame: sys.exit(128 + received))

import argparse
import asyncio
import math
from pathlib import Path

from local.run.stack import Options
from local.run.supervisor import run

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run, and return the exit status."""
    options = _options()
    try:
        return asyncio.run(run(options))
    except KeyboardInterrupt:  # between the end of the event loop and the end of the process
        return 128 + signal.SIGINT


def _options() -> Options:
    parser = argparse.ArgumentParser(
        prog="python -m local.run",
        description="Run the image catalog on this machine and import an image.",
        epilog="Exit status: 0 after serving, or with --once after a complete import; 1 if the import or a service "
        "failed; 2 if this checkout is running already; 128 and the signal's number if a signal came before that.",
    )
    parser.add_argument("--speed", type=_speed, default=60.0, help="simulated seconds per second (60)")
    parser.add_argument("--once", action="store_true", help="stop after the import")
    parser.add_argument("--free-ports", action="store_true", help="take free ports, not the usual ones")
    parser.add_argument("--app", type=Path, default=ROOT, metavar="DIR", help="the function app (this checkout)")
    parser.add_argument("--data", type=Path, default=ROOT / ".local", metavar="DIR", help="for data and logs (.local)")
    arguments = parser.parse_args()
    return Options(
        speed=arguments.speed,
        once=arguments.once,
        usual_ports=not arguments.free_ports,
        app=arguments.app.resolve(),
        data=arguments.data.resolve(),
    )


def _speed(text: str) -> float:
    speed = float(text)
    if not (math.isfinite(speed) and speed > 0):
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return speed


if __name__ == "__main__":
    sys.exit(main())
