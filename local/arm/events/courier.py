"""Delivery: each hook gets its events one after the other, in the order in which they are due, and none waits for
another hook. What is not accepted is sent again as Event Grid does it, with its waits in simulated time.

The courier runs on the simulator's event loop beside the requests, and never holds one up. While there are hooks it
also lets the world settle, so that an operation nobody polls is told of in time.
"""

import asyncio
import logging

import httpx

from ..world import World
from . import documents
from .hooks import READY, Hook
from .outbox import Delivery

_log = logging.getLogger("local.arm.events")
_TICK_SECONDS = 0.02
# Real seconds: the receiver lives in real time.
ANSWER_SECONDS = 30.0
_ACCEPTED = {200, 201, 202, 203, 204}
# What trying again does not mend; Event Grid's documentation on delivery and retry, for webhooks.
_HOPELESS = {400, 401, 413}
# Event Grid's schedule, in simulated seconds; the last wait repeats until the event is too old or was tried too often.
_WAITS = (10, 30, 60, 300, 600, 1800, 3600, 10_800, 21_600, 43_200)
_MOST_ATTEMPTS = 30
_TIME_TO_LIVE = 86_400


class Courier:
    """Delivers what is due, for as long as `run` is awaited."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._busy: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        # Machines of a sandbox set proxies that do not know this one's webhooks.
        async with httpx.AsyncClient(timeout=ANSWER_SECONDS, trust_env=False, verify=True) as client:
            try:
                while True:
                    await asyncio.sleep(_TICK_SECONDS)
                    if self._world.outbox.hooks:
                        self._world.settle()
                        self._start(client)
            finally:
                for task in self._busy.values():
                    task.cancel()
                await asyncio.gather(*self._busy.values(), return_exceptions=True)

    def _start(self, client: httpx.AsyncClient) -> None:
        self._busy = {name: task for name, task in self._busy.items() if not task.done()}
        for name, hook in self._world.outbox.hooks.items():
            if name not in self._busy and hook.state == READY and self._world.outbox.next(name, self._world.now):
                self._busy[name] = asyncio.create_task(self._send_all(client, name))

    async def _send_all(self, client: httpx.AsyncClient, name: str) -> None:
        while (hook := self._world.outbox.hooks.get(name)) and (
            delivery := self._world.outbox.next(name, self._world.now)
        ):
            status = await _send(client, hook, delivery)
            self._settle(hook, delivery, status)

    def _settle(self, hook: Hook, delivery: Delivery, status: int) -> None:
        world, attempt = self._world, delivery.attempts + 1
        later = world.clock.now() + _WAITS[min(delivery.attempts, len(_WAITS) - 1)]
        with world.store.transaction():
            if world.outbox.hooks.get(hook.name) is not hook:
                return
            if status in _ACCEPTED:
                hook.delivered += 1
                world.outbox.done(delivery)
            elif status in _HOPELESS or attempt >= _MOST_ATTEMPTS or later > delivery.since + _TIME_TO_LIVE:
                hook.dropped += 1
                world.outbox.done(delivery)
                _log.warning("event %s for %s is dropped: status %s", delivery.event["id"], hook.name, status)
            else:
                hook.retried += delivery.attempts == 0
                world.outbox.postpone(delivery, later)
            world.outbox.save(hook)


async def _send(client: httpx.AsyncClient, hook: Hook, delivery: Delivery) -> int:
    """The status of the receiver's answer, 0 when there was none."""
    content = documents.body(hook.schema, hook.scope, delivery.event)
    headers = documents.headers("Notification", hook.name, hook.schema, delivery.attempts)
    try:
        answer = await client.post(hook.endpoint, json=content, headers=headers)
    except httpx.HTTPError as problem:
        _log.info("event %s did not reach %s: %r", delivery.event["id"], hook.name, problem)
        return 0
    return answer.status_code
