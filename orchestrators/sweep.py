"""The janitor's round: through every subscription that images are built in, and every org's records."""

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df

from orchestrators.engine import policies
from orchestrators.engine.calls import Replay, now, persist, read_input, unexpected
from shared.models.orphans import (
    LISTINGS,
    PageReport,
    SweepEnd,
    SweepKind,
    SweepPage,
    SweepPart,
    SweepPlan,
    SweepTask,
    Unread,
)
from shared.names import Activity, Orchestrator
from shared.workflow.pace import Pace

bp = df.Blueprint()

_PACE = Pace()
_ACTIVITIES = {
    **dict.fromkeys(LISTINGS, Activity.SWEEP_RESOURCES),
    SweepKind.OPERATIONS: Activity.SWEEP_OPERATIONS,
    SweepKind.KEYS: Activity.SWEEP_KEYS,
}


@bp.orchestration_trigger(context_name="context", orchestration=Orchestrator.SWEEP)
def sweep(context: df.DurableOrchestrationContext) -> Replay:
    """Report what no operation needs and what operations lack, page by page; remove the former once it is time.

    What can't be read is in the report, and doesn't stop the rest.
    """
    task = read_input(context, SweepTask)
    if not task.planned:
        planned = yield from persist(context, Activity.PLAN_SWEEP, task, _PACE)
        plan = SweepPlan.model_validate(planned)
        task = task.model_copy(update={"planned": True, "parts": plan.parts, "orgs": plan.orgs})
    for _ in range(policies.PAGES_PER_INSTANCE):
        if not task.parts:
            yield from persist(context, Activity.FINISH_SWEEP, SweepEnd(task=task, at=now(context)), _PACE)
            return {"orgs": len(task.orgs), "unread": len(task.unread)}
        part, *others = task.parts
        swept = yield from _page(context, task, part)
        if swept.continuation is not None:
            others.insert(0, part.model_copy(update={"continuation": swept.continuation}))
        task = task.model_copy(update={"parts": tuple(others), "unread": (*task.unread, *swept.unread)})
    return context.continue_as_new(task.to_json())


def _page(context: df.DurableOrchestrationContext, task: SweepTask, part: SweepPart) -> Generator[Any, Any, PageReport]:
    """Do a page; what fails again and again ends its part."""
    page = SweepPage(part=part, rules=task.rules, began_at=task.began_at, at=now(context))
    interval = int(1000 * policies.SWEEP_INTERVAL * _PACE.retry_seconds)
    retry = df.RetryOptions(
        first_retry_interval_in_milliseconds=interval, max_number_of_attempts=policies.SWEEP_ATTEMPTS
    )
    try:
        swept = yield context.call_activity_with_retry(_ACTIVITIES[part.kind], retry, page.to_json())
    except Exception:  # noqa: BLE001 - Durable 1.x delivers every failed activity as a bare Exception
        error = unexpected(_ACTIVITIES[part.kind])
        unread = Unread(subscription_id=part.subscription_id, orgs=part.orgs, code=error.code, message=error.message)
        return PageReport(unread=(unread,))
    return PageReport.model_validate(swept)
