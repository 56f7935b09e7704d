"""How an operation has gone so far, put together from what polling it showed. Pure."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Json = dict[str, Any]
CLEAN_UP = "clean-up"
"""The step that follows on one that failed for good."""
UNSEEN = "(over before we looked)"


class Outcome(StrEnum):
    """How a step is doing, in a word for people."""

    RUNNING = "running"
    WAITING = "waiting to retry"
    DONE = "done"
    FAILED = "failed"


@dataclass
class Step:
    """A step that was seen; times in seconds of the caller's clock."""

    name: str
    title: str
    number: int
    count: int
    started: float
    ended: float | None = None
    outcome: Outcome = Outcome.RUNNING
    note: str = ""

    def seconds(self, now: float) -> float:
        """How long it took, or has taken until now."""
        return (now if self.ended is None else self.ended) - self.started


@dataclass
class Progress:
    """An operation's steps, and what it said last."""

    steps: list[Step] = field(default_factory=list)
    operation: Json = field(default_factory=dict)

    def update(self, operation: Json, now: float) -> list[str]:
        """Take in what a poll showed; return what is new, a line each."""
        before, self.operation = self.operation, operation
        news = self._step_news(operation.get("step"), now)
        news += self._retry_news(operation.get("retry"))
        if operation["status"] not in ("NotStarted", "Running"):
            news += self._end_step(self._last_outcome(), now)
        status = operation.get("assetStatus")
        if status != before.get("assetStatus"):
            news.append(f"status {status}")
        return news

    def _step_news(self, step: Json | None, now: float) -> list[str]:
        if step is None or (self.steps and self.steps[-1].name == step["name"]):
            return []
        news = self._end_step(Outcome.FAILED if step["name"] == CLEAN_UP else Outcome.DONE, now)
        if step["name"] != CLEAN_UP:
            news += self._fill_gap(step["number"], step["count"], now)
        self.steps.append(Step(step["name"], step["title"], step["number"], step["count"], now))
        return [*news, f"step {step['number']} of {step['count']}: {step['title']}"]

    def _fill_gap(self, number: int, count: int, now: float) -> list[str]:
        """Account for steps that were over before the first poll, or came and went between two."""
        seen = self.steps[-1].number if self.steps else 0
        missed = [Step("", UNSEEN, each, count, now, now, Outcome.DONE) for each in range(seen + 1, number)]
        self.steps += missed
        return [f"step {step.number} of {count}: {step.title}" for step in missed]

    def _retry_news(self, retry: Json | None) -> list[str]:
        step = self.steps[-1] if self.steps else None
        if step is None or step.ended is not None:
            return []
        if retry is None:
            if step.outcome is Outcome.WAITING:
                step.outcome = Outcome.RUNNING
            return []
        reason = retry.get("reason") or {}
        note = f"attempt {retry['attempt']} follows: {reason.get('code', 'unknown')}: {reason.get('message', '')}"
        known = step.outcome is Outcome.WAITING and step.note == note
        step.outcome, step.note = Outcome.WAITING, note
        return [] if known else [f"{step.title}: {Outcome.WAITING}; {note}"]

    def _last_outcome(self) -> Outcome:
        """A failed operation failed in its last step, unless that was to clean up and came to its end."""
        step = self.steps[-1] if self.steps else None
        cleaned_up = step is not None and step.name == CLEAN_UP and step.outcome is Outcome.RUNNING
        return Outcome.DONE if cleaned_up or self.operation["status"] == "Succeeded" else Outcome.FAILED

    def _end_step(self, outcome: Outcome, now: float) -> list[str]:
        if not self.steps or self.steps[-1].ended is not None:
            return []
        step = self.steps[-1]
        step.outcome, step.ended = outcome, now
        return [f"{step.title}: {outcome} after {step.seconds(now):.1f} s"]


def remaining(operation: Json) -> str:
    """Return the time that is left in words, empty if nobody can tell."""
    seconds = operation.get("etaSeconds")
    if not seconds:
        return ""
    minutes, rest = divmod(int(seconds), 60)
    return f"about {minutes} min {rest:02d} s left" if minutes else f"about {rest} s left"
