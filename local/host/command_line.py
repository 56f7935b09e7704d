"""Parts of a host's command line."""

import argparse
import signal
from collections.abc import Callable
from pathlib import Path

from local.host.errors import AppError

MAX_PORT = 65535


def app_folder(path: Path) -> Path:
    """Return the app's folder; raises AppError if there is none."""
    directory = path.resolve()
    if directory.is_file():
        raise AppError(f"{directory} is a file; --app takes the folder that it is in")
    if not directory.is_dir():
        raise AppError(f"there is no folder {directory}; --app takes the folder that holds function_app.py")
    return directory


def port(text: str) -> int:
    """Read a port; 0 stands for a free one."""
    if not text.isdecimal() or int(text) > MAX_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; a port is a number from 0 to {MAX_PORT}")
    return int(text)


def stop_on_signals(stop: Callable[[], None]) -> None:
    """Call `stop` on the first signal; a second one ends the process at once."""

    def handle(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handle)
