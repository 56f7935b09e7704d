"""The host's log, on stderr: one line a record, `extra` fields as key=value, colour only on a terminal."""

import json
import logging
import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TextIO

from rich.console import Console
from rich.text import Text

LEVELS = ("debug", "info", "warning", "error")

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message", "taskName"}
_STYLES = {logging.DEBUG: "dim", logging.INFO: "green", logging.WARNING: "yellow", logging.ERROR: "bold red"}
_NOISY = ("uvicorn", "aiohttp", "asyncio", "azure", "httpx", "httpcore")
"""Libraries whose information is our debug."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The function, and the orchestration instance, on whose behalf code runs."""

    function: str
    instance_id: str | None = None


scope: ContextVar[Scope | None] = ContextVar("scope", default=None)


def configure(level: str, stream: TextIO) -> None:
    """Send every logger of the process to `stream`, from `level` (one of LEVELS) upwards."""
    console = Console(file=stream, highlight=False, soft_wrap=True)
    handler: logging.Handler = _Terminal(console) if console.is_terminal else logging.StreamHandler(stream)
    handler.setFormatter(_Plain())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    if root.level > logging.DEBUG:
        for name in _NOISY:
            logging.getLogger(name).setLevel(max(root.level, logging.WARNING))


def fields(record: logging.LogRecord) -> dict[str, object]:
    """Return what a record says beside its message: its `extra`, and the scope it was written in."""
    found = {key: value for key, value in vars(record).items() if key not in _STANDARD}
    current = scope.get()
    if current is not None:
        found.setdefault("function", current.function)
        if current.instance_id is not None:
            found.setdefault("instance_id", current.instance_id)
    return found


class _Plain(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        head = f"{_clock(record)} {record.levelname:<7} {record.name}: {record.getMessage()}"
        return "\n".join([" ".join([head, *_pairs(record)]), *self.traces(record)])

    def traces(self, record: logging.LogRecord) -> list[str]:
        trace = [self.formatException(record.exc_info)] if record.exc_info else []
        return [*trace, record.stack_info] if record.stack_info else trace


class _Terminal(logging.Handler):
    """Writes through rich, with the level coloured and the fields dimmed."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self._plain = _Plain()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = Text(f"{_clock(record)} ", style="dim")
            line.append(f"{record.levelname:<7}", style=_STYLES.get(record.levelno, "bold red"))
            line.append(f" {record.name}: ")
            line.append(record.getMessage(), style="default not dim")
            line.append("".join(f" {pair}" for pair in _pairs(record)))
            for trace in self._plain.traces(record):
                line.append(f"\n{trace}", style="red")
            self._console.print(line)
        except (ValueError, TypeError, OSError):
            self.handleError(record)


def _clock(record: logging.LogRecord) -> str:
    return f"{time.strftime('%H:%M:%S', time.localtime(record.created))}.{int(record.msecs):03d}"


def _pairs(record: logging.LogRecord) -> list[str]:
    return [f"{key}={_value(value)}" for key, value in fields(record).items()]


def _value(value: object) -> str:
    text = str(value)
    plain = text and text.isprintable() and not any(mark in text for mark in ' "=')
    return text if plain else json.dumps(text, ensure_ascii=False)
