"""Orchestrations of the suite whose status and history are compared in full, at their end."""

import json
from collections.abc import Iterator

from tests.conformance.client import NOTHING
from tests.conformance.comparison.case import Case
from tests.conformance.history import Event
from tests.conformance.scenario import Scenario
from tests.conformance.test_scenarios import GROUPS


def cases() -> Iterator[Case]:
    """Return a start of each scenario that ends by itself, and whose events have one order."""
    for group in GROUPS:
        for scenario in group.SCENARIOS:
            if not scenario.steps and scenario.stays is None and _is_ordered(scenario):
                yield Case(
                    "POST",
                    f"orchestrators/{scenario.orchestrator}/{{id}}",
                    content=_content(scenario),
                    ends=scenario.status,
                )


def _is_ordered(scenario: Scenario) -> bool:
    return all(isinstance(each, Event) for each in scenario.history or ())


def _content(scenario: Scenario) -> str | None:
    if scenario.body is not NOTHING:
        return json.dumps(scenario.body)
    return None if scenario.data is None else json.dumps(json.dumps(scenario.data))
