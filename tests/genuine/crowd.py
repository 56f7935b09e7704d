"""Clients of a fleet: each does one thing from the request to its end, as a careful client does when hosts come and go.

A request that got no answer is repeated with its idempotency key until it has one, so every operation is accepted once.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from uuid import uuid4

import httpx

from tests.e2e import faults
from tests.e2e.stack import Import, Json, Tenant
from tests.e2e.test_copy import copy_body, with_gallery
from tests.genuine.fleet import Fleet

POLL_SECONDS = 0.5
PATIENCE_SECONDS = 600.0
AT_THE_END = ("Succeeded", "Failed", "Canceled")


class Deed(StrEnum):
    """What a client does."""

    IMPORT = "import"
    COPY = "copy"
    CANCEL = "cancel"
    """An import, canceled at one of its later steps."""
    RETRY = "retry"
    """An import whose script fails, mended and retried."""


ENDS: Mapping[Deed, str] = {
    Deed.IMPORT: "Succeeded",
    Deed.COPY: "Succeeded",
    Deed.CANCEL: "Canceled",
    Deed.RETRY: "Succeeded",
}

SCRIPT_FAILS = {"type": "runCommand", "exitCode": 7, "error": "Access denied"}
CANCELED_FROM = (5, 6, 7)
"""The numbers of the steps from which on imports are canceled: the machine, its agent, its script."""


@dataclass(frozen=True)
class Story:
    """What a client did, and the operation that came of it; it has a subscription of its own."""

    deed: Deed
    job: Import

    def wrong(self) -> Iterable[str]:
        """What is not right about its end: in the catalogue, in Azure, and in how often Azure was asked for things."""
        operation = self.job.operation
        who = f"{self.deed} {operation['id']}"
        if operation["status"] != ENDS[self.deed]:
            yield f"{who} is {operation['status']}: {operation['error']}"
        yield from (f"{who}: {fault}" for fault in faults.wrong(self.job))
        tenant = self.job.tenant
        if (count := len(tenant.ok("GET", "/images")["content"])) != 1:
            yield f"{who}: the org has {count} images"
        begun = [call["path"] for call in tenant.calls() if call["method"] == "PUT" and call["status"] == 201]
        machines = [path for path in begun if path.lower().split("/")[-2] == "virtualmachines"]
        if len(set(begun)) != len(begun):
            yield f"{who}: something was created twice: {sorted(begun)}"
        if len(machines) > 1:
            yield f"{who}: {len(machines)} machines were created"


class Abandoned(Exception):
    """The crowd was sent home."""


class Crowd:
    """Clients, each a thread, for the time of a block; `stories` waits for all of them."""

    def __init__(self, fleet: Fleet, deeds: Sequence[Deed]) -> None:
        self._fleet = fleet
        self._deeds = deeds
        self._pool = ThreadPoolExecutor(len(deeds), thread_name_prefix="client")
        self._running: list[Future[Story]] = []
        self._over = threading.Event()

    def __enter__(self) -> "Crowd":
        """Let all of them begin."""
        self._running = [self._pool.submit(self._do, deed, turn) for turn, deed in enumerate(self._deeds)]
        return self

    def __exit__(self, *_: object) -> None:
        """Send home whoever is still there: the test has failed."""
        self._over.set()
        self._pool.shutdown(cancel_futures=True)

    @property
    def ended(self) -> int:
        """How many have come to the end of their story."""
        return sum(each.done() for each in self._running)

    def stories(self) -> list[Story]:
        """Wait for the end of all of them, and return what they did."""
        return [each.result() for each in self._running]

    def _do(self, deed: Deed, turn: int) -> Story:
        tenant = self._tenant()
        fault = tenant.fault(SCRIPT_FAILS, phase="guest") if deed is Deed.RETRY else None
        job = self._submit(tenant, deed)
        if deed is Deed.CANCEL:
            number = CANCELED_FROM[turn % len(CANCELED_FROM)]
            self._until(job, lambda operation: operation["step"] and operation["step"]["number"] >= number)
            if not self._cancel(job):
                deed = Deed.IMPORT
        if fault:
            self._until(job, lambda operation: operation["status"] == "Failed")
            tenant.mend(fault)
            self._persist(tenant, "POST", f"/operations/{job.operation['id']}/retry", wanted=(202,))
        self._until(job, lambda operation: operation["status"] in AT_THE_END)
        return Story(deed, job)

    def _cancel(self, job: Import) -> bool:
        """Cancel an import; returns whether that was in time. Where storage was away for long, it may have ended."""
        path = f"/operations/{job.operation['id']}/cancel"
        answer = self._persist(job.tenant, "POST", path, wanted=(200, 202), refusal="OPERATION_ENDED")
        return answer.status_code != 409

    def _tenant(self) -> Tenant:
        tenant = Tenant(self._fleet)
        while True:
            try:
                return with_gallery(tenant)
            except httpx.TransportError:
                self._pause()

    def _submit(self, tenant: Tenant, deed: Deed) -> Import:
        action = "copy-existing-image" if deed is Deed.COPY else "import"
        body = copy_body(tenant, options={"regions": ["westus2"]}) if deed is Deed.COPY else tenant.import_body()
        answer = self._persist(tenant, "POST", "/images", wanted=(202,), params={"action": action}, json=body)
        return Import(tenant, answer.json(), answer.headers["Operation-Location"])

    def _persist(
        self, tenant: Tenant, method: str, path: str, *, wanted: Sequence[int], refusal: str = "", **options: object
    ) -> httpx.Response:
        """Send a request, with a key, until a host has answered it; the answer must be one of the wanted.

        `refusal` is the code of a 409 that is an answer, too.
        """
        headers = {"Idempotency-Key": str(uuid4())}
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            with suppress(httpx.TransportError):
                answer = tenant.request(method, path, headers=headers, **options)
                if answer.status_code in wanted or (answer.status_code == 409 and answer.json()["code"] == refusal):
                    return answer
                # 409 is the answer to a request whose first try is still at work somewhere.
                assert answer.status_code in (409, 503), f"{method} {path}: {answer.status_code} {answer.text}"
            assert time.monotonic() < deadline, f"{method} {path} in vain"
            self._pause()

    def _until(self, job: Import, met: Callable[[Json], object]) -> None:
        """Ask for the operation until a condition holds, or it has ended for good."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            with suppress(httpx.TransportError):
                answer = job.tenant.stack.api.get(job.operation_location)
                assert answer.status_code in (200, 503), f"{answer.status_code} {answer.text}"
                if answer.status_code == 200:
                    operation: Json = answer.json()
                    if met(operation) or (operation["status"] in AT_THE_END and not operation.get("retryUntil")):
                        return
            assert time.monotonic() < deadline, f"{job.operation_location} does not come to it"
            self._pause()

    def _pause(self) -> None:
        if self._over.wait(POLL_SECONDS):
            raise Abandoned
