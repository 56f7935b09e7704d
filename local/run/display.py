"""Shows an operation as it goes: a live table on a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from local.run.progress import Json, Outcome, Progress, Step, remaining

_STYLES = {Outcome.RUNNING: "cyan", Outcome.WAITING: "yellow", Outcome.DONE: "green", Outcome.FAILED: "red"}
_BAR_WIDTH = 40
_REFRESHES_PER_SECOND = 8


class Display(Protocol):
    """Takes what each poll showed."""

    def update(self, operation: Json) -> None:
        """Show it."""


@contextmanager
def display(console: Console) -> Iterator[Display]:
    """Give a display for one operation, made for what the console is."""
    if not console.is_terminal:
        yield Lines(console)
        return
    table = LiveTable()
    with Live(table, console=console, refresh_per_second=_REFRESHES_PER_SECOND):
        yield table


class Lines:
    """A line for everything that is new, with the seconds since the start."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress()
        self._start = time.monotonic()

    def update(self, operation: Json) -> None:
        """Print what is new."""
        now = time.monotonic()
        for line in self._progress.update(operation, now):
            percent = operation.get("percentComplete") or 0
            text = f"  {now - self._start:6.1f} s {percent:3d} % {line}"
            self._console.print(text, markup=False, soft_wrap=True)


class LiveTable:
    """A table of the steps, and a progress bar."""

    def __init__(self) -> None:
        self._progress = Progress()

    def update(self, operation: Json) -> None:
        """Take in what the next refresh shows."""
        self._progress.update(operation, time.monotonic())

    def __rich__(self) -> Group:
        """Draw it as it is now; rich calls this for every refresh, so that times go on between polls."""
        now = time.monotonic()
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        for title in ("  #", "Step", "Status", "Time"):
            table.add_column(title, justify="right" if title in ("  #", "Time") else "left")
        for step in self._progress.steps:
            table.add_row(str(step.number), Text(step.title), _status(step), f"{step.seconds(now):.1f} s")
        return Group(table, _bar(self._progress.operation))


def _status(step: Step) -> Text:
    text = Text(step.outcome, style=_STYLES[step.outcome])
    if step.outcome is Outcome.WAITING:
        text.append(f"; {step.note}")
    return text


def _bar(operation: Json) -> Table:
    percent = operation.get("percentComplete") or 0
    words = [f"{percent} %", str(operation.get("assetStatus") or operation.get("status") or ""), remaining(operation)]
    line = Table.grid(padding=(0, 1))
    line.add_row(" ", ProgressBar(total=100, completed=percent, width=_BAR_WIDTH), Text("  ".join(filter(None, words))))
    return line
