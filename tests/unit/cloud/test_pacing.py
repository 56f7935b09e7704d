"""Requests that Azure would refuse are not sent, and what begins something waits while little is left."""

import heapq
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import AzureError
from azure.core.pipeline import Pipeline
from azure.core.rest import HttpRequest

from local.arm.errors import ArmError
from local.arm.throttling import Throttle
from orchestrators.engine import policies
from shared.cloud.arm.core.errors import HeldBack, Request, translate
from shared.cloud.arm.core.pacing import Limits, PacingPolicy, limits_of, shape_of
from shared.errors.azure import ErrorKind, TransientError
from shared.workflow.pace import Pace

GROUP = "/subscriptions/s/resourceGroups/g"
MACHINE = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/one"
OTHER = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/two"
THIRD = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/three"
STEM = "x-ms-ratelimit-remaining-subscription"


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(name="clock")
def _clock() -> Clock:
    return Clock()


@pytest.fixture(name="limits")
def _limits(clock: Clock) -> Limits:
    return Limits(clock=clock)


def held(limits: Limits, method: str, path: str) -> float:
    """For how many seconds a request is held back; 0: it is sent."""
    try:
        limits.check(method, path)
    except HeldBack as error:
        return error.seconds
    return 0.0


def refusal(seconds: int, **headers: str) -> dict[str, str]:
    return {"retry-after": str(seconds), **{name.replace("_", "-"): value for name, value in headers.items()}}


def test_nothing_is_held_back_before_anything_is_known(limits: Limits):
    assert not any(held(limits, method, MACHINE) for method in ("GET", "PUT", "DELETE", "POST") for _ in range(500))


@pytest.mark.parametrize(
    ("method", "kind", "alike", "others"),
    [
        ("GET", "reads", "HEAD", ("PUT", "DELETE")),
        ("PUT", "writes", "POST", ("GET", "DELETE")),
        ("DELETE", "deletes", "DELETE", ("GET", "PUT")),
    ],
)
def test_arms_refusal_holds_for_all_requests_of_the_kind_until_it_says(
    limits: Limits, clock: Clock, method: str, kind: str, alike: str, others: tuple[str, ...]
):
    limits.note(method, MACHINE, 429, refusal(17, **{f"{STEM}-{kind}": "0"}))
    assert held(limits, alike, GROUP) == 17
    for other in others:
        if "GET" in (method, other):  # what begins something waits for reads, too, a moment
            continue
        assert not held(limits, other, MACHINE)
    clock.now += 16.9
    assert held(limits, method, GROUP) > 0
    clock.now += 0.2
    assert held(limits, "GET", GROUP) == 0


def test_computes_refusal_holds_for_the_resource_and_once_two_are_refused_for_all_of_their_kind(
    limits: Limits, clock: Clock
):
    spent = {"x-ms-ratelimit-remaining-resource": "Microsoft.Compute/PutVM;0", f"{STEM}-writes": "150"}
    limits.note("PUT", MACHINE, 429, refusal(60, **spent))
    assert held(limits, "PUT", MACHINE.upper()) == 60
    assert not held(limits, "PUT", OTHER)
    assert not held(limits, "GET", MACHINE)
    clock.now += 10
    limits.note("PUT", OTHER, 429, refusal(60, **spent))
    assert held(limits, "PUT", THIRD) == 60
    assert not held(limits, "PUT", f"{MACHINE}/runCommands/c")
    clock.now += 60.1
    assert not held(limits, "PUT", THIRD)


def test_a_resource_whose_last_request_was_spent_is_left_alone_before_it_is_refused(limits: Limits, clock: Clock):
    left = "Microsoft.Compute/UpdateVM;0,Microsoft.Compute/UpdateVM;1400"
    limits.note("POST", f"{MACHINE}/restart", 202, {"x-ms-ratelimit-remaining-resource": left})
    assert held(limits, "POST", f"{MACHINE}/restart") == 15
    assert not held(limits, "POST", f"{OTHER}/restart")
    clock.now += 15.1
    assert not held(limits, "POST", f"{MACHINE}/restart")


def test_what_was_held_back_once_is_forgotten(limits: Limits, clock: Clock):
    """The names of machines do not come again, and a worker lives for weeks."""
    for number in range(50):
        spent = {"x-ms-ratelimit-remaining-resource": "Microsoft.Compute/UpdateVM;0"}
        limits.note("POST", f"{MACHINE}{number}/restart", 202, spent)
        clock.now += 1
    assert len(vars(limits)["_held"]) == 15


def test_what_begins_something_waits_before_checks_and_reads_while_little_is_left(limits: Limits, clock: Clock):
    limits.note("PUT", GROUP, 201, {f"{STEM}-writes": "199"})
    limits.note("PUT", GROUP, 201, {f"{STEM}-writes": "41"})
    assert not held(limits, "PUT", GROUP)
    assert not held(limits, "POST", GROUP)
    assert held(limits, "PUT", GROUP) == 1.0, "two were sent since, and 39 of 200 are left"
    assert not held(limits, "DELETE", GROUP)
    assert not held(limits, "GET", GROUP)
    clock.now += 1.0
    assert not held(limits, "PUT", GROUP), "ten have flowed in"


@pytest.mark.parametrize("name", ["reads", "global-reads"])
def test_few_reads_hold_back_what_begins_something_and_no_read(limits: Limits, clock: Clock, name: str):
    limits.note("GET", GROUP, 200, {f"{STEM}-{name}": "249"})
    limits.note("GET", GROUP, 200, {f"{STEM}-{name}": "5"})
    assert held(limits, "PUT", GROUP) == pytest.approx(1.8, abs=0.1)
    assert not held(limits, "GET", GROUP)
    clock.now += 2.0
    assert not held(limits, "PUT", GROUP)


def test_nothing_is_held_back_for_less_than_a_second(limits: Limits, clock: Clock):
    """A durable timer of less rings at once: the workflow would come back again and again until the time is over."""
    limits.note("PUT", MACHINE, 429, refusal(30))
    clock.now += 29.9
    assert held(limits, "PUT", MACHINE) == 1.0


def test_a_held_back_request_is_throttling_with_the_time_to_wait():
    error = translate(HeldBack(4.5), Request("create virtual machine x", correlation_id="c"))
    assert isinstance(error, TransientError)
    assert (error.kind, error.retry_after, error.correlation_id) == (ErrorKind.THROTTLED, 4.5, "c")
    assert "create virtual machine x" in error.message


def test_all_clients_of_a_principal_in_a_subscription_share_what_is_known():
    assert limits_of("https://arm", "s", "", 1.0) is limits_of("https://arm", "s", "", 1.0)
    assert limits_of("https://arm", "s", "", 1.0) is not limits_of("https://arm", "s", "tenant", 1.0)


def test_kinds_of_resources_are_told_from_their_names():
    assert shape_of(MACHINE) == shape_of(OTHER) == "microsoft.compute/virtualmachines"
    assert shape_of(f"{MACHINE}/runCommands/c") == "microsoft.compute/virtualmachines/runcommands"
    assert shape_of(f"{MACHINE}/restart") == "microsoft.compute/virtualmachines/restart"
    assert shape_of(GROUP) == "subscriptions/resourcegroups"


def test_the_policy_sends_nothing_that_is_held_back(limits: Limits):
    sent: list[str] = []

    def answer(request: HttpRequest, **_: Any) -> SimpleNamespace:
        sent.append(request.url)
        return SimpleNamespace(status_code=429, headers=refusal(30))

    transport = SimpleNamespace(send=answer, __enter__=None, __exit__=None)
    pipeline: Pipeline[Any, Any] = Pipeline(transport, [PacingPolicy(limits)])  # type: ignore[arg-type]
    request = HttpRequest("PUT", f"https://arm.example{MACHINE}?api-version=1")
    pipeline.run(request)
    with pytest.raises(AzureError, match="held back"):
        pipeline.run(request)
    assert len(sent) == 1


def test_throttling_is_waited_out_for_hours():
    """The shortest delays, and Azure never asks for more: the operation's own deadline comes first."""
    delays = [policies.retry_delay(ErrorKind.THROTTLED, failures, Pace(), 1.0, 0.0) for failures in range(1, 100)]
    assert sum(delay for delay in delays if delay) > 0.9 * Pace().deadline_seconds


# What follows lets many imports loose on the simulator's own buckets, in virtual time.

SEQUENCE = (
    *[("GET", GROUP)] * 6,
    ("PUT", GROUP),
    *[("GET", GROUP)] * 2,
    ("PUT", "nsg"),
    ("GET", MACHINE),
    ("PUT", MACHINE),
    *[("GET", MACHINE)] * 20,
    ("PUT", f"{MACHINE}/runCommands/c"),
    *[("GET", MACHINE)] * 6,
    ("POST", f"{MACHINE}/restart"),
    *[("GET", MACHINE)] * 6,
)
"""Roughly an import: reads first, changes with reads between them, and polls every ten seconds."""
POLL = 10.0


@dataclass
class Crowd:
    """Many imports over one throttled subscription."""

    paced: bool
    clock: Clock = field(default_factory=Clock)
    refused: int = 0
    undercut: int = 0
    finished: int = 0

    def run(self, imports: int, share: float) -> "Crowd":
        throttle = Throttle(enforce=True, share=share)
        limits = Limits(clock=self.clock)
        chance = random.Random(7)  # noqa: S311 - repeatable
        waits: dict[str, float] = {}
        due = [
            (self.clock.now + place * 0.01, place, self._import(throttle, limits, chance, waits))
            for place in range(imports)
        ]
        heapq.heapify(due)
        while due:
            self.clock.now, place, work = heapq.heappop(due)
            try:
                heapq.heappush(due, (self.clock.now + next(work), place, work))
            except StopIteration:
                self.finished += 1
        return self

    def _import(
        self, throttle: Throttle, limits: Limits, chance: random.Random, waits: dict[str, float]
    ) -> Iterator[float]:
        """One import; yields how long to wait before its next call."""
        for number, (method, path) in enumerate(SEQUENCE):
            failures = 0
            while (asked := self._call(throttle, limits, waits, method, path, number)) is not None:
                failures += 1
                delay = policies.retry_delay(ErrorKind.THROTTLED, failures, Pace(), asked, chance.random())
                assert delay is not None, "patience ran out"
                yield delay
            yield POLL if path == MACHINE else 0.05

    def _call(
        self, throttle: Throttle, limits: Limits, waits: dict[str, float], method: str, path: str, number: int
    ) -> float | None:
        """Make a call; returns the seconds to wait if it was refused, or not sent."""
        try:
            if self.paced:
                limits.check(method, path)
        except HeldBack as error:
            return error.seconds
        kind = "reads" if method == "GET" else "writes"
        self.undercut += self.clock.now < waits.get(kind, 0.0)
        call: Any = SimpleNamespace(method=method, params={"subscription": "s"}, client={"oid": "me"}, operation="x")
        headers: Mapping[str, str]
        try:
            headers, status = throttle.take(call, "eastus", self.clock.now, _wait_header), 200
        except ArmError as error:
            headers, status = error.headers, 429
            self.refused += 1
            waits[kind] = self.clock.now + float(headers["retry-after"])
        limits.note(method, path, status, headers)
        return None if status == 200 else float(headers["retry-after"])


def _wait_header(seconds: float) -> dict[str, str]:
    return {"retry-after": str(int(seconds) + 1)}


def test_a_crowd_is_refused_far_more_rarely_and_never_asks_again_too_early():
    """A hundred imports on a tenth of Azure's buckets, with what is known of the limits and without it."""
    blind, paced = Crowd(paced=False).run(100, 0.1), Crowd(paced=True).run(100, 0.1)
    assert blind.finished == paced.finished == 100
    assert paced.undercut == 0 < blind.undercut
    assert paced.refused * 5 < blind.refused, (paced.refused, blind.refused)
