"""Which of Azure's resources are an operation's own: its tags say so."""

from collections.abc import Mapping

from shared.errors.azure import PermanentError
from shared.workflow.jobs.job import Job
from shared.workflow.naming import tags

OWNER_TAG = "operationId"


def require_ours(job: Job, resource: str, found: Mapping[str, str] | None) -> None:
    """Refuse to touch what another operation, or somebody else, made.

    Raises:
        PermanentError: the tags are not those of the job's operation.
    """
    owner = (found or {}).get(OWNER_TAG)
    if owner != tags(job)[OWNER_TAG]:
        raise PermanentError(
            "ResourceNotOurs",
            f"{resource} exists, and belongs to {f'operation {owner}' if owner else 'somebody else'}. It is left "
            "alone. Remove or rename it, and send the request again.",
        )
