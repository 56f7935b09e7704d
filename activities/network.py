"""Activities that make the network security group."""

import azure.durable_functions as df

from shared import ledger, wiring
from shared.models.records import LedgerState
from shared.models.steps import ImportStep, Outcome
from shared.outcomes import outcome_of, perform
from shared.ports import CatalogStore, ImageProvider, Waiting

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
