"""Activities inside the virtual machine: its agent, remote desktop, the GPU driver."""

from collections.abc import Sequence

import azure.durable_functions as df

from activities.guest_scripts import remote_desktop
from activities.run import outcome_of, perform
from shared import wiring
from shared.catalogue import ledger
from shared.models.ledger_entry import LedgerState
from shared.ports.azure import ImageProvider, Waiting
from shared.ports.catalog import CatalogStore
from shared.workflow.gpu_drivers import GPU_DRIVERS
from shared.workflow.outcome import Outcome
from shared.workflow.step_input import ImportStep

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
    return perform(ImportStep, lambda given: begin_script(given, wiring.images(), wiring.catalog()), step)


@bp.activity_trigger(input_name="step", activity="check_remote_desktop")
def check_remote_desktop(step: dict) -> dict:  # type: ignore[type-arg]
    """Ask how the script is doing."""
    return perform(ImportStep, lambda given: check_script(given, wiring.images(), wiring.catalog()), step)


@bp.activity_trigger(input_name="step", activity="begin_gpu_driver")
def begin_gpu_driver(step: dict) -> dict:  # type: ignore[type-arg]
    """Begin to put the GPU driver extension on the VM."""
    return perform(ImportStep, lambda given: begin_driver(given, wiring.images(), wiring.catalog()), step)


@bp.activity_trigger(input_name="step", activity="check_gpu_driver")
def check_gpu_driver(step: dict) -> dict:  # type: ignore[type-arg]
    """Ask how the driver is coming along."""
    return perform(ImportStep, lambda given: check_driver(given, wiring.images(), wiring.catalog()), step)


def begin_script(step: ImportStep, images: ImageProvider, catalog: CatalogStore) -> Outcome:
    """Write the ledger, then run the script for the image's kind of Windows."""
    _note(step, _commands(step), LedgerState.CREATING, catalog)
    script = remote_desktop(step.job.os_type)
    return _after_script(step, images.begin_run_command(step.job, _command(step), script, _SCRIPT_LIMIT), catalog)


def check_script(step: ImportStep, images: ImageProvider, catalog: CatalogStore) -> Outcome:
    """Done when the script has succeeded."""
    return _after_script(step, images.check_run_command(step.job, _command(step)), catalog)


def begin_driver(step: ImportStep, images: ImageProvider, catalog: CatalogStore) -> Outcome:
    """Write the ledger, then begin."""
    _note(step, _drivers(step), LedgerState.CREATING, catalog)
    return _after_driver(step, images.begin_gpu_driver(step.job), catalog)


def check_driver(step: ImportStep, images: ImageProvider, catalog: CatalogStore) -> Outcome:
    """Done when Azure says so."""
    return _after_driver(step, images.check_gpu_driver(step.job, step.handle), catalog)


def _after_script(step: ImportStep, waiting: Waiting | None, catalog: CatalogStore) -> Outcome:
    if waiting is None:
        _note(step, _commands(step), LedgerState.EXISTS, catalog)
    return outcome_of(waiting)


def _after_driver(step: ImportStep, waiting: Waiting | None, catalog: CatalogStore) -> Outcome:
    if waiting is None:
        _note(step, _drivers(step), LedgerState.EXISTS, catalog)
    return outcome_of(waiting)


def _note(step: ImportStep, resources: Sequence[str], state: str, catalog: CatalogStore) -> None:
    ledger.write(catalog, step.job, resources, state, step.at)


def _commands(step: ImportStep) -> Sequence[str]:
    return ledger.command_resources(step.job, _command(step))


def _drivers(step: ImportStep) -> Sequence[str]:
    """The driver's extension; none where Azure has none, which ends the step."""
    extension, _ = GPU_DRIVERS.get((step.job.gpu_type, step.job.os_type.family), ("", ""))
    return ledger.driver_resources(step.job, extension) if extension else ()


def _command(step: ImportStep) -> str:
    """A name of its own for each attempt: Azure runs a command of the same name and body only once."""
    attempt = f"{step.retries}-{step.attempt}" if step.retries else f"{step.attempt}"
    return f"remote-desktop-{attempt}"
