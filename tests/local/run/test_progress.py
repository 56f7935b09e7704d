"""What is said of an operation, poll by poll."""

import io
from typing import Any

import pytest
from rich.console import Console

from local.run.display import LiveTable, display
from local.run.progress import UNSEEN, Outcome, Progress, remaining

QUOTA = {"code": "QuotaExceeded", "message": "There are no cores left."}


def operation(number: int | None, status: str = "Running", **members: Any) -> dict[str, Any]:
    step = (
        None if number is None else {"name": f"step-{number}", "title": f"Step {number}", "number": number, "count": 3}
    )
    return {"status": status, "step": step, "assetStatus": "DEPLOYING_VM", "percentComplete": 40, **members}


def outcomes(progress: Progress) -> list[tuple[int, Outcome]]:
    return [(step.number, step.outcome) for step in progress.steps]


def test_a_step_is_done_when_the_next_one_begins() -> None:
    """Each step is announced once, and its time is what passed between."""
    progress = Progress()

    assert progress.update(operation(None), 0.0) == ["status DEPLOYING_VM"]
    assert progress.update(operation(1), 1.0) == ["step 1 of 3: Step 1"]
    assert progress.update(operation(1), 2.0) == []
    assert progress.update(operation(2), 4.5) == ["Step 1: done after 3.5 s", "step 2 of 3: Step 2"]
    assert progress.update(operation(2, "Succeeded"), 5.5) == ["Step 2: done after 1.0 s"]
    assert outcomes(progress) == [(1, Outcome.DONE), (2, Outcome.DONE)]


def test_steps_that_no_poll_saw_are_accounted_for() -> None:
    """The table has no holes: neither at its beginning nor between two polls."""
    progress = Progress()
    progress.update(operation(2), 0.0)
    progress.update(operation(5), 1.0)

    assert [step.number for step in progress.steps] == [1, 2, 3, 4, 5]
    assert [step.title for step in progress.steps] == [UNSEEN, "Step 2", UNSEEN, UNSEEN, "Step 5"]


def test_a_waiting_retry_is_shown_once_and_then_runs_again() -> None:
    """IMPORT_RETRY_PENDING says which attempt follows, and why."""
    progress = Progress()
    progress.update(operation(1), 0.0)
    waiting = operation(1, retry={"attempt": 2, "at": "2026-11-23T00:00:00Z", "reason": QUOTA})

    news = progress.update(waiting, 1.0)

    assert news == ["Step 1: waiting to retry; attempt 2 follows: QuotaExceeded: There are no cores left."]
    assert outcomes(progress) == [(1, Outcome.WAITING)]
    assert progress.update(waiting, 2.0) == []
    progress.update(operation(1), 3.0)
    assert outcomes(progress) == [(1, Outcome.RUNNING)]


@pytest.mark.parametrize("status", ["Failed", "Canceled"])
def test_the_last_step_of_a_failed_operation_has_failed(status: str) -> None:
    """The step at which an operation ended badly is marked."""
    progress = Progress()
    progress.update(operation(1), 0.0)
    progress.update(operation(1, status), 1.0)

    assert outcomes(progress) == [(1, Outcome.FAILED)]


def test_clean_up_means_that_the_step_before_has_failed() -> None:
    """The clean-up itself is done when the operation ends."""
    clean_up = {"name": "clean-up", "title": "Clean up", "number": 3, "count": 3}
    progress = Progress()
    progress.update(operation(1), 0.0)
    progress.update({**operation(1), "step": clean_up}, 1.0)
    progress.update({**operation(1, "Failed"), "step": clean_up}, 2.0)

    assert outcomes(progress) == [(1, Outcome.FAILED), (3, Outcome.DONE)]


@pytest.mark.parametrize(
    ("seconds", "words"), [(None, ""), (0, ""), (9, "about 9 s left"), (125, "about 2 min 05 s left")]
)
def test_the_time_left_is_said_when_it_is_known(seconds: int | None, words: str) -> None:
    """No forecast, no words."""
    assert remaining({"etaSeconds": seconds}) == words


def test_without_a_terminal_there_are_plain_lines() -> None:
    """A log has a line for each piece of news, without control characters, square brackets as they came."""
    output = io.StringIO()
    with display(Console(file=output, width=40)) as shown:
        shown.update(operation(1, retry={"attempt": 2, "reason": {"code": "X", "message": "[red]as sent"}}))

    assert "\x1b" not in output.getvalue()
    assert "waiting to retry; attempt 2 follows: X: [red]as sent" in output.getvalue()
    assert len(output.getvalue().splitlines()) == 3


def test_on_a_terminal_there_is_a_table_with_a_bar() -> None:
    """Steps with their outcome, the percentage, the status and the time left."""
    output = io.StringIO()
    table = LiveTable()
    table.update(operation(1))
    table.update(operation(2, etaSeconds=70))
    Console(file=output, force_terminal=True, width=100, color_system=None).print(table)

    text = output.getvalue()
    for words in ("Step 1", "done", "Step 2", "running", "40 %", "DEPLOYING_VM", "about 1 min 10 s left", "━"):
        assert words in text
