"""A host under comparison: what there must be on it, and its answers to cases."""

import time
from collections.abc import Callable

import httpx

from tests.conformance.client import CONTINUATION, Host, Instance
from tests.conformance.comparison.answer import Answer, answer
from tests.conformance.comparison.case import WHOLE, Case
from tests.conformance.comparison.many import SHARED

ENDING_SECONDS = 30.0
LOOK_SECONDS = 0.1


def prepare(host: Host, states: tuple[str, ...]) -> None:
    """Make an instance in each state, in the order of their ids, and two entities."""
    for state in sorted(states):
        _made(host, state, f"{SHARED}-{state}")
    for key in (f"{SHARED}-entity", f"{SHARED}-further"):
        host.api("POST", f"entities/counter/{key}?op=add", json="5")
        host.until(f"entity {key}", lambda key=key: host.api("GET", f"entities/counter/{key}").text == "5")  # type: ignore[misc]


def answers(host: Host, case: Case, number: int) -> list[tuple[str, Answer]]:
    """Send a case's request, and return the answers to compare, each with what was asked."""
    instance_id = f"{SHARED}-{case.state}" if case.only_looks else f"case-{number}"
    if not case.only_looks:
        for state in filter(None, case.state.split("+")):
            _made(host, state, instance_id if state == case.state else f"{instance_id}-{state}")
    found = [(case.name, answer(_asked(host, case, instance_id)))]
    if case.ends:
        found.append((f"{case.name}, then its status", _seen(host, case, instance_id)))
    return found


def _made(host: Host, state: str, instance_id: str) -> None:
    makers: dict[str, Callable[[], object]] = {
        "unknown": lambda: None,
        "running": lambda: _running(host, instance_id),
        "suspended": lambda: _told(host, instance_id, "suspend", "Suspended"),
        "completed": lambda: host.start("echo", {"a": 1}, instance_id).reaches("Completed"),
        "failed": lambda: host.start("failing", [1], instance_id).reaches("Failed"),
        "terminated": lambda: _told(host, instance_id, "terminate", "Terminated"),
        "functionless": lambda: host.start("nobody", "in vain", instance_id).reaches("Failed"),
    }
    makers[state]()


def _running(host: Host, instance_id: str) -> Instance:
    return host.start("one_event", instance_id=instance_id).reaches("Running")


def _told(host: Host, instance_id: str, operation: str, status: str) -> Instance:
    instance = _running(host, instance_id)
    instance.tell(operation)
    return instance.reaches(status)


def _asked(host: Host, case: Case, instance_id: str) -> httpx.Response:
    headers = {} if case.content is None or not case.kind else {"Content-Type": case.kind}
    if case.token is not None:
        headers[CONTINUATION] = case.token
    content = None if case.content is None else case.content.encode()
    return host.api(case.method, case.path.replace("{id}", instance_id), content=content, headers=headers)


def _seen(host: Host, case: Case, instance_id: str) -> Answer:
    """Wait until an instance has the status that the case ends in, or time is up; returns the answer that shows it."""
    end = time.monotonic() + ENDING_SECONDS
    while True:
        seen = answer(host.api("GET", f"instances/{instance_id}?{WHOLE}"))
        if time.monotonic() > end or (isinstance(seen.body, dict) and seen.body.get("runtimeStatus") == case.ends):
            return seen
        time.sleep(LOOK_SECONDS)
