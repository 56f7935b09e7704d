"""Activities before a copy: the proof that the source may be read, and preflight."""

import azure.durable_functions as df

from activities.run import objections, perform
from shared import wiring
from shared.ports.azure import GalleryProvider
from shared.workflow.outcome import Outcome
from shared.workflow.step_input import CopyStep

bp = df.Blueprint()


@bp.activity_trigger(input_name="step", activity="prove_source_access")
def prove_source_access(step: dict) -> dict:  # type: ignore[type-arg]
    """Prove that the source may be read, before anything is created."""
    return perform(CopyStep, lambda given: prove(given, wiring.galleries()), step)


@bp.activity_trigger(input_name="step", activity="preflight_copy")
def preflight_copy(step: dict) -> dict:  # type: ignore[type-arg]
    """Check everything that can be known beforehand of source and target."""
    return perform(CopyStep, lambda given: check(given, wiring.galleries()), step)


def prove(step: CopyStep, galleries: GalleryProvider) -> Outcome:
    """Done, or a refusal that says who lacks what."""
    galleries.prove_access(step.job)
    return Outcome.done()


def check(step: CopyStep, galleries: GalleryProvider) -> Outcome:
    """Facts, or every finding at once."""
    report = galleries.preflight_copy(step.job)
    if report.facts is None or report.findings:
        return Outcome.failed(objections(report.findings))
    return Outcome.done(data={"sourceId": report.facts.source_id}, facts=report.facts)
