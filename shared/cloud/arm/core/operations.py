"""Long-running operations: begun with one request, asked about with one request, never waited for.

The SDK's pollers are not used. They sleep in a thread, and die with their process; what is kept here is the URL of
the operation's record, and the workflow waits on durable timers.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from azure.core.pipeline import PipelineResponse

from shared.cloud.arm.core.clients import Arm, about
from shared.cloud.arm.core.errors import OperationFailed, retry_after
from shared.errors.azure import PermanentError
from shared.ports.azure import Waiting
from shared.workflow.jobs.job import Job

_ENDED_BADLY = ("failed", "canceled")


def begin(arm: Arm, job: Job, call: Callable[..., object], *arguments: Any, **options: Any) -> Waiting:
    """Start an operation with a `begin_…` method of the SDK; the handle is the URL of its record."""
    return begin_unowned(arm, call, *arguments, **about(job), **options)


def begin_unowned(arm: Arm, call: Callable[..., object], *arguments: Any, **options: Any) -> Waiting:
    """`begin`, for work that is no operation's."""
    headers: dict[str, str] = {}

    def keep(response: PipelineResponse[Any, Any]) -> None:
        headers.clear()  # of an earlier answer, such as one that asked for another token
        headers.update((name.lower(), value) for name, value in response.http_response.headers.items())

    call(*arguments, polling=False, raw_response_hook=keep, **options)
    handle = headers.get("azure-asyncoperation") or headers.get("location")
    if handle is not None:
        _refuse_foreign(arm, handle)
    return Waiting(retry_after(headers), handle, told=True)


def check(arm: Arm, job: Job, handle: str | None, look: Callable[[], Waiting | None]) -> Waiting | None:
    """How an operation is doing; `look` asks its resource instead, where there is no record, or none any more."""
    if not handle:
        return look()
    _refuse_foreign(arm, handle)
    response = arm.get(handle, about(job))
    if response.status_code == 404:
        return look()
    response.raise_for_status()
    waiting = Waiting(retry_after(response.headers), handle, told=True)
    if response.status_code == 202:
        return waiting
    body = response.json() if response.content else {}
    status = _status(body)
    if status in _ENDED_BADLY:
        raise OperationFailed(body, response.headers)
    return None if status == "succeeded" else waiting


def _status(body: object) -> str:
    """The status of a record; what has none is the operation's result, so it has succeeded."""
    status = body.get("status") if isinstance(body, Mapping) else None
    return status.lower() if isinstance(status, str) else "succeeded"


def _origin(url: str) -> tuple[str, str | None, int]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.hostname, parts.port or 443


def _refuse_foreign(arm: Arm, url: str) -> None:
    """No token of ours is sent to a host that an answer made up."""
    if _origin(url) != _origin(arm.endpoint):
        raise PermanentError(
            "ForeignOperationHost",
            f"Azure Resource Manager referred to an operation at {urlsplit(url).hostname}, which is not "
            f"{urlsplit(arm.endpoint).hostname}. Nothing was sent there. Check ARM_ENDPOINT, and who is in between.",
        )
