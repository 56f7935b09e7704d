"""How workflows tell Azure which regions a version should be in."""

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df

from orchestrators import policies
from orchestrators.calls import call_step_activity, luck, sleep
from shared.models.steps import CopyJob, RegionsInput, StepError
from shared.names import Activity


def ask_for_regions(
    context: df.DurableOrchestrationContext, job: CopyJob, regions: tuple[str, ...], *, undoing: bool = False
) -> Generator[Any, Any, StepError | None]:
    """Let the version be in the home region and in these; tries again what may pass, returns what does not.

    `undoing` says that it takes regions away, which goes on although the operation was canceled.
    """
    failures = 0
    while True:
        wanted = RegionsInput(job=job, regions=regions, undoing=undoing)
        outcome = yield from call_step_activity(context, Activity.BEGIN_TARGET_REGIONS, wanted)
        if outcome.error is None:
            return None
        failures += 1
        error = outcome.error
        delay = policies.retry_delay(error.kind, failures, job.pace, error.retry_after, luck(context))
        if delay is None:
            return error
        yield from sleep(context, delay)
