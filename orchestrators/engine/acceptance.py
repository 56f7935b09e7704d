"""Whether the request behind an orchestration was accepted."""

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df

from orchestrators.engine import policies
from orchestrators.engine.calls import now, persist, sleep
from orchestrators.engine.secrets import delete_secrets, keep_deleting_secrets
from shared.names import Activity
from shared.workflow.jobs.any_job import AnyJob
from shared.workflow.messages import Acceptance, AcceptanceFound


def is_accepted(context: df.DurableOrchestrationContext, job: AnyJob) -> Generator[Any, Any, bool]:
    """Whether the request was accepted: its records are there, or come in a moment.

    The orchestration is started just before the records are written, so that no accepted request can be
    lost between the two. If they never come, giving up writes the operation's record itself: from then on
    they can't come any more.
    """
    for wait in (*policies.ACCEPTANCE_WAITS, None):
        if (yield from _ask(context, job, Activity.CONFIRM_ACCEPTANCE)):
            return True
        if wait is not None:
            yield from sleep(context, wait)
    if (yield from _ask(context, job, Activity.ABANDON_OPERATION)):
        return True
    if not (yield from delete_secrets(context, job)):
        yield from keep_deleting_secrets(context, job)
    return False


def _ask(context: df.DurableOrchestrationContext, job: AnyJob, activity: Activity) -> Generator[Any, Any, bool]:
    found = yield from persist(context, activity, Acceptance(job=job, at=now(context)), job.pace)
    return AcceptanceFound.model_validate(found).accepted
