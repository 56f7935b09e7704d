"""Activities that make and restart the virtual machine."""

import azure.durable_functions as df

from shared import ledger, wiring
from shared.errors import ProviderError
from shared.models.records import LedgerState
from shared.models.steps import ImportStep, Outcome
from shared.outcomes import outcome_of, perform
from shared.ports import CatalogStore, ImageProvider, SecretStore, Waiting
from shared.secret_texts import redacted

bp = df.Blueprint()


@bp.activity_trigger(input_name="step", activity="begin_virtual_machine")
def begin_virtual_machine(step: dict) -> dict:  # type: ignore[type-arg]
    """Begin to create the VM: the only place where the administrator's password is read."""
    return perform(ImportStep, lambda given: begin(given, wiring.images(), wiring.catalog(), wiring.secrets()), step)


@bp.activity_trigger(input_name="step", activity="check_virtual_machine")
def check_virtual_machine(step: dict) -> dict:  # type: ignore[type-arg]
    """Ask how it is coming along."""
    return perform(ImportStep, lambda given: check(given, wiring.images(), wiring.catalog()), step)


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
    try:
        waiting = images.begin_virtual_machine(step.job, step.needed_facts(), password)
    except ProviderError as error:
        error.message = redacted(error.message, password)  # Azure may repeat what it finds fault with
        raise
    return _after(step, waiting, images, catalog)


def check(step: ImportStep, images: ImageProvider, catalog: CatalogStore) -> Outcome:
    """Done when Azure says so; then the catalogue learns what was made."""
    return _after(step, images.check_virtual_machine(step.job, step.handle), images, catalog)


def _after(step: ImportStep, waiting: Waiting | None, images: ImageProvider, catalog: CatalogStore) -> Outcome:
    if waiting is not None:
        return outcome_of(waiting)
    ledger.write(catalog, step.job, ledger.machine_resources(step.job), LedgerState.EXISTS, step.at)
    return Outcome.done(data=images.virtual_machine_details(step.job))
