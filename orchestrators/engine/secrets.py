"""Forgetting the secrets of an operation."""

from collections.abc import Generator
from typing import Any

import azure.durable_functions as df

from orchestrators.engine import policies
from orchestrators.engine.calls import Replay, sleep
from shared.names import Activity
from shared.workflow.jobs.job import Job
from shared.workflow.messages import SecretTask


def delete_secrets(context: df.DurableOrchestrationContext, job: Job) -> Generator[Any, Any, bool]:
    """Forget the operation's secrets; returns whether there is none any more."""
    left = 0
    for name in job.secrets:
        left += not (yield from _delete(context, job, name))
    return left == 0


def keep_deleting_secrets(context: df.DurableOrchestrationContext, job: Job) -> Replay:
    """The vault is away for long, and the end is shown already: come back to it for a day."""
    for _ in range(policies.SECRET_RETURNS):
        yield from sleep(context, policies.SECRET_RETURN_AFTER * job.pace.retry_seconds)
        if (yield from delete_secrets(context, job)):
            return
    raise RuntimeError(f"Secrets could not be deleted: delete by hand what is left of {', '.join(job.secrets)}.")


def _delete(context: df.DurableOrchestrationContext, job: Job, name: str) -> Generator[Any, Any, bool]:
    task = SecretTask(secret_name=name, operation_id=job.operation_id, org_id=job.org_id, image_id=job.image_id)
    retry = df.RetryOptions(max(1, int(1000 * job.pace.retry_seconds)), policies.SECRET_ATTEMPTS)
    try:
        yield context.call_activity_with_retry(Activity.DELETE_SECRET, retry, task.to_json())
    except Exception:  # noqa: BLE001 - Durable 1.x delivers every failed activity as a bare Exception
        return False
    return True
