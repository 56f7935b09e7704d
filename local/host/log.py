"""The host's log: when, how bad, which function, which instance, what happened, and `extra` as key=value.

The columns are as wide as what has been in them. On a terminal there is colour, and an id that is a GUID is cut to
its first eight digits, but not on the line with which an orchestration starts. NO_COLOR and FORCE_COLOR are obeyed.
"""

import json
import logging
import re
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TextIO

from rich.color import ColorSystem
from rich.console import Console
from rich.style import Style

from local.host.traces import rendered

LEVELS = ("debug", "info", "warning", "error")

HOST = "host"
"""Stands in the column of functions where the host speaks for itself."""

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message", "taskName"}
_COLUMNS = frozenset({"function", "instance_id", "whole_id"})
_LEVEL_STYLES = {"DEBUG": "dim", "INFO": "green", "WARNING": "yellow", "ERROR": "bold red", "CRITICAL": "bold red"}
_INSTANCE_STYLES = ("cyan", "magenta", "blue", "bright_cyan", "bright_magenta", "bright_blue")
_NOISY = ("uvicorn", "aiohttp", "asyncio", "azure", "httpx", "httpcore", "watchfiles")
"""Libraries whose information is our debug."""

_GUID = re.compile(r"([0-9a-f]{8})-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_LINE = re.compile(r"\n(?=[^\n])")
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n"}
_WIDEST = 40
"""Characters that a column grows to; what is longer pushes the rest of its line to the right."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The function, and the orchestration instance, on whose behalf code runs."""

    function: str
    instance_id: str | None = None


scope: ContextVar[Scope | None] = ContextVar("scope", default=None)

replaying: ContextVar[bool] = ContextVar("replaying", default=False)
"""Whether an orchestrator's code does again what it has done: what it logs meanwhile is for the level debug."""

of_thread = threading.local()
"""As in the worker: a thread that a function starts sets `invocation_id` here, and its lines name the function."""

_running: dict[str, Scope] = {}


@contextmanager
def invocation(invocation_id: str, of: Scope) -> Iterator[None]:
    """Attribute what is logged in the block, and in threads that name the invocation, to a function."""
    token = scope.set(of)
    _running[invocation_id] = of
    try:
        yield
    finally:
        del _running[invocation_id]
        scope.reset(token)


def configure(level: str, stream: TextIO) -> None:
    """Send every logger of the process to `stream`, from `level` (one of LEVELS) upwards."""
    console = Console(file=stream)
    handler = logging.StreamHandler(stream)
    coloured = console.color_system is not None and not console.no_color
    handler.setFormatter(_Layout(coloured=coloured, short_ids=console.is_terminal))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    if root.level > logging.DEBUG:
        handler.addFilter(lambda _: not replaying.get())
        for name in _NOISY:
            logging.getLogger(name).setLevel(max(root.level, logging.WARNING))


def duration(seconds: float) -> str:
    """Write a duration for people: 0.2 ms, 12 ms, 3.4 s, 2 min 5 s, 1 h 3 min."""
    if seconds < 0.00995:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


class _Layout(logging.Formatter):
    def __init__(self, *, coloured: bool, short_ids: bool) -> None:
        super().__init__()
        self._coloured = coloured
        self._short_ids = short_ids
        self._codes: dict[str, tuple[str, str]] = {}
        self._function_width = len(HOST)
        self._instance_width = 0

    def format(self, record: logging.LogRecord) -> str:
        own = record.name.startswith("local.host")
        of = scope.get() or _running.get(getattr(of_thread, "invocation_id", ""))
        function = getattr(record, "function", None) or (of.function if of else HOST if own else "")
        instance = getattr(record, "instance_id", None) or (of and of.instance_id) or ""
        head = f"{time.strftime('%H:%M:%S', time.localtime(record.created))}.{int(record.msecs):03d}"
        columns = [
            self._paint("dim", head),
            self._paint(_LEVEL_STYLES.get(record.levelname, ""), f"{record.levelname:<7}"),
            *self._origin(_clean(str(function)), _clean(str(instance)), whole=hasattr(record, "whole_id")),
            self._message(record, named=not own and record.name != "root"),
        ]
        if pairs := _pairs(record):
            columns.append(self._paint("dim", " ".join(pairs)))
        return "\n".join([" ".join(columns), *self._traces(record)])

    def _origin(self, function: str, instance: str, *, whole: bool) -> list[str]:
        self._function_width = max(self._function_width, min(len(function), _WIDEST))
        style = _INSTANCE_STYLES[zlib.crc32(instance.encode()) % len(_INSTANCE_STYLES)]
        if self._short_ids and not whole:
            instance = _GUID.sub(r"\1", instance)
        if not (self._short_ids and whole):
            self._instance_width = max(self._instance_width, min(len(instance), _WIDEST))
        first = self._paint("bold", function.ljust(self._function_width))
        if not self._instance_width and not instance:
            return [first]
        return [first, self._paint(style, instance.ljust(self._instance_width))]

    def _message(self, record: logging.LogRecord, *, named: bool) -> str:
        text = _indented(_clean(record.getMessage()))
        return f"{self._paint('dim', f'{record.name}:')} {text}" if named else text

    def _traces(self, record: logging.LogRecord) -> Iterator[str]:
        if record.exc_info and record.exc_info[1]:
            yield self._paint("red", _indented(f"\n{_clean(rendered(record.exc_info[1]))}")[1:])
        if record.stack_info:
            yield self._paint("dim", _indented(f"\n{_clean(record.stack_info)}")[1:])

    def _paint(self, style: str, text: str) -> str:
        if not self._coloured or not style:
            return text
        if style not in self._codes:
            before, _, after = Style.parse(style).render("|", color_system=ColorSystem.STANDARD).partition("|")
            self._codes[style] = (before, after)
        before, after = self._codes[style]
        return f"{before}{text}{after}"


def _clean(text: str) -> str:
    """Make control characters visible: what an app logs must not steer the terminal."""
    return text if text.isprintable() else text.translate(_CONTROLS)


def _indented(text: str) -> str:
    """Set off further lines of a record, so that none of them looks like a record."""
    return _LINE.sub("\n    ", text)


def _pairs(record: logging.LogRecord) -> list[str]:
    """Write what a record says beside its message and its columns."""
    extra = {key: value for key, value in vars(record).items() if key not in _STANDARD and key not in _COLUMNS}
    if replaying.get():
        extra["replaying"] = True
    return [f"{key}={_value(value)}" for key, value in extra.items()]


def _value(value: object) -> str:
    text = str(value)
    plain = text and text.isprintable() and not any(mark in text for mark in ' "=')
    return text if plain else json.dumps(text, ensure_ascii=False)
