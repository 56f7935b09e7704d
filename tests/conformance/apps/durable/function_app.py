"""Orchestrations: one for each thing that an orchestrator may do, small enough to be told by its history."""

# mypy: disallow-untyped-decorators=False
# ruff: noqa: BLE001
# The Durable SDK has no types, and raises what failed as a bare Exception.

import asyncio
import os
from collections import Counter
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import azure.functions as func
from azure.durable_functions import DurableOrchestrationContext as Context

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

Steps = Generator[Any, Any, Any]

RETRY = df.RetryOptions(first_retry_interval_in_milliseconds=20, max_number_of_attempts=3)
PACE = float(os.environ.get("CONFORMANCE_PACE", "1"))
"""How many times longer everything takes: what is to lose a race must be slower than a slow host."""

LONG = timedelta(hours=1)
SHORT = timedelta(seconds=0.2 * PACE)
LOSING = timedelta(seconds=0.6 * PACE)

tries: Counter[str] = Counter()
"""How often each key was tried; one worker process serves the app."""

turns: Counter[str] = Counter()
"""How often an orchestrator ran for an instance."""


@app.route(route="conformance", methods=["GET"])
def conformance(req: func.HttpRequest) -> str:
    """Say which app this is."""
    return "durable"


# ---- activities


@app.activity_trigger(input_name="name")
def greet(name: str) -> str:
    return f"Hello {name}"


@app.activity_trigger(input_name="number")
async def square(number: int) -> int:
    return number * number


@app.activity_trigger(input_name="value", activity="Echo")
def echo_under_another_name(value: Any) -> Any:
    return value


@app.activity_trigger(input_name="key")
def flaky(key: str) -> int:
    """Fails twice for each key, then returns the number of the try."""
    tries[key] += 1
    if tries[key] < 3:
        raise RuntimeError("flaky failed")
    return tries[key]


@app.activity_trigger(input_name="text")
def boom(text: str) -> None:
    raise ValueError(text)


@app.activity_trigger(input_name="seconds")
async def slow(seconds: float) -> float:
    await asyncio.sleep(seconds * PACE)
    return seconds


@app.activity_trigger(input_name="value")
def unserialisable(value: Any) -> dict[str, object]:
    return {"what": object()}


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


def first_line(error: Exception) -> str:
    """Return what a failed task says; the lines after it are the host's details."""
    return str(error).splitlines()[0].strip()


# ---- one thing after another


@app.orchestration_trigger(context_name="context")
def no_step(context: Context) -> str:
    return "done without a step"


@app.orchestration_trigger(context_name="context")
def sequence(context: Context) -> Steps:
    greeting = yield context.call_activity("greet", "Bob")
    number = yield context.call_activity("square", 3)
    return [greeting, number]


@app.orchestration_trigger(context_name="context")
def echo(context: Context) -> Steps:
    """Sends its input through an activity with a durable name of its own, and returns what comes back."""
    return (yield context.call_activity("Echo", context.get_input()))


@app.orchestration_trigger(context_name="context")
def input_only(context: Context) -> Any:
    """Returns its input, and of what type it is."""
    value = context.get_input()
    return {"type": type(value).__name__, "value": value}


@app.orchestration_trigger(context_name="context")
def points(context: Context) -> Steps:
    point = yield context.call_activity("shift", Point(1))
    return point.x


@app.orchestration_trigger(context_name="context")
def observations(context: Context) -> Steps:
    """Returns what must be the same in each replay, seen before and after two steps."""
    ids = [context.new_uuid(), context.new_uuid(), str(context.new_guid())]
    began = context.current_utc_datetime
    replaying = [context.is_replaying]
    stored = yield context.call_activity("Echo", [ids, began.isoformat()])
    replaying.append(context.is_replaying)
    yield context.create_timer(context.current_utc_datetime + SHORT)
    replaying.append(context.is_replaying)
    return {
        "same": stored == [ids, began.isoformat()],
        "distinct": len({*ids, context.new_uuid()}),
        "aware": began.tzinfo is not None,
        "passed": context.current_utc_datetime > began,
        "replaying": replaying,
        "id": context.instance_id,
        "parent": context.parent_instance_id,
    }


@app.orchestration_trigger(context_name="context")
def first_sight(context: Context) -> bool:
    """Returns whether its only episode is a replay."""
    return bool(context.is_replaying)


# ---- retries


@app.orchestration_trigger(context_name="context")
def retried(context: Context) -> Steps:
    return (yield context.call_activity_with_retry("flaky", RETRY, context.instance_id))


@app.orchestration_trigger(context_name="context")
def retried_for_nothing(context: Context) -> Steps:
    return (yield context.call_activity_with_retry("square", RETRY, 3))


@app.orchestration_trigger(context_name="context")
def retried_in_vain(context: Context) -> Steps:
    try:
        yield context.call_activity_with_retry("boom", RETRY, "no")
    except Exception as exc:
        failure = first_line(exc)
    return [failure, (yield context.call_activity("square", 2))]


@app.orchestration_trigger(context_name="context")
def retries_side_by_side(context: Context) -> Steps:
    keys = [f"{context.instance_id}-{number}" for number in range(3)]
    results = yield context.task_all([context.call_activity_with_retry("flaky", RETRY, key) for key in keys])
    return [results, (yield context.call_activity("square", 4))]


@app.orchestration_trigger(context_name="context")
def retry_against_timeout(context: Context) -> Steps:
    timeout = context.create_timer(context.current_utc_datetime + LONG)
    work = context.call_activity_with_retry("flaky", RETRY, context.instance_id)
    winner = yield context.task_any([work, timeout])
    timeout.cancel()
    return [winner == work, (yield context.call_activity("square", 3))]


@app.orchestration_trigger(context_name="context")
def retry_of_child_against_timeout(context: Context) -> Steps:
    timeout = context.create_timer(context.current_utc_datetime + LONG)
    work = context.call_sub_orchestrator_with_retry("flaky_child", RETRY, context.instance_id)
    winner = yield context.task_any([work, timeout])
    timeout.cancel()
    return [winner == work, (yield context.call_activity("square", 3))]


@app.orchestration_trigger(context_name="context")
def activity_against_timeout(context: Context) -> Steps:
    timeout = context.create_timer(context.current_utc_datetime + LONG)
    work = context.call_activity("square", 2)
    winner = yield context.task_any([work, timeout])
    timeout.cancel()
    return [winner == work, (yield context.call_activity("square", 3))]


@app.orchestration_trigger(context_name="context")
def retries_child(context: Context) -> Steps:
    return (yield context.call_sub_orchestrator_with_retry("flaky_child", RETRY, context.instance_id))


@app.orchestration_trigger(context_name="context")
def flaky_child(context: Context) -> Steps:
    return (yield context.call_activity("flaky", context.get_input()))


@app.orchestration_trigger(context_name="context")
def retries_child_in_vain(context: Context) -> Steps:
    try:
        yield context.call_sub_orchestrator_with_retry("failing", RETRY)
    except Exception as exc:
        failure = first_line(exc)
    return [failure, (yield context.call_activity("square", 2))]


# ---- timers


@app.orchestration_trigger(context_name="context")
def timer(context: Context) -> Steps:
    due = context.current_utc_datetime + timedelta(seconds=1.5)
    yield context.create_timer(due)
    return context.current_utc_datetime >= due - timedelta(seconds=1)


@app.orchestration_trigger(context_name="context")
def timer_in_the_past(context: Context) -> Steps:
    yield context.create_timer(context.current_utc_datetime - LONG)
    return "rung"


@app.orchestration_trigger(context_name="context")
def timers_out_of_order(context: Context) -> Steps:
    now = context.current_utc_datetime
    late, early = context.create_timer(now + 2 * SHORT), context.create_timer(now + SHORT)
    winner = yield context.task_any([late, early])
    yield late
    return winner == early


@app.orchestration_trigger(context_name="context")
def event_or_timeout(context: Context) -> Steps:
    timeout = context.create_timer(context.current_utc_datetime + timedelta(**context.get_input()) * PACE)
    approval = context.wait_for_external_event("Approval")
    winner = yield context.task_any([approval, timeout])
    if winner == approval:
        timeout.cancel()
        return approval.result
    return "too late"


@app.orchestration_trigger(context_name="context")
def losing_timer(context: Context) -> Steps:
    work = context.call_activity("square", 3)
    winner = yield context.task_any([work, context.create_timer(context.current_utc_datetime + LOSING)])
    return winner.result


@app.orchestration_trigger(context_name="context")
def losing_timer_and_failure(context: Context) -> Steps:
    work = context.call_activity("square", 3)
    yield context.task_any([work, context.create_timer(context.current_utc_datetime + LOSING)])
    raise ValueError("after the race")


@app.orchestration_trigger(context_name="context")
def losing_activity(context: Context) -> Steps:
    winner = yield context.task_any([context.call_activity("slow", 0.5), context.call_activity("square", 6)])
    return winner.result


@app.orchestration_trigger(context_name="context")
def losing_child(context: Context) -> Steps:
    child = context.call_sub_orchestrator("takes", 0.5, f"{context.instance_id}-child")
    winner = yield context.task_any([child, context.call_activity("square", 6)])
    return winner.result


@app.orchestration_trigger(context_name="context")
def cancelled_beside_failure(context: Context) -> Steps:
    timeout = context.create_timer(context.current_utc_datetime + LONG)
    try:
        yield context.task_all([context.call_activity("boom", "early"), timeout])
    except Exception:
        timeout.cancel()
    return (yield context.call_activity("square", 4))


# ---- external events


@app.orchestration_trigger(context_name="context")
def one_event(context: Context) -> Steps:
    return (yield context.wait_for_external_event("Go"))


@app.orchestration_trigger(context_name="context")
def all_events(context: Context) -> Steps:
    return (yield context.task_all([context.wait_for_external_event(name) for name in ("First", "Second")]))


@app.orchestration_trigger(context_name="context")
def any_event(context: Context) -> Steps:
    """Waits for one of two, and does not wait for the other any more."""
    events = [context.wait_for_external_event(name) for name in ("First", "Second")]
    winner = yield context.task_any(events)
    return [events.index(winner), winner.result]


@app.orchestration_trigger(context_name="context")
def late_waits(context: Context) -> Steps:
    """Waits for two events of one name, after a wait during which they may already come."""
    yield context.wait_for_external_event("Begin")
    first = yield context.wait_for_external_event("Item")
    second = yield context.wait_for_external_event("Item")
    return [first, second]


@app.orchestration_trigger(context_name="context")
def late_wait(context: Context) -> Steps:
    """Waits for an event after a timer during which it may already come."""
    yield context.create_timer(context.current_utc_datetime + LOSING)
    return (yield context.wait_for_external_event("Item"))


@app.orchestration_trigger(context_name="context")
def two_waits_at_once(context: Context) -> Steps:
    return (yield context.task_all([context.wait_for_external_event("Item") for _ in range(2)]))


# ---- sub-orchestrations


@app.orchestration_trigger(context_name="context")
def child(context: Context) -> Steps:
    number = yield context.call_activity("square", context.get_input()["number"])
    return {"id": context.instance_id, "parent": context.parent_instance_id, "number": number}


@app.orchestration_trigger(context_name="context")
def parent(context: Context) -> Steps:
    first = yield context.call_sub_orchestrator("child", {"number": 3})
    second = yield context.call_sub_orchestrator("child", {"number": 4}, f"{context.instance_id}-named")
    return [first, second]


@app.orchestration_trigger(context_name="context")
def late_parent(context: Context) -> Steps:
    for number in range(9):
        yield context.call_activity("square", number)
    children = [context.call_sub_orchestrator("child", {"number": number}) for number in (3, 4)]
    return (yield context.task_all(children))


@app.orchestration_trigger(context_name="context")
def parent_of_several(context: Context) -> Steps:
    children = [context.call_sub_orchestrator("takes", seconds) for seconds in (0.2, 0.0, 0.1)]
    return (yield context.task_all(children))


@app.orchestration_trigger(context_name="context")
def hands_down(context: Context) -> Steps:
    """Gives its input to a child, and returns what the child made of it."""
    return (yield context.call_sub_orchestrator("input_only", context.get_input()))


@app.orchestration_trigger(context_name="context")
def parent_of_failing(context: Context) -> Steps:
    try:
        yield context.call_sub_orchestrator("failing")
    except Exception as exc:
        return first_line(exc)


@app.orchestration_trigger(context_name="context")
def parent_that_fails_too(context: Context) -> Steps:
    yield context.call_sub_orchestrator("failing")


@app.orchestration_trigger(context_name="context")
def parent_of_waiting(context: Context) -> Steps:
    try:
        return (yield context.call_sub_orchestrator("one_event", None, f"{context.instance_id}-child"))
    except Exception as exc:
        return first_line(exc)


@app.orchestration_trigger(context_name="context")
def parent_of_lives(context: Context) -> Steps:
    return (yield context.call_sub_orchestrator("countdown", 3))


@app.orchestration_trigger(context_name="context")
def children_and_failure(context: Context) -> Steps:
    try:
        yield context.task_all([context.call_sub_orchestrator("failing"), context.call_sub_orchestrator("takes", 0.5)])
    except Exception as exc:
        return first_line(exc)


@app.orchestration_trigger(context_name="context")
def takes(context: Context) -> Steps:
    """Takes as many seconds as its input says, and returns that number."""
    return (yield context.call_activity("slow", context.get_input()))


# ---- several things at once


@app.orchestration_trigger(context_name="context")
def fan_out(context: Context) -> Steps:
    numbers = range(context.get_input())
    return (yield context.task_all([context.call_activity("square", number) for number in numbers]))


@app.orchestration_trigger(context_name="context")
def fan_out_with_failure(context: Context) -> Steps:
    try:
        yield context.task_all([context.call_activity("boom", "first"), context.call_activity("slow", 0.5)])
    except Exception as exc:
        failure = first_line(exc)
    return [failure, (yield context.call_activity("square", 5))]


@app.orchestration_trigger(context_name="context")
def first_of_two(context: Context) -> Steps:
    """Goes on with the winner's result while the loser still runs, and takes that in as well."""
    slow, quick = context.call_activity("slow", 0.5), context.call_activity("square", 6)
    winner = yield context.task_any([slow, quick])
    after = yield context.call_activity("square", winner.result)
    return [after, (yield slow)]


@app.orchestration_trigger(context_name="context")
def any_of_alls(context: Context) -> Steps:
    quick = context.task_all([context.call_activity("square", number) for number in (1, 2)])
    slow = context.task_all([context.call_activity("slow", 0.5), context.call_activity("square", 3)])
    winner = yield context.task_any([slow, quick])
    return winner.result


# ---- continue as new


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
def new_after_timer(context: Context) -> Steps:
    """Continues as new beside a timer that nobody waits for."""
    if context.get_input() == "again":
        return "second life"
    yield context.task_any([
        context.call_activity("square", 1),
        context.create_timer(context.current_utc_datetime + LOSING),
    ])  # fmt: skip
    context.continue_as_new("again")
    return None


# ---- custom status


@app.orchestration_trigger(context_name="context")
def custom_status(context: Context) -> Steps:
    """Shows what its input says, one after the other, and goes on at each event."""
    for position, status in enumerate(context.get_input()):
        context.set_custom_status(status)
        yield context.wait_for_external_event(f"Next{position}")


@app.orchestration_trigger(context_name="context")
def sized_custom_status(context: Context) -> Steps:
    """Sets a custom status of so many letters."""
    context.set_custom_status("x" * context.get_input())
    yield context.call_activity("square", 1)


# ---- failures


@app.orchestration_trigger(context_name="context")
def failing(context: Context) -> Steps:
    yield context.call_activity("square", 1)
    raise KeyError("which")


@app.orchestration_trigger(context_name="context")
def failing_at_once(context: Context) -> Steps:
    if context.get_input() is None:
        raise ValueError("not even begun")
    yield context.call_activity("square", 1)


@app.orchestration_trigger(context_name="context")
def failing_without_yield(context: Context) -> None:
    raise ValueError("not even begun")


@app.orchestration_trigger(context_name="context")
def failing_without_words(context: Context) -> Steps:
    yield context.call_activity("square", 1)
    raise LookupError


@app.orchestration_trigger(context_name="context")
def activity_failure(context: Context) -> Steps:
    yield context.call_activity("boom", context.get_input())


@app.orchestration_trigger(context_name="context")
def activity_failure_caught(context: Context) -> Steps:
    try:
        yield context.call_activity("boom", "one")
    except Exception as exc:
        return [type(exc).__name__, first_line(exc), (yield context.call_activity("square", 2))]


@app.orchestration_trigger(context_name="context")
def changes_its_mind(context: Context) -> Steps:
    """Is not deterministic: calls another activity when it is replayed."""
    turns[context.instance_id] += 1
    yield context.call_activity("square" if turns[context.instance_id] == 1 else "greet", 2)
    yield context.wait_for_external_event("Go")


@app.orchestration_trigger(context_name="context")
def returns_object(context: Context) -> object:
    return object()


@app.orchestration_trigger(context_name="context")
def calls_unserialisable(context: Context) -> Steps:
    yield context.call_activity("unserialisable", 1)
