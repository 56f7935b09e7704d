"""Activities around the staging resource group: it is made first, and deleting it undoes everything."""

import azure.durable_functions as df

from activities.run import outcome_of, perform, undo
from shared import wiring
from shared.catalogue import ledger
from shared.models.ledger_entry import LedgerState
from shared.ports.azure import ImageProvider, Waiting
from shared.ports.catalog import CatalogStore
from shared.workflow.naming import staging
from shared.workflow.outcome import Outcome
from shared.workflow.step_input import ImportStep

bp = df.Blueprint()


@bp.activity_trigger(input_name="step", activity="create_resource_group")
def create_resource_group(step: dict) -> dict:  # type: ignore[type-arg]
    """Create the staging resource group."""
    return perform(ImportStep, lambda given: create(given, wiring.images(), wiring.catalog()), step)


@bp.activity_trigger(input_name="step", activity="begin_clean_up")
def begin_clean_up(step: dict) -> dict:  # type: ignore[type-arg]
    """Begin to delete the staging resource group and all that is in it."""
    return undo(ImportStep, lambda given: begin_removal(given, wiring.images(), wiring.catalog()), step)


@bp.activity_trigger(input_name="step", activity="check_clean_up")
def check_clean_up(step: dict) -> dict:  # type: ignore[type-arg]
    """Ask how the deletion is going."""
    return undo(ImportStep, lambda given: check_removal(given, wiring.images(), wiring.catalog()), step)


def create(step: ImportStep, images: ImageProvider, catalog: CatalogStore) -> Outcome:
    """Write the ledger, then create the group."""
    resources = ledger.group_resources(step.job)
    ledger.write(catalog, step.job, resources, LedgerState.CREATING, step.at)
    images.create_resource_group(step.job)
    ledger.write(catalog, step.job, resources, LedgerState.EXISTS, step.at)
    return Outcome.done(data={"resourceGroupId": staging(step.job).group_id})


def begin_removal(step: ImportStep, images: ImageProvider, catalog: CatalogStore) -> Outcome:
    """Begin the deletion; nothing there, or nothing ever begun, is done."""
    if ledger.is_empty(catalog, step.job.operation_id):
        return Outcome.done()
    return _after_removal(step, images.begin_clean_up(step.job), catalog)


def check_removal(step: ImportStep, images: ImageProvider, catalog: CatalogStore) -> Outcome:
    """Close the ledger once all is gone."""
    return _after_removal(step, images.check_clean_up(step.job, step.handle), catalog)


def _after_removal(step: ImportStep, waiting: Waiting | None, catalog: CatalogStore) -> Outcome:
    if waiting is None:
        ledger.close(catalog, step.job.operation_id, step.at)
    return outcome_of(waiting)
