"""Activities inside the virtual machine: its agent, remote desktop, the GPU driver."""

import azure.durable_functions as df

from shared import wiring
from shared.guest_scripts import remote_desktop
from shared.models.steps import ImportStep, Outcome
from shared.outcomes import outcome_of, perform
from shared.ports import ImageProvider

bp = df.Blueprint()

_SCRIPT_LIMIT = 1800.0
"""Seconds that Azure lets a script of ours run; installing the RDS role is the longest, and takes minutes."""


@bp.activity_trigger(input_name="step", activity="check_guest_agent")
def check_guest_agent(step: dict) -> dict:  # type: ignore[type-arg]
    """Ask whether the guest agent is ready for run commands."""
    return perform(ImportStep, lambda given: outcome_of(wiring.images().check_guest_agent(given.job)), step)


@bp.activity_trigger(input_name="step", activity="begin_remote_desktop")
def begin_remote_desktop(step: dict) -> dict:  # type: ignore[type-arg]
    """Begin to run the script that allows remote desktop."""
    return perform(ImportStep, lambda given: begin_script(given, wiring.images()), step)


@bp.activity_trigger(input_name="step", activity="check_remote_desktop")
def check_remote_desktop(step: dict) -> dict:  # type: ignore[type-arg]
    """Ask how the script is doing."""
    return perform(
        ImportStep, lambda given: outcome_of(wiring.images().check_run_command(given.job, _command(given))), step
    )


@bp.activity_trigger(input_name="step", activity="begin_gpu_driver")
def begin_gpu_driver(step: dict) -> dict:  # type: ignore[type-arg]
    """Begin to put the GPU driver extension on the VM."""
    return perform(ImportStep, lambda given: outcome_of(wiring.images().begin_gpu_driver(given.job)), step)


@bp.activity_trigger(input_name="step", activity="check_gpu_driver")
def check_gpu_driver(step: dict) -> dict:  # type: ignore[type-arg]
    """Ask how the driver is coming along."""
    return perform(
        ImportStep, lambda given: outcome_of(wiring.images().check_gpu_driver(given.job, given.handle)), step
    )


def begin_script(step: ImportStep, images: ImageProvider) -> Outcome:
    """Run the script for the image's kind of Windows."""
    script = remote_desktop(step.job.os_type)
    return outcome_of(images.begin_run_command(step.job, _command(step), script, _SCRIPT_LIMIT))


def _command(step: ImportStep) -> str:
    """A name of its own for each attempt: Azure runs a command of the same name and body only once."""
    attempt = f"{step.retries}-{step.attempt}" if step.retries else f"{step.attempt}"
    return f"remote-desktop-{attempt}"
