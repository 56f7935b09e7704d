"""The web server under the host: uvicorn, with what it would do by itself left to the host."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp

_OPTIONS: dict[str, Any] = {
    "lifespan": "off",
    "ws": "none",
    "log_config": None,
    "access_log": False,
    "server_header": False,
    "timeout_graceful_shutdown": 1,
    "timeout_keep_alive": 130,
}
"""No log of its own, nothing but HTTP, and no waiting for connections that are only kept alive.

An idle connection is kept as long as by Kestrel, the real host's server (its `KeepAliveTimeout`): were it closed
before its client gives it up, which aiohttp does after 15 s, a request could meet the end of it and be lost.
"""


def web_server(app: ASGIApp) -> uvicorn.Server:
    """Return a server of this application, to be told to stop by its host."""
    return _Server(uvicorn.Config(app, **_OPTIONS))


class _Server(uvicorn.Server):
    """A server that leaves the signals to its host."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
