"""Activities around the janitor's round: what there is to sweep, old idempotency keys, and the report."""

import logging
from datetime import timedelta

import azure.durable_functions as df

from shared import wiring
from shared.errors.catalogue import Changed
from shared.models.idempotency_key import REMEMBERED, IdempotencyKey
from shared.models.orphans import (
    LISTINGS,
    PageReport,
    Sweep,
    SweepEnd,
    SweepKind,
    SweepPage,
    SweepPart,
    SweepPlan,
    SweepTask,
)
from shared.models.provider_instance import ProviderInstance
from shared.ports.catalog import LARGEST_PAGE, CatalogStore, Query, everywhere

bp = df.Blueprint()
_log = logging.getLogger(__name__)

_MARGIN = timedelta(hours=1)
"""By how much longer a key is kept than it is needed: clocks differ."""
_MOST_UNREAD = 20
"""How many of the things that could not be read an org's report names."""


@bp.activity_trigger(input_name="task", activity="plan_sweep")
def plan_sweep(task: dict) -> dict:  # type: ignore[type-arg] # the SDK takes plain dict only
    """Find the subscriptions and orgs."""
    SweepTask.model_validate(task)
    return plan(wiring.catalog()).to_json()


@bp.activity_trigger(input_name="page", activity="sweep_keys")
def sweep_keys(page: dict) -> dict:  # type: ignore[type-arg]
    """Remove idempotency keys that are as good as new."""
    return forget_keys(SweepPage.model_validate(page), wiring.catalog()).to_json()


@bp.activity_trigger(input_name="end", activity="finish_sweep")
def finish_sweep(end: dict) -> None:  # type: ignore[type-arg]
    """Write for each org how the sweep went."""
    given = SweepEnd.model_validate(end)
    report(given, wiring.catalog())
    _log.info("the sweep ended: %d orgs, %d parts unread", len(given.task.orgs), len(given.task.unread))


def plan(catalog: CatalogStore) -> SweepPlan:
    """Each subscription that a provider instance builds in, or has its gallery in; and each org."""
    subscriptions: dict[str, set[str]] = {}
    orgs: dict[str, set[str]] = {}
    for provider in everywhere(catalog, ProviderInstance):
        for subscription in _subscriptions(provider):
            subscriptions.setdefault(subscription, set()).add(provider.org_id)
            orgs.setdefault(provider.org_id, set()).add(subscription)
    listings = [
        SweepPart(kind=kind, subscription_id=subscription, orgs=tuple(sorted(owners)))
        for subscription, owners in sorted(subscriptions.items())
        for kind in LISTINGS
    ]
    records = [
        SweepPart(kind=kind, orgs=(org,)) for org in sorted(orgs) for kind in (SweepKind.OPERATIONS, SweepKind.KEYS)
    ]
    return SweepPlan(
        parts=(*listings, *records), orgs={org: tuple(sorted(within)) for org, within in sorted(orgs.items())}
    )


def forget_keys(page: SweepPage, catalog: CatalogStore) -> PageReport:
    """Remove a page of old keys of an org."""
    (org,) = page.part.orgs
    query = Query(size=LARGEST_PAGE, continuation=page.part.continuation)
    found = catalog.list(IdempotencyKey, org, query)
    for key in found.items:
        if key.claimed_at < page.at - REMEMBERED - _MARGIN:
            try:
                catalog.delete(key)
            except Changed:
                continue  # it is in use again
    return PageReport(continuation=found.continuation)


def report(end: SweepEnd, catalog: CatalogStore) -> None:
    """Write each org's record of the sweep."""
    task = end.task
    for org, subscriptions in task.orgs.items():
        unread = [each for each in task.unread if each.is_about(org, subscriptions)]
        sweep = Sweep(
            org_id=org,
            began_at=task.began_at,
            ended_at=end.at,
            removes=task.rules.removes,
            grace_seconds=task.rules.grace.total_seconds(),
            unread=tuple(unread[:_MOST_UNREAD]),
        )
        catalog.put(sweep)


def _subscriptions(provider: ProviderInstance) -> set[str]:
    gallery = provider.gallery_id
    return {str(provider.subscription_id), *([gallery.split("/")[2].lower()] if gallery else [])}
