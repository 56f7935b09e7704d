"""What the benchmarks share: a stack of their own, percentiles, memory, tables."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import psutil
from rich.console import Console
from rich.table import Table

from local.azurite import running_azurite
from tests.e2e.stack import Stack, running_stack

MILLISECONDS = 1000.0
MEBIBYTE = 2**20


@contextmanager
def own_stack(speed: float, **settings: str) -> Iterator[Stack]:
    """Azurite in memory, the simulators and the host, with empty state."""
    with (
        TemporaryDirectory() as folder,
        running_azurite() as azurite,
        running_stack(Path(folder), azurite.connection_string, speed=speed, settings=settings) as stack,
    ):
        yield stack


def timed(work: Callable[[], object], times: int, clients: int) -> tuple[list[float], float]:
    """Do something many times from some threads; returns each duration and the whole one, in seconds."""

    def once(_: int) -> float:
        began = perf_counter()
        work()
        return perf_counter() - began

    began = perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        durations = list(pool.map(once, range(times)))
    return durations, perf_counter() - began


def percentile(values: Sequence[float], share: float) -> float:
    """The value that so large a share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def memory(stack: Stack, name: str = "host") -> float:
    """Resident memory of a process of the stack, in MiB."""
    return float(psutil.Process(stack.children[name].pid).memory_info().rss) / MEBIBYTE


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table; numbers to the right."""
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 else "right")
    for row in rows:
        table.add_row(*(f"{value:.2f}" if isinstance(value, float) else str(value) for value in row))
    Console(width=120).print(table)
