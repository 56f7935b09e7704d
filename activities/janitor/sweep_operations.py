"""The activity that looks whether what operations made is still there."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

import azure.durable_functions as df

from activities.run import as_data
from shared import wiring
from shared.catalogue import ledger
from shared.catalogue.orphans import Known, expects_resources, finding_id
from shared.errors.azure import PermanentError, TransientError
from shared.errors.catalogue import NotFound
from shared.log import about
from shared.models.image import Asset, Version
from shared.models.operation import Operation
from shared.models.orphans import Orphan, OrphanKind, PageReport, SweepKind, SweepPage, Unread, Why
from shared.ports.catalog import CatalogStore, Query, every
from shared.ports.inventory import Inventory
from shared.workflow.kinds import kind_of

bp = df.Blueprint()
_log = logging.getLogger(__name__)

_PAGE = 50
"""Versions to a page: each takes a few reads of storage, and one of Azure."""


@dataclass
class _Azure:
    """Azure as a page asks it: a subscription that can't be read is asked once."""

    inventory: Inventory
    unread: dict[str, Unread] = field(default_factory=dict)

    def missing(self, anchor: str, others: Sequence[str]) -> Sequence[str] | None:
        """What is not there, where even the anchor is not; None if Azure does not say."""
        subscription = anchor.split("/")[2].lower()
        if subscription in self.unread:
            return None
        try:
            if self.inventory.exists(anchor):
                return ()
            return [each for each in others if each == anchor or not self.inventory.exists(each)]
        except (PermanentError, TransientError) as error:
            said = as_data(error)
            self.unread[subscription] = Unread(subscription_id=subscription, code=said.code, message=said.message)
            return None


@bp.activity_trigger(input_name="page", activity="sweep_operations")
def sweep_operations(page: dict) -> dict:  # type: ignore[type-arg] # the SDK takes plain dict only
    """Look at a page of an org's versions for operations whose resources are gone."""
    return sweep(SweepPage.model_validate(page), wiring.inventory(), wiring.catalog()).to_json()


def sweep(page: SweepPage, inventory: Inventory, catalog: CatalogStore) -> PageReport:
    """Look at a page; after the last one, forget the findings that are not true any more."""
    (org,) = page.part.orgs
    azure = _Azure(inventory)
    found = catalog.list(Version, org, Query(size=_PAGE, continuation=page.part.continuation))
    for version in found.items:
        _look_at(version, page, azure, catalog)
    if found.continuation is None:
        for finding in list(every(catalog, Orphan, org)):
            if finding.found_by is SweepKind.OPERATIONS and finding.last_seen_at != page.began_at:
                catalog.delete(finding)
    unread = tuple(each.model_copy(update={"orgs": page.part.orgs}) for each in azure.unread.values())
    return PageReport(continuation=found.continuation, unread=unread)


def _look_at(version: Version, page: SweepPage, azure: _Azure, catalog: CatalogStore) -> None:
    known = _known(version, catalog)
    operation, job = known.operation, known.job
    if operation is None or job is None or not expects_resources(known, page.at):
        return
    made = ledger.existing(catalog, operation.id)
    if not made:
        return
    named = kind_of(job).anchor(job)
    anchor = named if named in made else made[0]
    missing = azure.missing(anchor, made)
    earlier = _earlier(catalog, version.org_id, finding_id(operation.id))
    if missing is None:
        if earlier is not None:  # it is as true as it was
            catalog.put(earlier.model_copy(update={"last_seen_at": page.began_at}))
        return
    if not missing:
        return
    finding = Orphan(
        org_id=version.org_id,
        id=finding_id(operation.id),
        about=OrphanKind.OPERATION,
        found_by=SweepKind.OPERATIONS,
        subscription_id=anchor.split("/")[2].lower(),
        resource_id=missing[0],
        missing=tuple(missing),
        why=Why.MISSING_IN_AZURE,
        operation_id=operation.id,
        image_id=operation.image_id,
        version_id=operation.version_id,
        first_seen_at=earlier.first_seen_at if earlier else page.began_at,
        last_seen_at=page.began_at,
    )
    if earlier is None:
        _log.warning("what the operation made is gone from Azure: %s %s", ", ".join(missing), about(finding))
    catalog.put(finding)


def _known(version: Version, catalog: CatalogStore) -> Known:
    """The operation that made a version, and the asset that it made."""
    try:
        operation = catalog.get(Operation, version.org_id, version.operation_id or "")
        asset = catalog.get(Asset, version.org_id, version.image_id, version.id, operation.asset_id)
    except NotFound:
        return Known()
    return Known(operation=operation, asset=asset)


def _earlier(catalog: CatalogStore, org: str, identifier: str) -> Orphan | None:
    try:
        return catalog.get(Orphan, org, identifier)
    except NotFound:
        return None
