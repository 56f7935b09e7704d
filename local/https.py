"""An ASGI application over HTTPS on this machine: for a process of its own, and inside a test's process."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

HOST = "127.0.0.1"
_BACKLOG = 128
STOP_GRACE_SECONDS = 5.0


class _Server(uvicorn.Server):
    """A server that stops at once, though clients keep connections open.

    Closing a TLS connection waits for the other side's goodbye, and a client's idle pooled connection says none.
    """

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let the requests at work end, and drop the connections."""
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=STOP_GRACE_SECONDS)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await super().shutdown(sockets)


def serve(app: Starlette, certificate: Path, private_key: Path, port: int, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; `announce` is called with the URL when clients can connect. Port 0 is any."""
    with _listening(port) as listener:
        server = _server(app, certificate, private_key)
        announce(_url(listener))
        server.run(sockets=[listener])


@contextmanager
def running(app: Starlette, certificate: Path, private_key: Path, port: int = 0) -> Iterator[str]:
    """Serve in a thread while the block runs, and give it the URL."""
    with _listening(port) as listener:
        server = _server(app, certificate, private_key)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="https")
        thread.start()
        try:
            yield _url(listener)
        finally:
            server.should_exit = True
            thread.join()


def _server(app: Starlette, certificate: Path, private_key: Path) -> _Server:
    config = uvicorn.Config(
        app,
        ssl_certfile=certificate,
        ssl_keyfile=private_key,
        lifespan="off",
        ws="none",
        loop="asyncio",
        access_log=False,
        log_level="warning",
    )
    config.load()
    return _Server(config)


@contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    """A socket of our own, listening already: what connects from now on waits for the server, and is not refused."""
    with socket.create_server((HOST, port), backlog=_BACKLOG) as listener:
        # asyncio does this only for sockets that name their protocol; without it each answer takes 40 ms more.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield listener


def _url(listener: socket.socket) -> str:
    return f"https://{HOST}:{listener.getsockname()[1]}"
