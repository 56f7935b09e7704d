"""Inside the VM: its agent, scripts as managed run commands, the GPU driver as an extension."""

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from azure.core.exceptions import ResourceNotFoundError

from shared.cloud.arm.core import operations
from shared.cloud.arm.core.clients import Arm, about
from shared.cloud.arm.core.errors import raise_unless_missing
from shared.errors.azure import PermanentError, TransientError
from shared.ports.azure import Waiting
from shared.redaction import redacted
from shared.workflow.gpu_drivers import GPU_DRIVERS
from shared.workflow.jobs.import_job import ImportJob
from shared.workflow.naming import staging, tags

if TYPE_CHECKING:
    from azure.mgmt.compute.models import VirtualMachineExtension, VirtualMachineRunCommand

_AT_WORK = ("Creating", "Updating", "Deleting")
_TAIL = 600
"""Characters of a script's output that an error repeats."""


def agent_is_ready(arm: Arm, job: ImportJob) -> bool:
    """Whether the VM runs, and its agent takes orders."""
    names = staging(job)
    view = arm.compute.virtual_machines.instance_view(names.resource_group, names.vm, **about(job))
    power = {status.code for status in view.statuses or ()}
    agent = {status.code for status in (view.vm_agent.statuses if view.vm_agent else None) or ()}
    return "PowerState/running" in power and "ProvisioningState/succeeded" in agent


def check_agent(arm: Arm, job: ImportJob) -> Waiting | None:
    """Done when the agent is ready."""
    return None if agent_is_ready(arm, job) else Waiting()


def begin_command(arm: Arm, job: ImportJob, name: str, script: str, limit: float) -> Waiting | None:
    """Start a script, unless one of that name has started; how it went is for `check_command` to say."""
    found = _command(arm, job, name)
    if found is not None and not _never_ran(found):
        return Waiting(told=True)
    names = staging(job)
    body = {
        "location": job.provider.region,
        "tags": tags(job),
        "properties": {
            "source": {"script": script},
            # So the operation, and with it Azure's event, ends when the script does; how it goes, the view tells.
            "asyncExecution": False,
            "timeoutInSeconds": int(limit),
            "treatFailureAsDeploymentFailure": False,
        },
    }
    put = arm.compute.virtual_machine_run_commands.begin_create_or_update
    begun = operations.begin(arm, job, put, names.resource_group, names.vm, name, body)
    return Waiting(begun.seconds, told=True)


def check_command(arm: Arm, job: ImportJob, name: str) -> Waiting | None:
    """How a script is doing.

    Raises:
        PermanentError: the script failed, or took too long.
        TransientError: the platform or the agent failed before the script could.
    """
    found = _command(arm, job, name)
    if found is None or _never_ran(found):
        raise TransientError("RunCommandNotStarted", f"Azure could not start the script {name}; it is started anew.")
    view = found.instance_view
    state = view.execution_state if view else None
    if state == "Succeeded" and not (view and view.exit_code):
        return None
    if state in ("Succeeded", "Failed"):
        said = _tail(view.error, view.output) if view else ""
        code = view.exit_code if view else None
        raise PermanentError("RunCommandFailed", f"The script {name} ended with exit code {code}. {said}".strip())
    if state == "TimedOut":
        raise PermanentError("RunCommandTimedOut", f"The script {name} did not end in time, and was stopped.")
    if state == "Canceled":
        raise TransientError("RunCommandCanceled", f"The script {name} was stopped by somebody; it is started anew.")
    return Waiting(told=True)


def begin_gpu_driver(arm: Arm, job: ImportJob) -> Waiting | None:
    """Put the driver extension on the VM, or run one again that failed."""
    kind, version = _driver(job)
    found = _extension(arm, job, kind)
    state = found.provisioning_state if found else None
    if state == "Succeeded":
        return None
    if state in _AT_WORK:
        return Waiting()
    names = staging(job)
    properties: dict[str, Any] = {
        "publisher": "Microsoft.HpcCompute",
        "type": kind,
        "typeHandlerVersion": version,
        "autoUpgradeMinorVersion": True,
        "settings": {},
    }
    if found is not None:
        properties["forceUpdateTag"] = uuid4().hex  # else Azure does not run it again
    body = {"location": job.provider.region, "tags": tags(job), "properties": properties}
    put = arm.compute.virtual_machine_extensions.begin_create_or_update
    return operations.begin(arm, job, put, names.resource_group, names.vm, kind, body)


def check_gpu_driver(arm: Arm, job: ImportJob, handle: str | None) -> Waiting | None:
    """How the driver is coming along."""
    return operations.check(arm, job, handle, lambda: _look_at_driver(arm, job))


def _look_at_driver(arm: Arm, job: ImportJob) -> Waiting | None:
    kind, _ = _driver(job)
    found = _extension(arm, job, kind)
    state = found.provisioning_state if found else "missing"
    if state == "Succeeded":
        return None
    if state in _AT_WORK:
        return Waiting()
    raise TransientError("GpuDriverNotInstalled", f"The extension {kind} is {state}; it is run again.")


def _driver(job: ImportJob) -> tuple[str, str]:
    maker, system = job.gpu_type, job.os_type.family
    if (maker, system) not in GPU_DRIVERS:
        raise PermanentError("GpuDriverNotOffered", f"Azure has no extension with the driver of {maker} for {system}.")
    return GPU_DRIVERS[maker, system]


def _command(arm: Arm, job: ImportJob, name: str) -> "VirtualMachineRunCommand | None":
    names = staging(job)
    read = arm.compute.virtual_machine_run_commands.get_by_virtual_machine
    try:
        return read(names.resource_group, names.vm, name, expand="instanceView", **about(job))
    except ResourceNotFoundError as error:
        raise_unless_missing(error)
        return None


def _never_ran(command: "VirtualMachineRunCommand") -> bool:
    """Whether the platform gave up before the script began, as it does when the agent is silent."""
    began = command.instance_view.start_time if command.instance_view else None
    return command.provisioning_state == "Failed" and began is None


def _extension(arm: Arm, job: ImportJob, name: str) -> "VirtualMachineExtension | None":
    names = staging(job)
    try:
        return arm.compute.virtual_machine_extensions.get(names.resource_group, names.vm, name, **about(job))
    except ResourceNotFoundError as error:
        raise_unless_missing(error)
        return None


def _tail(*texts: str | None) -> str:
    """The end of the first text that says something, cut after it was redacted: half a URL has a signature, too."""
    said = redacted(next((text.strip() for text in texts if text and text.strip()), ""))
    return f"It said: …{said[-_TAIL:]}" if len(said) > _TAIL else f"It said: {said}" if said else ""
