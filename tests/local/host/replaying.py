"""What a replay of the SDK computes, for test_sdk_replay: as it comes, as JSON on stdout, when run as a module."""

# mypy: disallow-untyped-decorators=False
# ruff: noqa: BLE001
# The Durable SDK has no types, and raises what failed as a bare Exception.

import json
import sys
from collections.abc import Generator, Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import azure.durable_functions as df

from local.host.app import ORCHESTRATION_TRIGGER, Function, index
from orchestrators.blueprints import ORCHESTRATIONS

HISTORIES = Path(__file__).parents[2] / "histories"

Json = Any

probes = df.Blueprint()


@probes.orchestration_trigger(context_name="context")
def probe(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Json]:
    """Tell everything that the SDK shows, and spoil what it gave."""
    seen: list[Json] = []

    def look() -> None:
        events = [{**vars(event), "_timestamp": event.timestamp.isoformat()} for event in context.histories]
        now = context.current_utc_datetime.isoformat()
        seen.append([context.is_replaying, now, context.new_uuid(), context.version, json.loads(json.dumps(events))])
        context.set_custom_status(seen)

    look()
    for event in context.histories:
        event.InstanceId, event.Spoilt, event.is_processed = "spoilt", True, True
        if hasattr(event, "OrchestrationInstance"):
            event.OrchestrationInstance["InstanceId"] = "spoilt"
    for turn in range(3):
        seen.append((yield context.call_activity("work", {"turn": turn, "text": "\ufeffä\ud800"})))
        look()
    try:
        seen.append((yield context.call_activity_with_retry("work", df.RetryOptions(100, 2), [1.5, None])))
    except Exception as exc:
        seen.append(str(exc))
    look()
    timer = context.create_timer(context.current_utc_datetime + timedelta(hours=1))
    winner = yield context.task_any([timer, context.wait_for_external_event("go")])
    seen.append(winner.result)
    timer.cancel()
    look()
    return seen


@probes.orchestration_trigger(context_name="context")
def broken(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Json]:
    """Fail, in a way that nothing can be read from it, where there is nothing left to wait for."""
    yield context.call_activity("work")
    context.signal_entity(df.EntityId("counter", "one"), "add", 1)
    yield context.task_all([context.call_activity("work"), context.call_sub_orchestrator("probe", {"a": 1})])
    raise KeyError(context.instance_id)


@cache
def orchestrators() -> dict[str, Function]:
    app = df.DFApp()
    for blueprint in ORCHESTRATIONS:
        app.register_functions(blueprint)
    app.register_functions(probes)
    return index(app, Path()).named(ORCHESTRATION_TRIGGER)


def histories() -> Iterator[list[dict[str, Json]]]:
    """Every recorded history."""
    for path in sorted(HISTORIES.glob("*.json")):
        yield from json.loads(path.read_text(encoding="utf-8")).values()


def fields(history: list[dict[str, Json]]) -> dict[str, Json]:
    """What the extension sends beside the history."""
    started = history[1]
    return {
        "input": json.loads(started["Input"]),
        "instanceId": started["OrchestrationInstance"]["InstanceId"],
        "isReplaying": started["IsPlayed"],
        "parentInstanceId": None,
        "upperSchemaVersion": 1,
        "upperSchemaVersionNew": 2,
        "longRunningTimerIntervalDuration": None,
        "maximumShortTimerDuration": None,
        "defaultHttpAsyncRequestSleepTimeMillseconds": 30000,
    }


def outcome(name: str, context: Json) -> list[str]:
    """Return what the function returned, or raised."""
    try:
        return ["returned", orchestrators()[name.lower()].call(context=context)]
    except Exception as exc:
        return ["raised", repr(exc), repr(exc.__cause__)]


def main() -> None:
    """Answer a list of [name, payload]."""
    json.dump([outcome(name, payload) for name, payload in json.load(sys.stdin)], sys.stdout)


if __name__ == "__main__":
    main()
