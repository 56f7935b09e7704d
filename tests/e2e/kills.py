"""A storm of kills over running imports and copies: the host dies at seeded random moments and starts again at once.

Clients go on meanwhile as clients do: they send requests, wait for what became of them, and do not know what a dead
host has done with the last one. `tests.e2e.aftermath` says what must be true when it is over. Only the host is killed:
Azurite loses seconds of acknowledged writes when it is.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import uuid4

import httpx

from tests import functions_host
from tests.e2e.stack import Import, Json, Stack, Tenant
from tests.e2e.test_copy import copy_body, with_gallery
from tests.local.host import statefile

PLENTY = {"cores": 10_000, "standardDSv5Family": 10_000}
FIRST_START_SECONDS = 2.0
PAUSE_SECONDS = 0.02
POLL_SECONDS = 0.25
LONGEST_WAIT_FOR_A_REQUEST = 3.0


class Moment(StrEnum):
    """When the host is killed."""

    STARTING = "while it starts"
    ACCEPTING = "while it accepts"
    WORKING = "at work"


CHANCES = {Moment.STARTING: 2, Moment.ACCEPTING: 3, Moment.WORKING: 5}
"""How often each moment comes, out of ten."""

LATEST = {Moment.ACCEPTING: 0.08, Moment.WORKING: 2.0}
"""Seconds from the beginning of the moment to the kill, at most. For a start it is the time that one takes."""


@dataclass(frozen=True)
class Crew:
    """How many clients at once import, and how many copy."""

    imports: int = 5
    copies: int = 3


@dataclass
class Storm:
    """What clients and the one who kills have seen.

    `accepted` has a 202. What became of a request `in_doubt`, by its image's name, only the catalogue can tell.
    """

    stack: Stack
    tenant: Tenant
    chance: random.Random
    accepted: list[Import] = field(default_factory=list)
    in_doubt: list[str] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)
    kills: Counter[Moment] = field(default_factory=Counter)
    activities_again: int = 0
    _over: threading.Event = field(default_factory=threading.Event)
    _sending: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def over(cls, stack: Stack, seed: object) -> "Storm":
        """A storm over a running stack, with an org and a subscription of its own that has room for many machines."""
        tenant = with_gallery(Tenant(stack))
        stack.arm.patch(f"/_sim/subscriptions/{tenant.subscription}", json={"quotas": PLENTY})
        return cls(stack, tenant, random.Random(f"kills {seed}"))  # noqa: S311 - to be repeated

    def rage(self, kills: int, crew: Crew) -> None:
        """Kill the host so many times; it runs again at the end, and the clients are gone."""
        usual_start = FIRST_START_SECONDS
        with self._clients(crew):
            for moment in (Moment.WORKING, *self.chance.choices(list(CHANCES), list(CHANCES.values()), k=kills - 1)):
                if moment is Moment.STARTING:
                    time.sleep(self.chance.uniform(0.0, usual_start))
                else:
                    usual_start = self._started(usual_start)
                    self._come(moment)
                    time.sleep(self.chance.uniform(0.0, LATEST[moment]))
                self._kill(moment)
            self.stack.await_host()

    def _started(self, usual: float) -> float:
        """Wait for the host; returns how long that took, or what is usual if it had been there."""
        began = time.monotonic()
        self.stack.await_host()
        return max(usual / 2, time.monotonic() - began)

    def _come(self, moment: Moment) -> None:
        """Wait for the moment to begin; where no client has anything to send, any moment will do."""
        if moment is Moment.ACCEPTING:
            self._sending.clear()
            self._sending.wait(LONGEST_WAIT_FOR_A_REQUEST)

    def _kill(self, moment: Moment) -> None:
        """Kill the host, look at what it leaves behind, and start it again."""
        self.stack.kill_host()
        self.kills[moment] += 1
        if not functions_host.IS_GENUINE:  # whose state is several tables and queues, and whole only when it rests
            left = statefile.read(self.stack.host_state)
            self.activities_again += len(left.activities)
            self.surprises += [f"after kill {self.kills.total()}, {moment}: {fault}" for fault in left.faults()]
        if "engine has failed" in self.stack.log():
            self.surprises.append(self.stack.children["host"].log_tail(60))
        self.stack.launch_host()

    @contextmanager
    def _clients(self, crew: Crew) -> Iterator[None]:
        """Clients for the time of the block."""
        actions = ["import"] * crew.imports + ["copy-existing-image"] * crew.copies
        threads = [threading.Thread(target=self._be_client, args=(action,)) for action in actions]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    def _be_client(self, action: str) -> None:
        """Send a request, wait for its end, send the next."""
        while not self._over.is_set():
            job = self._request(action, f"{action[:6]}-{uuid4().hex[:8]}")
            if job is not None:
                self.accepted.append(job)
                self._follow(job)

    def _request(self, action: str, name: str) -> Import | None:
        """Send a request until a host has heard of it; returns what was accepted."""
        body = self._body(action, name)
        while not self._over.is_set():
            self._sending.set()
            try:
                answer = self.tenant.request("POST", "/images", params={"action": action}, json=body)
            except httpx.ConnectError:
                time.sleep(PAUSE_SECONDS)
                continue
            except httpx.TransportError:
                self.in_doubt.append(name)
                return None
            if answer.status_code == 202:
                return Import(self.tenant, answer.json(), answer.headers["Operation-Location"])
            self.in_doubt.append(name)
            if answer.status_code != 503:
                self._wonder(f"{action} of {name}: {answer.status_code} {answer.text}")
            return None
        return None

    def _body(self, action: str, name: str) -> Json:
        if action == "import":
            return self.tenant.import_body(streamName=name)
        return copy_body(self.tenant, streamName=name, options={"regions": ["westus2"]})

    def _follow(self, job: Import) -> None:
        """Ask for an operation until it has ended, as well as one can when hosts come and go."""
        while not self._over.wait(POLL_SECONDS):
            try:
                answer = self.stack.api.get(job.operation_location)
            except httpx.TransportError:
                continue
            if answer.status_code not in (200, 503):
                self._wonder(f"{job.operation_location}: {answer.status_code} {answer.text}")
            if answer.status_code == 200 and answer.json()["status"] in ("Succeeded", "Failed", "Canceled"):
                return

    def _wonder(self, what: str) -> None:
        """Note a surprise, with what the host has to say about it."""
        log = self.stack.log()
        trace = log.rpartition("Traceback")[2][:4000]
        self.surprises.append(f"{what}\n{trace}")
