"""Activities before anything is created: preflight and the Marketplace terms."""

from typing import Any

import azure.durable_functions as df

from shared import wiring
from shared.errors import ErrorKind
from shared.models.steps import Facts, Outcome, StepError, StepInput
from shared.outcomes import perform
from shared.ports import ImageProvider, Preflight

bp = df.Blueprint()


@bp.activity_trigger(input_name="step", activity="preflight_import")
def preflight_import(step: dict) -> dict:  # type: ignore[type-arg]
    """Check everything that can be known beforehand, and pin the image's version."""
    return perform(lambda given: check(given, wiring.images()), step)


@bp.activity_trigger(input_name="step", activity="accept_marketplace_terms")
def accept_marketplace_terms(step: dict) -> dict:  # type: ignore[type-arg]
    """Accept the terms of the image's plan, with the provider instance's consent; images without one need none."""
    return perform(lambda given: accept(given, wiring.images()), step)


def check(step: StepInput, images: ImageProvider) -> Outcome:
    """Facts, or every finding at once."""
    report = images.preflight(step.job)
    if report.facts is None or report.findings:
        return Outcome.failed(_objections(report))
    return Outcome.done(data=_pinned(report.facts), facts=report.facts)


def accept(step: StepInput, images: ImageProvider) -> Outcome:
    """Accept the terms where there are any."""
    facts = step.needed_facts()
    if facts.plan is not None:
        images.accept_terms(step.job, facts)
    return Outcome.done()


def _objections(report: Preflight) -> StepError:
    """One finding speaks for itself; several are listed."""
    findings = tuple(report.findings)
    if len(findings) == 1:
        code, message = findings[0].code, findings[0].message
    else:
        code = "PREFLIGHT_FAILED"
        message = f"Preflight found {len(findings)} problems: " + " ".join(
            f"({number}) {finding.message}" for number, finding in enumerate(findings, start=1)
        )
    return StepError(kind=ErrorKind.PERMANENT, code=code, message=message, findings=findings)


def _pinned(facts: Facts) -> dict[str, Any]:
    return {
        "exactVersion": facts.version,
        "hyperVGeneration": facts.hyper_v_generation,
        "architecture": facts.architecture,
        "trustedLaunch": facts.trusted_launch,
        **({"plan": facts.plan.to_json()} if facts.plan else {}),
    }
