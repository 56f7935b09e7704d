"""How histories are compared: what any host may do differently is forgiven, and nothing else."""

import pytest

from tests.conformance.history import ANYTHING, RUNG, TIMER, Event, Expected, Line, aligned, done, shown, together

ONE, TWO, THREE = (done("square", number) for number in (1, 2, 3))


def agrees(expected: list[Expected], actual: list[Event]) -> bool:
    return actual == aligned(expected, actual)


@pytest.mark.parametrize("actual", [[ONE, TWO, THREE], [ONE, THREE, TWO]])
def test_what_was_begun_together_may_end_in_any_order(actual: list[Event]) -> None:
    assert agrees([ONE, together(TWO, THREE)], actual)


@pytest.mark.parametrize(
    "actual",
    [
        [],
        [ONE, TWO],
        [TWO, ONE, THREE],
        [ONE, TWO, TWO],
        [ONE, TWO, THREE, THREE],
        [ONE, TWO, TIMER],
        [TIMER, ONE, TWO, THREE],
    ],
)
def test_nothing_may_be_missing_added_or_out_of_place(actual: list[Event]) -> None:
    assert not agrees([ONE, together(TWO, THREE)], actual)


def test_a_difference_shows_what_was_expected() -> None:
    assert aligned([TIMER, together(ONE, TWO), RUNG], [TIMER, TWO, THREE, RUNG]) == [TIMER, TWO, ONE, RUNG]


def test_results_names_and_reasons_count() -> None:
    assert not agrees([done("square", 1)], [done("square", 2)])
    assert not agrees([done("square", 1)], [done("cube", 1)])
    assert agrees([done("square", ANYTHING)], [done("square", 2)])
    assert agrees([Event("TaskFailed", "boom", Line("why"))], [Event("TaskFailed", "boom", "why \n details")])
    assert not agrees([Event("TaskFailed", "boom", Line("why"))], [Event("TaskFailed", "boom", "why not\n details")])


def test_times_and_details_do_not() -> None:
    raw = [
        {"EventType": "ExecutionStarted", "FunctionName": "main", "Timestamp": "2026-01-01T00:00:00Z", "Input": "1"},
        {"EventType": "TaskFailed", "FunctionName": "boom", "Reason": "why", "Details": "long", "ScheduledTime": "now"},
        {"EventType": "EventRaised", "Name": "Go", "Input": "{}"},
        {"EventType": "ExecutionCompleted", "OrchestrationStatus": "Completed", "Result": None},
    ]
    assert shown({"historyEvents": raw}) == [
        Event("ExecutionStarted", "main"),
        Event("TaskFailed", "boom", "why"),
        Event("EventRaised", "Go"),
        Event("ExecutionCompleted", "Completed"),
    ]
