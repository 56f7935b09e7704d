"""A host whose durable engine is Microsoft's: the worker, the engine's program, and the app's timers and queues."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from local.genuine import engine
from local.genuine.worker import Worker
from local.host import sdk
from local.host.admin import Admin
from local.host.app import EVENT_GRID_TRIGGER, App
from local.host.authorization import Authorization
from local.host.clock import SystemClock
from local.host.eventgrid import event_by_hand
from local.host.http import HttpFrontend
from local.host.invoke import Invoker
from local.host.listeners import Listeners, outputs
from local.host.server import GRACE_SECONDS, listen
from local.host.serving import web_server
from local.host.settings import HostSettings
from local.host.storage import Storage

_STARTUP_POLL_SECONDS = 0.005
_NO_RPC = -1
"""The durable client's RPC goes to the engine, so no port of ours has it."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Setup:
    """What makes up a host; `hub` is the task hub, `instance` the host's name among those that share it."""

    program: Path
    hub: str
    instance: str
    port: int


class Host:
    """One host of one app. `run` once; `stop` from a signal handler."""

    def __init__(self, app: App, settings: HostSettings, setup: Setup) -> None:
        self._app = app
        self._settings = settings
        self._setup = setup
        self._over = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.has_failed = False

    def stop(self) -> None:
        """Ask the host to stop; before it runs, that makes it stop at once."""
        if self._loop is None:
            self._over.set()
        else:
            self._loop.call_soon_threadsafe(self._over.set)

    async def run(self, ready: Callable[[str], None]) -> None:
        """Serve until stopped, or until a part fails; `ready` is called with the URL once requests are answered."""
        self._loop = asyncio.get_running_loop()
        await sdk.open_session()
        storage = Storage()
        sink = outputs(self._app, storage, self._settings)
        invoker = Invoker(self._app.directory, self._settings.function_timeout, "{}", sink)
        listeners = Listeners(self._app, self._settings, storage, invoker, SystemClock(), self._fail)
        worker = Worker(self._app, invoker, self._frontend(invoker, listeners))
        server = web_server(worker)
        listener = listen(0)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            while not server.started and not serving.done():
                await asyncio.sleep(_STARTUP_POLL_SECONDS)
            address = "http://{}:{}".format(*listener.getsockname())
            running = await self._started(address)
            if running is not None:
                try:
                    await self._serve(running, worker, listeners, ready)
                finally:
                    listeners.stop()
                    await running.stop()
            await invoker.drain(GRACE_SECONDS)
            server.should_exit = True
            await serving
        finally:
            listener.close()
            await listeners.close()
            await storage.close()
            invoker.close()
            await sdk.close_session()

    async def _started(self, worker: str) -> engine.Engine | None:
        """Start the engine; None if the host was told to stop meanwhile."""
        starting = asyncio.create_task(engine.start(self._options(worker), self._setup.port))
        over = asyncio.create_task(self._over.wait())
        await asyncio.wait((starting, over), return_when=asyncio.FIRST_COMPLETED)
        over.cancel()
        if starting.done():
            return starting.result()
        starting.cancel()
        with suppress(asyncio.CancelledError):
            await starting
        return None

    async def _serve(
        self, running: engine.Engine, worker: Worker, listeners: Listeners, ready: Callable[[str], None]
    ) -> None:
        await worker.has_client.wait()
        listeners.start()
        ready(running.url)
        over, ended = asyncio.create_task(self._over.wait()), asyncio.create_task(running.wait())
        await asyncio.wait((over, ended), return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            logger.error("Microsoft's engine has ended with status %s", ended.result())
            self.has_failed = True
        logger.info("Stopping")
        over.cancel()
        ended.cancel()

    def _options(self, worker: str) -> engine.Options:
        setup = self._setup
        return engine.Options(setup.program, worker, setup.hub, self._app.directory / "host.json", setup.instance)

    def _frontend(self, invoker: Invoker, listeners: Listeners) -> HttpFrontend:
        prefix = self._settings.route_prefix
        by_hand = {EVENT_GRID_TRIGGER: event_by_hand, **listeners.manual_inputs}
        admin = Admin(self._app, prefix, invoker, by_hand)
        return HttpFrontend(self._app, prefix, invoker, Authorization(None), {}, admin, rpc_port=_NO_RPC)

    def _fail(self) -> None:
        self.has_failed = True
        self.stop()
