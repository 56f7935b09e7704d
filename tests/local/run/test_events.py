"""The events that a local run subscribes to."""

import re
from pathlib import Path

from local.run.events import OPERATIONS, hook

TEMPLATE = Path(__file__).parents[3] / "infra" / "modules" / "resource-events.bicep"


def test_a_local_run_hears_of_what_a_deployment_does() -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    _, _, values = text.partition("values: [")
    found = re.findall(r"'([^']+)'", values.partition("]")[0])
    assert sorted(found) == sorted(OPERATIONS)
    assert found, "the template names some"


def test_the_hook_is_for_one_subscription_and_one_function() -> None:
    asked = hook("sub-1", "http://127.0.0.1:7071")
    assert asked["scope"] == "/subscriptions/sub-1"
    assert asked["endpoint"] == "http://127.0.0.1:7071/runtime/webhooks/EventGrid?functionName=resource_events"
