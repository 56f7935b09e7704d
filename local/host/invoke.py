"""Call the app's functions: `async def` on the one loop, `def` on a thread pool, both under a time limit.

Every call leaves exactly one line in the log; a failure leaves its traceback with it, and a further try that fails in
the same way does not show it again.
"""

import asyncio
import contextvars
import logging
import os
import time
import traceback
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import azure.functions as func

from local.host import outputs
from local.host.app import Function
from local.host.context import InvocationContext, TraceContext
from local.host.errors import SettingsError
from local.host.log import Scope, duration, invocation, of_thread
from local.host.traces import Repeats, rendered, shorten, summary

_THREADS = "PYTHON_THREADPOOL_THREAD_COUNT"
_NO_TRACE = TraceContext("", "")

logger = logging.getLogger(__name__)


class FunctionFailed(Exception):
    """A function raised, or exceeded its time; the text is what the worker reports to the host."""


def failure_text(error: BaseException) -> str:
    """Word an exception as the worker does: type and message, then the stack."""
    stack = "".join(traceback.format_tb(error.__traceback__))
    return f"Result: Failure\nException: {type(error).__name__}: {error}\nStack: {stack}"


class Invoker:
    """Runs functions, counts those that run, and waits for them when the host stops.

    `timeout` is in seconds, None for no limit; `client_json` is what a durable client binding receives, and may be set
    later; `sink` takes what output bindings write. A `def` function cannot be interrupted: over time, its thread is
    left behind, as it is when the host stops.
    """

    def __init__(self, directory: Path, timeout: float | None, client_json: str, sink: outputs.Outputs) -> None:
        self.client_json = client_json
        self._sink = sink
        self._directory = str(directory)
        self._timeout = timeout
        self._pool = ThreadPoolExecutor(_thread_count(), thread_name_prefix="function")
        self._repeats = Repeats()
        self._running = 0
        self.draining = False
        """Whether the host stops, so that nothing new should be called; what runs may call its activities still."""
        self._idle = asyncio.Event()
        self._idle.set()

    async def invoke(
        self,
        function: Function,
        arguments: dict[str, Any],
        instance_id: str | None = None,
        trace: TraceContext = _NO_TRACE,
        request: str = "",
    ) -> Any:
        """Call a function with the value of its trigger by keyword, add its other bindings, return what it returns.

        What it sets or returns for output bindings is written once it has succeeded. Raises FunctionFailed, which is
        logged already. `instance_id` and `request` (method and path, without the query, which may hold a key) are
        for the log.
        """
        invocation_id = str(uuid.uuid4())
        arguments |= {client.name: self.client_json for client in function.clients}
        arguments |= outputs.parameters(function)
        if function.wants_context:
            arguments["context"] = InvocationContext(invocation_id, function.name, self._directory, trace)
        of = Scope(function.name, instance_id)
        self._running += 1
        self._idle.clear()
        started = time.perf_counter()
        try:
            with invocation(invocation_id, of):
                try:
                    result = await self._call(function, arguments, invocation_id)
                    await outputs.write(self._sink, function, arguments, result)
                except (Exception, SystemExit) as exc:
                    self._log_failure(of, shorten(exc), time.perf_counter() - started, request)
                    raise FunctionFailed(failure_text(exc)) from exc
                _log_success(result, time.perf_counter() - started, request)
                return result
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()

    async def drain(self, seconds: float) -> bool:
        """Wait for running functions to end, but not longer; returns whether they all did."""
        self.draining = True
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    def close(self) -> None:
        """Start no further thread; one that still runs is left behind."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _log_failure(self, of: Scope, error: BaseException, seconds: float, request: str) -> None:
        if not logger.isEnabledFor(logging.ERROR):
            return
        if isinstance(error, outputs.OutputFailed):  # the function's own code is not in it
            logger.error("Failed in %s: %s", duration(seconds), error)
        elif of.instance_id is not None and self._repeats.knows(of.function, of.instance_id, rendered(error)):
            logger.error("Failed again in %s: %s (traceback above)", duration(seconds), summary(error))
        else:
            logger.error("Failed in %s%s", duration(seconds), request and f": {request}", exc_info=error)

    async def _call(self, function: Function, arguments: dict[str, Any], invocation_id: str) -> Any:
        try:
            async with asyncio.timeout(self._timeout) as limit:
                if function.is_async:
                    return await function.call(**arguments)
                call = partial(contextvars.copy_context().run, _in_thread, invocation_id, function, arguments)
                return await asyncio.get_running_loop().run_in_executor(self._pool, call)
        except TimeoutError:
            if not limit.expired():
                raise
            allowed = timedelta(seconds=self._timeout or 0)
            raise TimeoutError(f"Timeout value of {allowed} was exceeded by function: {function.name}") from None
        except asyncio.CancelledError as exc:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            # Nobody cancelled us: the function let a cancellation of its own escape.
            raise RuntimeError(f"function {function.name} was cancelled from within") from exc


def _thread_count() -> int | None:
    text = os.environ.get(_THREADS)
    if not text:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise SettingsError(f"{_THREADS} is {text!r}, not a number of threads")
    return int(text)


def _in_thread(invocation_id: str, function: Function, arguments: dict[str, Any]) -> Any:
    of_thread.invocation_id = invocation_id
    return function.call(**arguments)


def _log_success(result: Any, seconds: float, request: str) -> None:
    if not logger.isEnabledFor(logging.INFO):
        return
    status = f" gives {result.status_code}" if isinstance(result, func.HttpResponse) else ""
    logger.info("Executed in %s%s%s", duration(seconds), request and f": {request}", status)
