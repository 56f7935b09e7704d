"""The `context` parameter of a function: what the worker tells it about its own invocation."""

from typing import Any

import azure.functions as func
from azure.functions import _abc
from starlette.requests import Request

from local.host.log import of_thread


class TraceContext(_abc.TraceContext):
    """The W3C trace headers of the request behind an invocation; empty where there are none."""

    def __init__(self, parent: str, state: str) -> None:
        self._parent, self._state = parent, state

    @property
    def trace_parent(self) -> str:
        """The traceparent header."""
        return self._parent

    @property
    def trace_state(self) -> str:
        """The tracestate header."""
        return self._state

    @property
    def attributes(self) -> dict[str, str]:
        """Attributes of the span; this host traces nothing itself."""
        return {}


def trace_of(request: Request) -> TraceContext:
    """Return the trace that a request belongs to."""
    return TraceContext(request.headers.get("traceparent", ""), request.headers.get("tracestate", ""))


class RetryContext(_abc.RetryContext):
    """This host offers no retry policies of functions, so this is always the first try."""

    @property
    def retry_count(self) -> int:
        """The retries so far."""
        return 0

    @property
    def max_retry_count(self) -> int:
        """The retries there may be."""
        return 0

    @property
    def exception(self) -> Any:
        """The failure of the try before."""
        return None


class InvocationContext(func.Context):
    """One invocation of one function."""

    def __init__(self, invocation_id: str, function_name: str, directory: str, trace: TraceContext) -> None:
        self._invocation_id = invocation_id
        self._function_name = function_name
        self._directory = directory
        self._trace = trace

    @property
    def invocation_id(self) -> str:
        """A GUID, new for each invocation."""
        return self._invocation_id

    @property
    def thread_local_storage(self) -> Any:
        """What a thread that the function starts sets `invocation_id` on, for the log to know whose it is."""
        return of_thread

    @property
    def function_name(self) -> str:
        """The function's own name, not its durable one."""
        return self._function_name

    @property
    def function_directory(self) -> str:
        """The folder of the app's script."""
        return self._directory

    @property
    def trace_context(self) -> TraceContext:
        """The caller's trace headers."""
        return self._trace

    @property
    def retry_context(self) -> RetryContext:
        """The state of the function's retry policy."""
        return RetryContext()
