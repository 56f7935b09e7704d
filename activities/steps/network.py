"""Activities that make the network security group."""

import azure.durable_functions as df

from activities.run import outcome_of, perform
from shared import wiring
from shared.catalogue import ledger
from shared.models.ledger_entry import LedgerState
from shared.ports.azure import ImageProvider, Waiting
from shared.ports.catalog import CatalogStore
from shared.workflow.outcome import Outcome
from shared.workflow.step_input import ImportStep

bp = df.Blueprint()


@bp.activity_trigger(input_name="step", activity="begin_network_security_group")
def begin_network_security_group(step: dict) -> dict:  # type: ignore[type-arg]
    """Begin to create the network security group."""
    return perform(ImportStep, lambda given: begin(given, wiring.images(), wiring.catalog()), step)


@bp.activity_trigger(input_name="step", activity="check_network_security_group")
def check_network_security_group(step: dict) -> dict:  # type: ignore[type-arg]
    """Ask how it is coming along."""
    return perform(ImportStep, lambda given: check(given, wiring.images(), wiring.catalog()), step)


def begin(step: ImportStep, images: ImageProvider, catalog: CatalogStore) -> Outcome:
    """Write the ledger, then begin."""
    ledger.write(catalog, step.job, ledger.network_resources(step.job), LedgerState.CREATING, step.at)
    return _after(step, images.begin_network_security_group(step.job), catalog)


def check(step: ImportStep, images: ImageProvider, catalog: CatalogStore) -> Outcome:
    """Done when Azure says so."""
    return _after(step, images.check_network_security_group(step.job, step.handle), catalog)


def _after(step: ImportStep, waiting: Waiting | None, catalog: CatalogStore) -> Outcome:
    if waiting is None:
        ledger.write(catalog, step.job, ledger.network_resources(step.job), LedgerState.EXISTS, step.at)
    return outcome_of(waiting)
