"""What a step is handed: the input of its sub-orchestration and of its activities."""

from pydantic import Field

from shared.errors.azure import ErrorKind
from shared.models.base import Model, UtcTime
from shared.workflow.facts import Facts, SourceFacts
from shared.workflow.jobs.any_job import AnyJob
from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.jobs.import_job import ImportJob
from shared.workflow.outcome import Outcome


class StepInput(Model):
    """The input of every activity of a step."""

    job: AnyJob
    facts: Facts | SourceFacts | None = None
    """None until preflight is done."""
    attempt: int = 1
    retries: int = 0
    """How often somebody asked for a retry of the operation; each begins with the first attempt again."""
    handle: str | None = None
    """What the step's last activity left for this one."""
    at: UtcTime
    """The orchestration's time, so that a repeated activity writes the same."""


class ImportStep(StepInput):
    """The input of an import's activities."""

    job: ImportJob
    facts: Facts | None = None

    def needed_facts(self) -> Facts:
        """The facts of preflight, for a step that comes after it.

        Raises:
            ValueError: preflight is not done.
        """
        if self.facts is None:
            raise ValueError("preflight comes first")
        return self.facts


class CopyStep(StepInput):
    """The input of a copy's activities."""

    job: CopyJob
    facts: SourceFacts | None = None

    def needed_facts(self) -> SourceFacts:
        """The facts of preflight, for a step that comes after it.

        Raises:
            ValueError: preflight is not done.
        """
        if self.facts is None:
            raise ValueError("preflight comes first")
        return self.facts


class StepPosition(Model):
    """Where in its workflow an operation is."""

    name: str
    title: str
    number: int
    """From 1."""
    count: int
    percent: int
    """How much of the whole work is behind it."""


class StepTask(Model):
    """The input of the sub-orchestration that sees one step through."""

    position: StepPosition
    """The step, by its name, and where in the workflow it is."""
    job: AnyJob
    facts: Facts | SourceFacts | None = None
    deadline: UtcTime
    """Of the whole operation: no attempt begins or goes on after it."""
    attempt: int = 1
    """Which attempt of the step is under way; counts on over `continue_as_new`."""
    retries: int = 0
    """How often somebody asked for a retry of the operation."""
    attempt_deadline: UtcTime | None = None
    """Until when this attempt may take; None before it began."""
    failures: dict[ErrorKind, int] = Field(default_factory=dict)
    """How often it failed so far, by kind."""
    waiting: Outcome | None = None
    """Set when the instance began anew in the middle of a wait."""
    polls: int = 0
    """How often Azure was asked since the attempt began."""
    woken: int = 0
    """How often in a row, just now, news came and Azure was still at work."""
