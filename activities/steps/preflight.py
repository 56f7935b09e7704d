"""Activities before anything is created: preflight and the Marketplace terms."""

from typing import Any

import azure.durable_functions as df

from activities.run import objections, perform
from shared import wiring
from shared.ports.azure import ImageProvider
from shared.workflow.facts import Facts
from shared.workflow.outcome import Outcome
from shared.workflow.step_input import ImportStep

bp = df.Blueprint()


@bp.activity_trigger(input_name="step", activity="preflight_import")
def preflight_import(step: dict) -> dict:  # type: ignore[type-arg]
    """Check everything that can be known beforehand, and pin the image's version."""
    return perform(ImportStep, lambda given: check(given, wiring.images()), step)


@bp.activity_trigger(input_name="step", activity="accept_marketplace_terms")
def accept_marketplace_terms(step: dict) -> dict:  # type: ignore[type-arg]
    """Accept the terms of the image's plan, with the provider instance's consent; images without one need none."""
    return perform(ImportStep, lambda given: accept(given, wiring.images()), step)


def check(step: ImportStep, images: ImageProvider) -> Outcome:
    """Facts, or every finding at once."""
    report = images.preflight(step.job)
    if report.facts is None or report.findings:
        return Outcome.failed(objections(report.findings))
    return Outcome.done(data=_pinned(report.facts), facts=report.facts)


def accept(step: ImportStep, images: ImageProvider) -> Outcome:
    """Accept the terms where there are any."""
    facts = step.needed_facts()
    if facts.plan is not None:
        images.accept_terms(step.job, facts)
    return Outcome.done()


def _pinned(facts: Facts) -> dict[str, Any]:
    return {
        "exactVersion": facts.version,
        "hyperVGeneration": facts.hyper_v_generation,
        "architecture": facts.architecture,
        "trustedLaunch": facts.trusted_launch,
        **({"plan": facts.plan.to_json()} if facts.plan else {}),
    }
