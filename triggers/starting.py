"""Starting an orchestration, with its operation's id as its own."""

import logging

import azure.durable_functions as df

from shared.findings import Code
from shared.models.steps import Job
from shared.names import Orchestrator
from shared.problems import RETRY_AFTER_SECONDS, Problem, Refused

_log = logging.getLogger(__name__)


async def start(client: df.DurableOrchestrationClient, orchestrator: Orchestrator, job: Job) -> None:
    """Start the orchestration of a job.

    Raises:
        Refused: it can't be started right now (503).
    """
    try:
        await client.start_new(orchestrator, instance_id=job.operation_id, client_input=job.to_json())
    except Exception as error:  # the SDK raises bare Exceptions, and aiohttp's own
        _log.warning("the orchestration %s could not be started: %s", job.operation_id, type(error).__name__)
        detail = "The work can't be started right now: please repeat."
        raise Refused(Problem(503, Code.TRY_AGAIN, detail, retry_after=RETRY_AFTER_SECONDS)) from error
