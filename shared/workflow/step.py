"""What a step is, and where in its workflow it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.names import Activity
from shared.states.statuses import AssetStatus
from shared.workflow.step_input import StepPosition


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a workflow.

    Attributes:
        name: stable, for programs.
        title: for people.
        status: the asset's status while it runs; None leaves it as it is.
        failure: the asset's status when it fails for good.
        retrying: the asset's status while an automatic retry waits; None: that of the workflow kind.
        needs_turn: whether it waits for the provider instance to have room for one more build.
        typical: how long it usually takes, in seconds.
        limit: how long one attempt may take, in seconds; retries have the whole operation's time.
        begin: the activity that starts it.
        check: the activity that asks how it is going; None where `begin` does all of it.
    """

    name: str
    title: str
    status: AssetStatus | None
    failure: AssetStatus
    typical: float
    limit: float
    begin: Activity
    check: Activity | None = None
    retrying: AssetStatus | None = None
    needs_turn: bool = True


def position_of(steps: Sequence[Step], step: Step) -> StepPosition:
    """Where a step is in its workflow; the percentage goes by typical durations."""
    index = steps.index(step)
    behind = sum(each.typical for each in steps[:index])
    return StepPosition(
        name=step.name,
        title=step.title,
        number=index + 1,
        count=len(steps),
        percent=int(100 * behind / sum(each.typical for each in steps)),
    )
