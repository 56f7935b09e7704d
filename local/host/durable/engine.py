"""The work loop: one thread that owns the task hub and its store.

Requests and results come in through a queue. Each round takes what is there, runs the episodes that are ready,
commits once for all of them, and only then lets the outside know: callers get their answers, activities begin.
Replay is pure CPU and would stall the event loop; here it only competes for the interpreter.
"""

import logging
import queue
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from local.host.app import App
from local.host.durable.hub import TaskHub, Work
from local.host.durable.refusals import Refusal
from local.host.durable.store import Store
from local.host.durable.timers import Timers

ROUND_SECONDS = 0.02
"""How long a round goes on running episodes before it commits: the delay a caller sees when there is much to do."""

SETTLE_SECONDS = 1.0
"""How long a stop may go on with episodes that are ready; some orchestrations would be ready for ever."""

SWITCH_SECONDS = 0.001
"""How long this thread may keep the interpreter when the loop wants it. Python's own 5 ms are noticed by callers: a
request needs it several times."""

LONGEST_WAIT_SECONDS = 5.0
"""How long the loop sleeps at most: when the machine was suspended, its clock has jumped past timers."""

T = TypeVar("T")

logger = logging.getLogger(__name__)


class EngineStopped(Exception):
    """The engine has stopped; what was asked has not been done."""


@dataclass(frozen=True, slots=True)
class _Request:
    """Something to do on the hub, and who waits for it, if anybody; the answer is given after the commit."""

    do: Callable[[TaskHub], Any]
    answer: Future[Any] | None = None


_Answered = tuple[_Request, Any, Refusal | None]
"""A request, and its result or why it was refused."""


class Engine:
    """Runs the task hub of a state file until stopped.

    `dispatch` is called with what is to run (activities, batches of entities), from the engine's thread, after the
    commit that scheduled it.
    `failed` is called from there too if the engine dies of an error (a full disk, a bug), which is logged.
    `timers` says when timers ring.
    """

    def __init__(
        self,
        state: Path,
        app: App,
        dispatch: Callable[[list[Work]], None],
        failed: Callable[[], None],
        timers: Timers,
    ) -> None:
        self._state = state
        self._app = app
        self._dispatch = dispatch
        self._failed = failed
        self._timers = timers
        self._inbox: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="durable-engine", daemon=True)
        self._ready: Future[None] = Future()
        self._gate = threading.Lock()
        self._stopped = False

    def start(self) -> None:
        """Open the store and take up what it holds; raises StateError if it cannot be used."""
        self._thread.start()
        self._ready.result()

    def stop(self) -> None:
        """Finish the round that is running, and close the store. Everything else goes on at the next start."""
        self._inbox.put(None)
        self._thread.join()

    def ask(self, do: Callable[[TaskHub], T]) -> Future[T]:
        """Have something done on the hub; the future has its result once that is durable.

        It fails with the Refusal that was raised, or with EngineStopped.
        """
        answer: Future[T] = Future()
        # Runs from now on: a caller that goes away must not cancel what will be answered.
        answer.set_running_or_notify_cancel()
        with self._gate:
            if self._stopped:
                answer.set_exception(EngineStopped())
            else:
                self._inbox.put(_Request(do, answer))
        return answer

    def tell(self, do: Callable[[TaskHub], object]) -> None:
        """Have something done on the hub that must not fail; not done if the engine has stopped."""
        with self._gate:
            if not self._stopped:
                self._inbox.put(_Request(do))

    def _run(self) -> None:
        with ExitStack() as stack:
            stack.callback(sys.setswitchinterval, sys.getswitchinterval())
            sys.setswitchinterval(SWITCH_SECONDS)
            try:
                store = Store(self._state)
                stack.callback(store.close)
                hub = TaskHub(store, self._app, timers=self._timers)
                hub.recover()
            except Exception as exc:  # noqa: BLE001 - handed to the thread that starts the engine
                self._ready.set_exception(exc)
                return
            self._ready.set_result(None)
            self._work(store, hub)

    def _work(self, store: Store, hub: TaskHub) -> None:
        try:
            self._publish(hub, [])
            while self._round(store, hub):
                pass
            self._settle(store, hub)
        except BaseException:
            logger.exception("The durable engine has failed; the host stops")
            self._failed()
        finally:
            with self._gate:
                self._stopped = True
            _refuse(self._take_now())

    def _round(self, store: Store, hub: TaskHub) -> bool:
        """Do one round; returns whether there is to be another one."""
        requests = self._take(hub)
        try:
            with store.transaction():
                answered = [_do(hub, request) for request in requests if request is not None]
                hub.post.ring()
                deadline = time.monotonic() + ROUND_SECONDS
                while hub.post.has_ready and time.monotonic() < deadline:
                    hub.work()
        except BaseException:
            _refuse(requests)
            raise
        self._publish(hub, answered)
        return None not in requests

    def _settle(self, store: Store, hub: TaskHub) -> None:
        """Work in what has come in before the stop, so that no finished activity runs again for it."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while hub.post.has_ready and time.monotonic() < deadline:
            self._round(store, hub)

    def _take(self, hub: TaskHub) -> list[_Request | None]:
        """Return what has come in; waits for something if nothing else is to do."""
        if hub.post.has_ready:
            return self._take_now()
        wait = hub.post.seconds_to_timer()
        wait = LONGEST_WAIT_SECONDS if wait is None else min(wait, LONGEST_WAIT_SECONDS)
        try:
            return [self._inbox.get(timeout=wait), *self._take_now()]
        except queue.Empty:
            return []

    def _take_now(self) -> list[_Request | None]:
        taken: list[_Request | None] = []
        while True:
            try:
                taken.append(self._inbox.get_nowait())
            except queue.Empty:
                return taken

    def _publish(self, hub: TaskHub, answered: list[_Answered]) -> None:
        for request, result, refusal in answered:
            if request.answer is None:
                continue
            if refusal is None:
                request.answer.set_result(result)
            else:
                request.answer.set_exception(refusal)
        work = hub.take_work()
        if work:
            self._dispatch(work)


def _do(hub: TaskHub, request: _Request) -> _Answered:
    try:
        return request, request.do(hub), None
    except Refusal as exc:
        if request.answer is None:
            raise
        return request, None, exc


def _refuse(requests: list[_Request | None]) -> None:
    for request in requests:
        if request is not None and request.answer is not None:
            request.answer.set_exception(EngineStopped())
