"""An app with one orchestrator for each feature of Durable Functions that the local host offers."""

# mypy: disallow-untyped-decorators=False
# ruff: noqa: BLE001
# The Durable SDK has no types, and raises what failed as a bare Exception.

import asyncio
import logging
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import azure.functions as func
from azure.durable_functions import DurableOrchestrationContext as Context

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

Steps = Generator[Any, Any, Any]

RETRY = df.RetryOptions(first_retry_interval_in_milliseconds=20, max_number_of_attempts=3)
LONG = timedelta(hours=1)
SHORT = timedelta(milliseconds=300)

tries: dict[str, int] = {}
switches = {"twisted": False}


# ---- activities


@app.activity_trigger(input_name="name")
def hello(name: str) -> str:
    logging.getLogger("features").info("Saying hello", extra={"org_id": "org-1"})
    return f"Hello {name}"


@app.activity_trigger(input_name="number")
async def square(number: int) -> int:
    return number * number


@app.activity_trigger(input_name="key")
def flaky(key: str) -> int:
    """Fails twice for each key, then returns the number of the try."""
    tries[key] = tries.get(key, 0) + 1
    if tries[key] < 3:
        raise RuntimeError("flaky failed")
    return tries[key]


@app.activity_trigger(input_name="text")
def boom(text: str) -> None:
    raise ValueError(text)


@app.activity_trigger(input_name="seconds")
async def slow(seconds: float) -> float:
    await asyncio.sleep(seconds)
    return seconds


@app.activity_trigger(input_name="value", activity="Echo")
def echo_under_another_name(value: Any) -> Any:
    return value


@app.activity_trigger(input_name="value")
def unserialisable(value: Any) -> dict[str, object]:
    return {"name": "Secret-Person", "what": object()}


class Point:
    """An object with the SDK's own serialisation."""

    def __init__(self, x: int) -> None:
        self.x = x

    @staticmethod
    def to_json(point: "Point") -> dict[str, int]:
        return {"x": point.x}

    @staticmethod
    def from_json(data: dict[str, int]) -> "Point":
        return Point(data["x"])


@app.activity_trigger(input_name="point")
def shift(point: Point) -> Point:
    return Point(point.x + 1)


# ---- orchestrators


@app.orchestration_trigger(context_name="context")
def greet(context: Context) -> Steps:
    return (yield context.call_activity("hello", context.get_input()["name"]))


@app.orchestration_trigger(context_name="context")
def echo(context: Context) -> Steps:
    return (yield context.call_activity("echo", context.get_input()))


@app.orchestration_trigger(context_name="context")
def nothing(context: Context) -> str:
    return "done without a step"


@app.orchestration_trigger(context_name="context")
def points(context: Context) -> Steps:
    point = yield context.call_activity("shift", Point(1))
    return point.x


@app.orchestration_trigger(context_name="context")
def retried(context: Context) -> Steps:
    return (yield context.call_activity_with_retry("flaky", RETRY, context.instance_id))


@app.orchestration_trigger(context_name="context")
def retried_in_vain(context: Context) -> Steps:
    try:
        yield context.call_activity_with_retry("boom", RETRY, "no")
    except Exception as exc:
        failure = str(exc)
    after = yield context.call_activity("square", 2)
    return [failure.splitlines()[0].strip(), after]


@app.orchestration_trigger(context_name="context")
def retries_side_by_side(context: Context) -> Steps:
    keys = [f"{context.instance_id}-{number}" for number in range(3)]
    return (yield context.task_all([context.call_activity_with_retry("flaky", RETRY, key) for key in keys]))


@app.orchestration_trigger(context_name="context")
def retry_against_timeout(context: Context) -> Steps:
    timeout = context.create_timer(context.current_utc_datetime + LONG)
    work = context.call_activity_with_retry("flaky", RETRY, context.instance_id)
    winner = yield context.task_any([work, timeout])
    timeout.cancel()
    after = yield context.call_activity("square", 3)
    return [winner == work, after]


@app.orchestration_trigger(context_name="context")
def timer(context: Context) -> Steps:
    before = context.current_utc_datetime
    yield context.create_timer(before + SHORT)
    return context.current_utc_datetime - before >= SHORT


@app.orchestration_trigger(context_name="context")
def event_or_timeout(context: Context) -> Steps:
    timeout = context.create_timer(context.current_utc_datetime + LONG)
    approval = context.wait_for_external_event("Approval")
    winner = yield context.task_any([approval, timeout])
    if winner == approval:
        timeout.cancel()
        return approval.result
    return "too late"


@app.orchestration_trigger(context_name="context")
def losing_timer(context: Context) -> Steps:
    winner = yield context.task_any([
        context.call_activity("square", 3),
        context.create_timer(context.current_utc_datetime + SHORT),
    ])  # fmt: skip
    return winner.result


@app.orchestration_trigger(context_name="context")
def cancelled_beside_failure(context: Context) -> Steps:
    timeout = context.create_timer(context.current_utc_datetime + LONG)
    try:
        yield context.task_all([context.call_activity("boom", "early"), timeout])
    except Exception:
        timeout.cancel()
    return (yield context.call_activity("square", 4))


@app.orchestration_trigger(context_name="context")
def one_event(context: Context) -> Steps:
    return (yield context.wait_for_external_event("Go"))


@app.orchestration_trigger(context_name="context")
def late_waits(context: Context) -> Steps:
    """Waits for two events of one name, after a step during which they may already come."""
    yield context.wait_for_external_event("Begin")
    first = yield context.wait_for_external_event("Item")
    second = yield context.wait_for_external_event("Item")
    return [first, second]


@app.orchestration_trigger(context_name="context")
def child(context: Context) -> Steps:
    data = context.get_input()
    result = yield context.call_activity("square", data["k"])
    return {"parent": context.parent_instance_id, "id": context.instance_id, "result": result}


@app.orchestration_trigger(context_name="context")
def parent(context: Context) -> Steps:
    first = yield context.call_sub_orchestrator("child", {"k": 3})
    second = yield context.call_sub_orchestrator("child", {"k": 4}, f"{context.instance_id}-named")
    return [first, second]


@app.orchestration_trigger(context_name="context")
def list_child(context: Context) -> list[Any]:
    return [context.get_input()]


@app.orchestration_trigger(context_name="context")
def list_parent(context: Context) -> Steps:
    return (yield context.call_sub_orchestrator("list_child", [1, 2]))


@app.orchestration_trigger(context_name="context")
def failing(context: Context) -> Steps:
    yield context.call_activity("square", 1)
    raise KeyError("which")


@app.orchestration_trigger(context_name="context")
def silent_failure(context: Context) -> Steps:
    yield context.call_activity("square", 1)
    raise LookupError


@app.orchestration_trigger(context_name="context")
def activity_failure(context: Context) -> Steps:
    yield context.call_activity("boom", "boom!")


@app.orchestration_trigger(context_name="context")
def parent_of_failing(context: Context) -> Steps:
    try:
        yield context.call_sub_orchestrator("failing")
    except Exception as exc:
        return str(exc).splitlines()[0].strip()


@app.orchestration_trigger(context_name="context")
def parent_retries_child(context: Context) -> Steps:
    return (yield context.call_sub_orchestrator_with_retry("flaky_child", RETRY, context.instance_id))


@app.orchestration_trigger(context_name="context")
def flaky_child(context: Context) -> Steps:
    return (yield context.call_activity("flaky", context.get_input()))


@app.orchestration_trigger(context_name="context")
def parent_of_waiting(context: Context) -> Steps:
    try:
        yield context.call_sub_orchestrator("one_event", None, f"{context.instance_id}-child")
    except Exception as exc:
        return str(exc).splitlines()[0].strip()


@app.orchestration_trigger(context_name="context")
def parent_of_taken(context: Context) -> Steps:
    """Starts a child under the id in its input, which is taken."""
    try:
        yield context.call_sub_orchestrator("one_event", None, context.get_input())
    except Exception as exc:
        return str(exc).splitlines()[0].strip()


@app.orchestration_trigger(context_name="context")
def fan_out(context: Context) -> Steps:
    results = yield context.task_all([context.call_activity("square", number) for number in range(context.get_input())])
    return sum(results)


@app.orchestration_trigger(context_name="context")
def fan_out_with_failure(context: Context) -> Steps:
    try:
        yield context.task_all([context.call_activity("boom", "first"), context.call_activity("slow", 0.3)])
    except Exception as exc:
        failure = str(exc).splitlines()[0].strip()
    after = yield context.call_activity("square", 5)
    return [failure, after]


@app.orchestration_trigger(context_name="context")
def takes(context: Context) -> Steps:
    """Takes as many seconds as its input says, and returns that number."""
    return (yield context.call_activity("slow", context.get_input()))


@app.orchestration_trigger(context_name="context")
def first_of_two(context: Context) -> Steps:
    quick = context.call_activity("square", 6)
    winner = yield context.task_any([context.call_activity("slow", 0.3), quick])
    return winner == quick


@app.orchestration_trigger(context_name="context")
def everything(context: Context) -> Steps:
    """Does each thing that leaves something in the store."""
    hello = yield context.call_activity("hello", "Bob")
    yield context.create_timer(context.current_utc_datetime)
    child = yield context.call_sub_orchestrator("child", {"k": 3}, f"{context.instance_id}-child")
    squares = yield context.task_all([context.call_activity("square", number) for number in range(2)])
    return [hello, child["result"], squares]


@app.orchestration_trigger(context_name="context")
def countdown(context: Context) -> Steps:
    left = context.get_input()
    yield context.call_activity("square", left)
    if left > 1:
        context.continue_as_new(left - 1)
        return None
    return "lift-off"


@app.orchestration_trigger(context_name="context")
def first_step_anew(context: Context) -> Any:
    """Continues as new without a step, in its first episode."""
    if context.get_input() == "again":
        return "second life"
    context.continue_as_new("again")
    return None


@app.orchestration_trigger(context_name="context")
def hears_in_second_life(context: Context) -> Steps:
    if context.get_input() == "second life":
        return (yield context.wait_for_external_event("Item"))
    yield context.wait_for_external_event("Begin")
    context.continue_as_new("second life")
    return None


@app.orchestration_trigger(context_name="context")
def custom_status(context: Context) -> Steps:
    context.set_custom_status({"phase": "waiting"})
    yield context.wait_for_external_event("Go")
    context.set_custom_status({"phase": "done"})
    return None


@app.orchestration_trigger(context_name="context")
def large_custom_status(context: Context) -> Steps:
    context.set_custom_status("x" * 9000)
    yield context.call_activity("square", 1)


@app.orchestration_trigger(context_name="context")
def returns_object(context: Context) -> object:
    return object()


@app.orchestration_trigger(context_name="context")
def calls_unserialisable(context: Context) -> Steps:
    yield context.call_activity("unserialisable", 1)


@app.orchestration_trigger(context_name="context")
def calls_unknown_activity(context: Context) -> Steps:
    yield context.call_activity("no_such_activity", 1)


@app.orchestration_trigger(context_name="context")
def calls_unknown_child(context: Context) -> Steps:
    yield context.call_sub_orchestrator("no_such_orchestrator")


@app.orchestration_trigger(context_name="context")
def twisted(context: Context) -> Steps:
    """Calls another activity when it is replayed after the switch has been thrown: not deterministic."""
    yield context.call_activity("hello" if switches["twisted"] else "square", 2)
    yield context.wait_for_external_event("Go")


@app.orchestration_trigger(context_name="context")
def observations(context: Context) -> Steps:
    """Returns what must be the same in each replay, and whether it was replaying before and after a step."""
    before = [context.new_uuid(), context.current_utc_datetime.isoformat()]
    replayed = [context.is_replaying]
    yield context.call_activity("square", 1)
    replayed.append(context.is_replaying)
    return {"before": before, "again": (yield context.call_activity("Echo", before)), "replaying": replayed}
