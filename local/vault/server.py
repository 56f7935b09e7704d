"""Serves the vault over HTTPS: for a process of its own, and inside a test's process."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from local.vault.app import create_app
from local.vault.store import SecretStore

HOST = "127.0.0.1"
_BACKLOG = 128
STOP_GRACE_SECONDS = 5.0


@dataclass(frozen=True)
class VaultFiles:
    """Where the vault keeps its state and its key, and the PEM files that it serves HTTPS with."""

    state: Path
    key_file: Path
    certificate: Path
    private_key: Path


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


def serve(files: VaultFiles, port: int, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; `announce` is called with the URL when clients can connect. 0 is any port."""
    with _server(files, port) as (server, listener):
        announce(_url(listener))
        server.run(sockets=[listener])


@contextmanager
def running_vault(files: VaultFiles, port: int = 0) -> Iterator[str]:
    """Serve in a thread while the block runs, and give it the URL."""
    with _server(files, port) as (server, listener):
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="vault")
        thread.start()
        try:
            yield _url(listener)
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def _server(files: VaultFiles, port: int) -> Iterator[tuple[_Server, socket.socket]]:
    store = SecretStore(files.state, files.key_file)
    try:
        config = uvicorn.Config(
            create_app(store),
            ssl_certfile=files.certificate,
            ssl_keyfile=files.private_key,
            lifespan="off",
            ws="none",
            loop="asyncio",
            access_log=False,
            log_level="warning",
        )
        config.load()
        # A socket of our own, listening already: what connects from now on waits for the server, and is not refused.
        with socket.create_server((HOST, port), backlog=_BACKLOG) as listener:
            # asyncio does this only for sockets that name their protocol; without it each answer takes 40 ms more.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            yield _Server(config), listener
    finally:
        store.close()


def _url(listener: socket.socket) -> str:
    return f"https://{HOST}:{listener.getsockname()[1]}"
