"""Starting an orchestration, with its operation's id as its own."""

import logging

import azure.durable_functions as df

from shared.names import Orchestrator
from shared.requests.findings import Code
from shared.requests.problems import RETRY_AFTER_SECONDS, Problem, Refused
from shared.workflow.jobs.job import Job

_log = logging.getLogger(__name__)


async def start(client: df.DurableOrchestrationClient, orchestrator: Orchestrator, job: Job) -> None:
    """Start the orchestration of a job.

    A request to the host is lost now and then: the SDK's connection was closed while nobody used it, or another
    request failed, after which the SDK closes the session that all share. So it is looked for, and started again.

    Raises:
        Refused: it can't be started right now (503).
    """
    if await _started(client, orchestrator, job) or await _exists(client, job.operation_id):
        return
    if not await _started(client, orchestrator, job):
        raise _not_now()


async def _started(client: df.DurableOrchestrationClient, orchestrator: Orchestrator, job: Job) -> bool:
    try:
        await client.start_new(orchestrator, instance_id=job.operation_id, client_input=job.to_json())
    except Exception as error:  # noqa: BLE001 - the SDK raises bare Exceptions, and aiohttp's own
        _log.warning("the orchestration %s was not started: %s", job.operation_id, type(error).__name__)
        return False
    return True


async def _exists(client: df.DurableOrchestrationClient, instance_id: str) -> bool:
    """Whether the host has the instance all the same: only its answer was lost."""
    try:
        status = await client.get_status(instance_id)
    except Exception as error:  # as above
        _log.warning("the orchestration %s can't be looked for: %s", instance_id, type(error).__name__)
        raise _not_now() from error
    return status is not None and status.runtime_status is not None


def _not_now() -> Refused:
    detail = "The work can't be started right now: please repeat."
    return Refused(Problem(503, Code.TRY_AGAIN, detail, retry_after=RETRY_AFTER_SECONDS))
