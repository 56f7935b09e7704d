"""Orchestrations of the suite whose status and history are compared in full."""

import json
from collections.abc import Iterator

from tests.conformance.client import NOTHING
from tests.conformance.comparison.case import Case
from tests.conformance.history import Event
from tests.conformance.scenario import Scenario
from tests.conformance.test_scenarios import GROUPS

_WAITING = (("parent_of_waiting", None), ("event_or_timeout", json.dumps('{"hours": 1}')))
"""Orchestrations that do not end, and their inputs: for what is scheduled and has not come yet."""


def cases() -> Iterator[Case]:
    """Return a start of each scenario that ends by itself, and whose events have one order; and of what waits."""
    for group in GROUPS:
        for scenario in group.SCENARIOS:
            if not scenario.steps and scenario.stays is None and _is_ordered(scenario):
                yield Case(
                    "POST",
                    f"orchestrators/{scenario.orchestrator}/{{id}}",
                    content=_content(scenario),
                    ends=scenario.status,
                )
    for name, content in _WAITING:
        yield Case("POST", f"orchestrators/{name}/{{id}}", content=content, ends="Running")


def _is_ordered(scenario: Scenario) -> bool:
    return all(isinstance(each, Event) for each in scenario.history or ())


def _content(scenario: Scenario) -> str | None:
    if scenario.body is not NOTHING:
        return json.dumps(scenario.body)
    return None if scenario.data is None else json.dumps(json.dumps(scenario.data))
