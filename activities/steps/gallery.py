"""Activities that make a version in the provider instance's gallery, replicate it, and take it away again."""

from typing import Any

import azure.durable_functions as df

from activities.run import as_data, check_not_canceled, outcome_of, perform, perform_with, undo, undo_with
from shared import wiring
from shared.catalogue import ledger
from shared.errors.azure import PermanentError, TransientError
from shared.errors.catalogue import OperationCanceled
from shared.models.ledger_entry import LedgerState
from shared.ports.azure import GalleryProvider, Waiting
from shared.ports.catalog import CatalogStore
from shared.workflow.outcome import Outcome
from shared.workflow.replication import RegionsInput, ReplicationReport
from shared.workflow.step_input import CopyStep

bp = df.Blueprint()


@bp.activity_trigger(input_name="step", activity="begin_gallery")
def begin_gallery(step: dict) -> dict:  # type: ignore[type-arg]
    """Begin to make the gallery, if there is none."""
    return perform(CopyStep, lambda given: begin_target(given, wiring.galleries(), wiring.catalog()), step)


@bp.activity_trigger(input_name="step", activity="check_gallery")
def check_gallery(step: dict) -> dict:  # type: ignore[type-arg]
    """Ask how the gallery is coming along."""
    return perform(CopyStep, lambda given: check_target(given, wiring.galleries(), wiring.catalog()), step)


@bp.activity_trigger(input_name="step", activity="begin_image_definition")
def begin_image_definition(step: dict) -> dict:  # type: ignore[type-arg]
    """Begin to make the image definition."""
    return perform(CopyStep, lambda given: begin_definition(given, wiring.galleries(), wiring.catalog()), step)


@bp.activity_trigger(input_name="step", activity="check_image_definition")
def check_image_definition(step: dict) -> dict:  # type: ignore[type-arg]
    """Ask how the definition is coming along."""
    return perform(CopyStep, lambda given: check_definition(given, wiring.galleries(), wiring.catalog()), step)


@bp.activity_trigger(input_name="step", activity="begin_image_version")
def begin_image_version(step: dict) -> dict:  # type: ignore[type-arg]
    """Begin to copy the version into the home region."""
    return perform(CopyStep, lambda given: begin_version(given, wiring.galleries(), wiring.catalog()), step)


@bp.activity_trigger(input_name="step", activity="check_image_version")
def check_image_version(step: dict) -> dict:  # type: ignore[type-arg]
    """Ask how the version is coming along."""
    return perform(CopyStep, lambda given: check_version(given, wiring.galleries(), wiring.catalog()), step)


@bp.activity_trigger(input_name="wanted", activity="begin_target_regions")
def begin_target_regions(wanted: dict) -> dict:  # type: ignore[type-arg]
    """Tell Azure which regions the version should be in."""
    given = RegionsInput.model_validate(wanted)
    run = undo_with if given.undoing else perform_with
    return run(given.job, lambda: outcome_of(wiring.galleries().begin_target_regions(given.job, given.regions)))


@bp.activity_trigger(input_name="wanted", activity="check_target_regions")
def check_target_regions(wanted: dict) -> dict:  # type: ignore[type-arg]
    """Ask whether an update of the regions is under way."""
    given = RegionsInput.model_validate(wanted)
    return perform_with(given.job, lambda: outcome_of(wiring.galleries().check_target_regions(given.job, given.handle)))


@bp.activity_trigger(input_name="wanted", activity="read_replication")
def read_replication(wanted: dict) -> dict:  # type: ignore[type-arg]
    """Ask for the state and the percentage of every region."""
    return read(RegionsInput.model_validate(wanted), wiring.galleries(), wiring.catalog()).to_json()


@bp.activity_trigger(input_name="step", activity="begin_copy_removal")
def begin_copy_removal(step: dict) -> dict:  # type: ignore[type-arg]
    """Begin to remove what the copy made."""
    return undo(CopyStep, lambda given: begin_removal(given, wiring.galleries(), wiring.catalog()), step)


@bp.activity_trigger(input_name="step", activity="check_copy_removal")
def check_copy_removal(step: dict) -> dict:  # type: ignore[type-arg]
    """Ask how the removal is going."""
    return undo(CopyStep, lambda given: check_removal(given, wiring.galleries(), wiring.catalog()), step)


def begin_target(step: CopyStep, galleries: GalleryProvider, catalog: CatalogStore) -> Outcome:
    """Write the ledger, then begin to make the gallery."""
    ledger.write(catalog, step.job, ledger.gallery_resources(step.job), LedgerState.CREATING, step.at)
    return _after_target(step, galleries.begin_gallery(step.job), catalog)


def check_target(step: CopyStep, galleries: GalleryProvider, catalog: CatalogStore) -> Outcome:
    """Done when Azure says so."""
    return _after_target(step, galleries.check_gallery(step.job, step.handle), catalog)


def begin_definition(step: CopyStep, galleries: GalleryProvider, catalog: CatalogStore) -> Outcome:
    """Write the ledger, then begin."""
    ledger.write(catalog, step.job, ledger.definition_resources(step.job), LedgerState.CREATING, step.at)
    return _after_definition(step, galleries.begin_definition(step.job, step.needed_facts()), catalog)


def check_definition(step: CopyStep, galleries: GalleryProvider, catalog: CatalogStore) -> Outcome:
    """Done when Azure says so."""
    return _after_definition(step, galleries.check_definition(step.job, step.handle), catalog)


def begin_version(step: CopyStep, galleries: GalleryProvider, catalog: CatalogStore) -> Outcome:
    """Write the ledger, then begin."""
    ledger.write(catalog, step.job, ledger.version_resources(step.job), LedgerState.CREATING, step.at)
    return _after_version(step, galleries.begin_image_version(step.job, step.needed_facts()), galleries, catalog)


def check_version(step: CopyStep, galleries: GalleryProvider, catalog: CatalogStore) -> Outcome:
    """Done when Azure says so; then the catalogue learns what was made."""
    return _after_version(step, galleries.check_image_version(step.job, step.handle), galleries, catalog)


def read(wanted: RegionsInput, galleries: GalleryProvider, catalog: CatalogStore) -> ReplicationReport:
    """Every region; what Azure refuses, and that the operation was canceled, is part of the report."""
    try:
        check_not_canceled(wanted.job, catalog)
        return ReplicationReport(regions=tuple(galleries.replication(wanted.job)))
    except (PermanentError, TransientError, OperationCanceled) as error:
        return ReplicationReport(error=as_data(error))


def begin_removal(step: CopyStep, galleries: GalleryProvider, catalog: CatalogStore) -> Outcome:
    """Begin the removal; nothing there, or nothing ever begun, is done."""
    if ledger.is_empty(catalog, step.job.operation_id):
        return _after_removal(step, None, catalog)
    return _after_removal(step, galleries.begin_copy_removal(step.job), catalog)


def check_removal(step: CopyStep, galleries: GalleryProvider, catalog: CatalogStore) -> Outcome:
    """Close the ledger once all is gone."""
    return _after_removal(step, galleries.check_copy_removal(step.job, step.handle), catalog)


def _after_target(step: CopyStep, waiting: Waiting | None, catalog: CatalogStore) -> Outcome:
    if waiting is None:
        ledger.write(catalog, step.job, ledger.gallery_resources(step.job), LedgerState.KEPT, step.at)
    return outcome_of(waiting)


def _after_definition(step: CopyStep, waiting: Waiting | None, catalog: CatalogStore) -> Outcome:
    if waiting is None:
        ledger.write(catalog, step.job, ledger.definition_resources(step.job), LedgerState.EXISTS, step.at)
    return outcome_of(waiting)


def _after_version(
    step: CopyStep, waiting: Waiting | None, galleries: GalleryProvider, catalog: CatalogStore
) -> Outcome:
    if waiting is not None:
        return outcome_of(waiting)
    ledger.write(catalog, step.job, ledger.version_resources(step.job), LedgerState.EXISTS, step.at)
    details: dict[str, Any] = dict(galleries.image_version_details(step.job))
    return Outcome.done(data={**details, "region": step.job.home.name})


def _after_removal(step: CopyStep, waiting: Waiting | None, catalog: CatalogStore) -> Outcome:
    if waiting is None:
        ledger.close(catalog, step.job.operation_id, step.at)
    return outcome_of(waiting)
