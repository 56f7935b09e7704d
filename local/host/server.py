"""A host from start to end: what belongs together, the order in which it begins, and how it stops.

with running(Path("my-app"), state=Path("state.sqlite")) as host:
    httpx.get(f"{host.url}/api/hello")
"""

import asyncio
import errno
import logging
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import azure.functions as func

from local.host import sdk
from local.host.admin import Admin, ManualInput
from local.host.app import EVENT_GRID_TRIGGER, App, index, loaded
from local.host.authorization import Authorization
from local.host.clock import SystemClock
from local.host.durable.activities import ActivityRunner
from local.host.durable.batches import BatchRunner
from local.host.durable.engine import Engine
from local.host.durable.entities import Batch
from local.host.durable.hub import Work
from local.host.durable.instance import Activity
from local.host.durable.management import Management
from local.host.durable.payloads import client_binding
from local.host.durable.queries import Reader
from local.host.durable.store import claimed
from local.host.durable.timers import ExactTimers, Timers
from local.host.durable.workers import Workers
from local.host.errors import AddressTaken, HostError
from local.host.eventgrid import EventGridWebhook, event_by_hand
from local.host.http import DURABLE, EVENT_GRID, HttpFrontend
from local.host.invoke import Invoker
from local.host.keys import Keys, key_file, open_keys
from local.host.listeners import Listeners, outputs
from local.host.serving import web_server
from local.host.settings import HostSettings, app_settings, read_host_json
from local.host.storage import Storage

ADDRESS = "127.0.0.1"
"""The host is for the machine it runs on, so it listens nowhere else."""

RPC_PORT = 17071
"""Where the durable client's RPC listens, as on the real host; on any free port if this one is taken."""

GRACE_SECONDS = 3.0
"""How long functions that run may go on when the host stops; an activity that is abandoned runs again."""

MANUAL_INPUTS: Mapping[str, ManualInput] = {
    EVENT_GRID_TRIGGER: event_by_hand,
}
"""The triggers whose functions can be run by hand, and what becomes of the input they are given."""

_STARTUP_POLL_SECONDS = 0.005

_only_one = threading.Lock()
"""Held by the host of this process: the SDK's client keeps its session, and the app its modules, globally."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunningHost:
    """A host that answers: its addresses without a slash at the end, and the name of its task hub.

    `rpc_url` is that of the durable client's RPC. `keys` are there if requests need them.
    """

    url: str
    rpc_url: str
    task_hub: str
    keys: Keys | None


def listen(port: int) -> socket.socket:
    """Take a port, a free one for 0; raises AddressTaken if another program has it."""
    # Named as TCP, or asyncio does not switch Nagle's algorithm off, and each answer waits 40 ms for an ACK.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((ADDRESS, port))
        listener.listen()
    except OSError as exc:
        listener.close()
        if exc.errno == errno.EADDRINUSE:
            raise AddressTaken(
                f"port {port} on {ADDRESS} is in use by another program; choose another with --port (0: any free one)"
            ) from None
        raise AddressTaken(f"port {port} on {ADDRESS} cannot be used: {exc.strerror}") from None
    return listener


def _listen_for_rpc() -> socket.socket:
    try:
        return listen(RPC_PORT)
    except AddressTaken:
        return listen(0)


def _url(listener: socket.socket) -> str:
    return f"http://{ADDRESS}:{listener.getsockname()[1]}"


@contextmanager
def running(
    app: Path | func.FunctionRegister,
    *,
    state: Path | None = None,
    port: int = 0,
    settings: HostSettings | None = None,
    auth: bool = False,
) -> Iterator[RunningHost]:
    """Run a host in a thread of this process for the time of the block; meant for tests.

    `app` is an app folder, or an app object. Without `state`, the history goes with the block. `settings` are
    those of the folder's host.json, or the defaults, unless given. With `auth` requests need keys. One host runs in
    a process at a time.
    """
    with ExitStack() as stack:
        path = state or Path(stack.enter_context(tempfile.TemporaryDirectory())) / "state.sqlite"
        if isinstance(app, Path):
            stack.enter_context(app_settings(app))
            settings = settings or read_host_json(app)
            indexed = stack.enter_context(loaded(app.resolve()))
        else:
            indexed = index(app, Path.cwd())
        stack.enter_context(claimed(path))
        keys = open_keys(key_file(path), indexed) if auth else None
        host = Host(indexed, settings or HostSettings(), path, listen(port), keys)
        ready: Future[RunningHost] = Future()
        thread = threading.Thread(target=_run_in_thread, args=(host, ready), name="functions-host")
        thread.start()
        stack.callback(thread.join)
        stack.callback(host.stop)
        yield ready.result()
    if host.has_failed:
        raise HostError("the host has failed; its log says why")


def _run_in_thread(host: "Host", ready: Future[RunningHost]) -> None:
    try:
        asyncio.run(host.run(ready.set_result))
    except BaseException as exc:
        if ready.done():
            raise
        ready.set_exception(exc)


class Host:
    """One host of one app. `run` once; `stop` from any thread, or from a signal handler.

    Without `keys`, no request needs one. `timers` says when durable timers ring, exactly if nothing does.
    """

    def __init__(
        self,
        app: App,
        settings: HostSettings,
        state: Path,
        listener: socket.socket,
        keys: Keys | None = None,
        timers: Timers | None = None,
    ) -> None:
        self._app = app
        self._settings = settings
        self._state = state
        self._listener = listener
        self._keys = keys
        self._timers = timers or ExactTimers()
        self._over = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.has_failed = False
        self.has_abandoned = False
        """Whether functions were still running at the end; their threads may be, for as long as they like."""

    def stop(self) -> None:
        """Ask the host to stop; before it runs, that makes it stop at once."""
        if self._loop is None:
            self._over.set()
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._over.set)

    async def run(self, ready: Callable[[RunningHost], None]) -> None:
        """Serve until stopped, or until the engine fails; `ready` is called once requests are answered."""
        if not _only_one.acquire(blocking=False):
            self._listener.close()
            raise HostError("a host is running in this process already")
        try:
            sdk.prepare()
            await sdk.open_session()
            with _listen_for_rpc() as rpc:
                await self._serve(rpc, ready)
        finally:
            self._listener.close()
            await sdk.close_session()
            _only_one.release()

    async def _serve(self, rpc: socket.socket, ready: Callable[[RunningHost], None]) -> None:
        loop = self._loop = asyncio.get_running_loop()

        def hand_out(work: list[Work]) -> None:
            activities.add(each for each in work if isinstance(each, Activity))
            batches.add(each for each in work if isinstance(each, Batch))

        def dispatch(work: list[Work]) -> None:
            loop.call_soon_threadsafe(hand_out, work)

        about = RunningHost(_url(self._listener), _url(rpc), self._settings.task_hub, self._keys)
        key = self._keys.of_extension(DURABLE) if self._keys else None
        client_json = client_binding(about.url, about.rpc_url, about.task_hub, key)
        storage = Storage()
        sink = outputs(self._app, storage, self._settings)
        invoker = Invoker(self._app.directory, self._settings.function_timeout, client_json, sink)
        listeners = Listeners(self._app, self._settings, storage, invoker, SystemClock(), self._fail)
        engine = Engine(self._state, self._app, dispatch, self._fail, self._timers)
        activities = Workers(ActivityRunner(self._app, invoker, engine).run, self._settings.max_activities)
        batches = Workers(BatchRunner(invoker, engine).run, self._settings.max_entities)
        reader = Reader(self._state)
        management = Management(engine, reader, about.task_hub, key)
        server = web_server(self._frontend(invoker, management, listeners, rpc.getsockname()[1]))
        try:
            engine.start()
            serving = asyncio.create_task(server.serve(sockets=[self._listener, rpc]))
            while not server.started and not serving.done():
                await asyncio.sleep(_STARTUP_POLL_SECONDS)
            listeners.start()
            ready(about)
            await self._over.wait()
            logger.info("Stopping")
            await self._drain(invoker, activities, batches, listeners)
            await asyncio.to_thread(engine.stop)
            server.should_exit = True
            server.force_exit = self.has_abandoned
            await serving
        finally:
            await asyncio.to_thread(engine.stop)
            await listeners.close()
            await storage.close()
            await reader.close()
            invoker.close()

    def _frontend(self, invoker: Invoker, management: Management, listeners: Listeners, rpc_port: int) -> HttpFrontend:
        prefix = self._settings.route_prefix
        webhooks = {DURABLE: management.handle, EVENT_GRID: EventGridWebhook(self._app, invoker).handle}
        admin = Admin(self._app, prefix, invoker, {**MANUAL_INPUTS, **listeners.manual_inputs})
        return HttpFrontend(self._app, prefix, invoker, Authorization(self._keys), webhooks, admin, rpc_port=rpc_port)

    async def _drain(
        self, invoker: Invoker, activities: Workers[Activity], batches: Workers[Batch], listeners: Listeners
    ) -> None:
        """Let functions end; what is over the time is abandoned."""
        listeners.stop()
        activities.stop()
        batches.stop()
        self.has_abandoned = not await invoker.drain(GRACE_SECONDS)
        if self.has_abandoned:
            logger.warning("Functions were still running; activities among them run again at the next start")
        await activities.abandon()
        await batches.abandon()
        await listeners.close()

    def _fail(self) -> None:
        self.has_failed = True
        self.stop()
