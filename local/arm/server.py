"""Starting and stopping a simulator: `running` in this process, `__main__` in one of its own."""

import asyncio
import json
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from . import app, providers
from .certificates import Certificate, certificate
from .faults import FINAL, FIRST
from .frontdoor import FrontDoor
from .options import Options
from .world import World

_HOST = "127.0.0.1"
_BACKLOG = 512
# A storm leaves the tokens alone.
_ARM_PATHS = "^/subscriptions/"
_START_SECONDS = 30
_GRACE_SECONDS = 2


@dataclass(frozen=True)
class Simulator:
    """A simulator that answers: where, and the certificate authority to trust (for REQUESTS_CA_BUNDLE)."""

    url: str
    ca_file: Path


class _Protocol(HttpToolsProtocol):
    """HTTP that lets a handler reach its connection, to cut it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast("asyncio.Transport", transport))
        self.app_state = self.app_state | {app.TRANSPORT: transport}
        # Else the second small packet of an answer waits 40 ms for the first one's acknowledgement.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def shutdown(self) -> None:
        """Cut idle connections: a polite end of TLS would wait for clients that have long gone."""
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()
        else:
            super().shutdown()


class _Server(uvicorn.Server):
    """A server that tells when it answers."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@contextmanager
def running(options: Options | None = None) -> Iterator[Simulator]:
    """A simulator in a thread of this process, for as long as the context lasts."""
    options = options or Options()
    world = providers.world(options)
    with (
        closing(world.store),
        certificate(options) as files,
        closing(socket.create_server((_HOST, options.port))) as bound,
    ):
        _add_faults(world, options)
        server = _Server(_config(world, files, options))
        thread = threading.Thread(target=server.run, args=([bound],), name="arm-simulator")
        thread.start()
        try:
            _wait(server, thread)
            yield Simulator(f"https://{_HOST}:{bound.getsockname()[1]}", files.ca)
        finally:
            server.should_exit = True
            thread.join()


def _config(world: World, files: Certificate, options: Options) -> uvicorn.Config:
    application = app.build(world, FrontDoor(world, providers.router()))
    logging.getLogger("local.arm").setLevel(options.log_level.upper())
    return uvicorn.Config(
        application,
        loop="asyncio",
        http=_Protocol,
        ws="none",
        lifespan="on",
        log_level="warning",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        ssl_certfile=files.chain,
        ssl_keyfile=files.key,
    )


def _wait(server: _Server, thread: threading.Thread) -> None:
    """Until the server answers; a server that could not start has ended its thread."""
    for _ in range(_START_SECONDS * 20):
        if server.ready.wait(0.05):
            return
        if not thread.is_alive():
            break
    raise RuntimeError("the simulator did not start")


def _add_faults(world: World, options: Options) -> None:
    if options.faults:
        for document in json.loads(options.faults.read_text(encoding="utf-8")):
            world.faults.add(document)
    if options.storm:
        chance = {"probability": options.storm, "seed": options.storm_seed, "path": _ARM_PATHS}
        for phase in [FIRST, FINAL] if options.storm_operations else [FIRST]:
            world.faults.add({"action": {"type": "storm"}, "phase": phase} | chance)
