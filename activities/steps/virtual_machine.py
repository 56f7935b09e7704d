"""Activities that make and restart the virtual machine."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import azure.durable_functions as df

from activities.run import outcome_of, perform
from shared import wiring
from shared.catalogue import ledger
from shared.errors.azure import ProviderError
from shared.models.ledger_entry import LedgerState
from shared.ports.azure import ImageProvider, Waiting
from shared.ports.catalog import CatalogStore
from shared.ports.secrets import SecretStore
from shared.redaction import redacted
from shared.workflow.outcome import Outcome
from shared.workflow.step_input import ImportStep

bp = df.Blueprint()


@bp.activity_trigger(input_name="step", activity="begin_virtual_machine")
def begin_virtual_machine(step: dict) -> dict:  # type: ignore[type-arg]
    """Begin to create the VM: the only place where the administrator's password is used."""
    return perform(ImportStep, lambda given: begin(given, wiring.images(), wiring.catalog(), wiring.secrets()), step)


@bp.activity_trigger(input_name="step", activity="check_virtual_machine")
def check_virtual_machine(step: dict) -> dict:  # type: ignore[type-arg]
    """Ask how it is coming along."""
    return perform(ImportStep, lambda given: check(given, wiring.images(), wiring.catalog(), wiring.secrets()), step)


@bp.activity_trigger(input_name="step", activity="begin_restart")
def begin_restart(step: dict) -> dict:  # type: ignore[type-arg]
    """Begin to restart the VM."""
    return perform(ImportStep, lambda given: outcome_of(wiring.images().begin_restart(given.job)), step)


@bp.activity_trigger(input_name="step", activity="check_restart")
def check_restart(step: dict) -> dict:  # type: ignore[type-arg]
    """Ask whether the VM is back, its guest agent included."""
    return perform(ImportStep, lambda given: outcome_of(wiring.images().check_restart(given.job, given.handle)), step)


def begin(step: ImportStep, images: ImageProvider, catalog: CatalogStore, secrets: SecretStore) -> Outcome:
    """Write the ledger, then begin."""
    ledger.write(catalog, step.job, ledger.machine_resources(step.job), LedgerState.CREATING, step.at)
    password = secrets.get(step.job.secret_name)
    with _hiding(lambda: password):
        waiting = images.begin_virtual_machine(step.job, step.needed_facts(), password)
    return _after(step, waiting, images, catalog)


def check(step: ImportStep, images: ImageProvider, catalog: CatalogStore, secrets: SecretStore) -> Outcome:
    """Done when Azure says so; then the catalogue learns what was made."""
    with _hiding(lambda: secrets.get(step.job.secret_name)):
        waiting = images.check_virtual_machine(step.job, step.handle)
    return _after(step, waiting, images, catalog)


@contextmanager
def _hiding(password: Callable[[], str]) -> Iterator[None]:
    """Take the password out of Azure's errors, which may repeat what it finds fault with; it is read only for them."""
    try:
        yield
    except ProviderError as error:
        error.message = _without(password, error)
        raise


def _without(password: Callable[[], str], error: ProviderError) -> str:
    """What the error says, but nothing of it where nobody knows what has to be hidden; its code says the most."""
    try:
        return redacted(error.message, password())
    except Exception:  # noqa: BLE001 - whatever is the matter with the vault, Azure's error is what counts
        return (
            f"Azure could not make the virtual machine ({error.code}). What else it said may repeat the password, "
            "which could not be read to look for it; Azure's activity log has it, under the correlation id."
        )


def _after(step: ImportStep, waiting: Waiting | None, images: ImageProvider, catalog: CatalogStore) -> Outcome:
    if waiting is not None:
        return outcome_of(waiting)
    ledger.write(catalog, step.job, ledger.machine_resources(step.job), LedgerState.EXISTS, step.at)
    return Outcome.done(data=images.virtual_machine_details(step.job))
