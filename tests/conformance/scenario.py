"""Scenarios as data: what is started, what happens to it, and what must come of it. They run side by side."""

import json
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from tests.conformance.client import NOTHING, Host, Instance, Json
from tests.conformance.history import ANYTHING, Event, Expected, aligned

AT_ONCE = 16
"""Scenarios of a group that run side by side."""

Step = Callable[[Instance], object]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One orchestration from start to end.

    `data` goes in as the SDK's client sends it, `body` as it is; neither means no input. The `steps` follow the start.
    `history` is what lies between the start and the end of the execution; None where the outcome is all there
    is to say. `stays` is a status that the instance must still be in after the steps: it never ends.
    `note` says what is known of other hosts than those that were tried: [S] was read in source, [D] in documentation.
    """

    title: str
    orchestrator: str
    data: Json = None
    body: Json = NOTHING
    steps: tuple[Step, ...] = ()
    status: str = "Completed"
    stays: str | None = None
    output: Json = None
    custom_status: Json = ANYTHING
    history: Sequence[Expected] | None = None
    note: str = ""

    def perform(self, host: Host) -> dict[str, Json]:
        """Start it, do the steps, and return the status that it ended with."""
        if self.body is NOTHING:
            instance = host.start(self.orchestrator, self.data)
        else:
            instance = host.start_raw(self.orchestrator, self.body)
        for step in self.steps:
            step(instance)
        return instance.status() if self.stays else instance.ended(history=self.history is not None)

    def expected_history(self, actual: list[Event]) -> list[Event]:
        """Return the whole history that there must be; what may come in any order comes as it actually did."""
        begin = Event("ExecutionStarted", self.orchestrator)
        end = [] if self.stays else [Event("ExecutionCompleted", self.status, self.output)]
        return aligned([begin, *(self.history or ()), *end], actual)


class Runs:
    """Runs the wanted scenarios of a group side by side, when the first of them is asked for."""

    def __init__(self, host: Host, wanted: Iterable[tuple[str, Scenario]]) -> None:
        self._host = host
        self._wanted = list(wanted)
        self._running: dict[tuple[str, str], Future[dict[str, Json]]] = {}
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="scenario")

    def outcome(self, group: str, scenario: Scenario) -> dict[str, Json]:
        """Wait for the status that a scenario ended with."""
        if (group, scenario.title) not in self._running:
            for other, each in self._wanted:
                if other == group:
                    self._running[group, each.title] = self._pool.submit(each.perform, self._host)
        return self._running[group, scenario.title].result()

    def close(self) -> None:
        """Begin nothing more, and wait for what runs."""
        self._pool.shutdown(cancel_futures=True)


# ---- steps


def sends(event: str, data: Json = None) -> Step:
    """Send an external event; the host must accept it."""

    def send(instance: Instance) -> None:
        response = instance.send(event, data)
        assert (response.status_code, response.content) == (202, b"")

    return send


def tells(operation: str, reason: str = "because") -> Step:
    """Terminate, suspend or resume the instance; the host must accept it."""

    def tell(instance: Instance) -> None:
        response = instance.tell(operation, reason)
        assert (response.status_code, response.content) == (202, b"")

    return tell


def reaches(runtime_status: str) -> Step:
    """Wait until the instance is in this state."""
    return lambda instance: instance.reaches(runtime_status)


def shows(kind: str, count: int = 1) -> Step:
    """Wait until the history holds so many events of a kind."""
    return lambda instance: instance.shows(kind, count)


def has_custom_status(wanted: Json) -> Step:
    """Wait for a custom status."""
    return lambda instance: instance.until(f"the custom status {wanted}", lambda it: it["customStatus"] == wanted)


def lives_again(given: str) -> Step:
    """Wait until the instance has continued as new with an input."""
    return lambda instance: instance.until("another life", lambda it: it["input"] in (given, json.dumps(given)))


def child(suffix: str, *steps: Step) -> Step:
    """Do steps with the sub-orchestration whose id is the instance's with a suffix."""

    def do(instance: Instance) -> None:
        child = instance.host.instance(f"{instance.id}{suffix}").appears()
        for step in steps:
            step(child)

    return do
