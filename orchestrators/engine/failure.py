"""A step that failed for good, and what that makes of the asset."""

from typing import Any

from shared.errors.azure import ErrorKind
from shared.errors.catalogue import RECORDS_CHANGED
from shared.states.statuses import AssetStatus
from shared.workflow.kinds import Kind
from shared.workflow.outcome import StepError
from shared.workflow.step import Step


class StepFailed(Exception):
    """A step failed for good; the workflow undoes what was done."""

    def __init__(self, step: Step, error: StepError) -> None:
        super().__init__(f"{step.name}: {error.code}")
        self.step = step
        self.error = error


def status_of(failure: StepFailed, kind: Kind[Any]) -> AssetStatus:
    """What the asset is after a failure."""
    match failure.error.kind:
        case ErrorKind.TIMEOUT:
            return kind.timed_out
        case ErrorKind.CANCELED:
            return kind.canceled
        case _:
            return failure.step.failure


def may_be_mended(failure: StepFailed) -> bool:
    """Whether a person can do something about it."""
    return failure.error.kind is not ErrorKind.CANCELED and failure.error.code != RECORDS_CHANGED
