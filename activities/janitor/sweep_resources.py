"""The activity that looks through what there is in a subscription for what no operation needs."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import azure.durable_functions as df

from activities.run import as_data
from shared import wiring
from shared.catalogue import ledger
from shared.catalogue.orphans import Known, Verdict, finding_id, judge
from shared.errors.azure import PermanentError, TransientError
from shared.errors.catalogue import Changed, NotFound
from shared.log import about
from shared.models.base import Record
from shared.models.catalog_record import RECORD_ID
from shared.models.error_info import ErrorInfo
from shared.models.history import HistoryEntry
from shared.models.image import Asset, Image
from shared.models.operation import Operation
from shared.models.orphans import Orphan, OrphanKind, OrphanState, PageReport, SweepPage, Unread
from shared.ports.azure import GalleryProvider, ImageProvider, Waiting
from shared.ports.catalog import CatalogStore, every
from shared.ports.inventory import Inventory, TaggedResource
from shared.workflow.jobs.copy_job import CopyJob

R = TypeVar("R", bound=Record)

bp = df.Blueprint()
_log = logging.getLogger(__name__)

ORPHAN_REMOVED = "ORPHAN_REMOVED"
"""The code under which an image's history tells that the janitor took something of it away."""
_TRIES = 10
_STEP = "sweep"


@dataclass(frozen=True, slots=True)
class Ports:
    """What the janitor works with."""

    catalog: CatalogStore
    inventory: Inventory
    images: ImageProvider
    galleries: GalleryProvider


@bp.activity_trigger(input_name="page", activity="sweep_resources")
def sweep_resources(page: dict) -> dict:  # type: ignore[type-arg] # the SDK takes plain dict only
    """Look at a page of what carries our tags: report what no operation needs, remove what is due."""
    ports = Ports(wiring.catalog(), wiring.inventory(), wiring.images(), wiring.galleries())
    return sweep(SweepPage.model_validate(page), ports).to_json()


def sweep(page: SweepPage, ports: Ports) -> PageReport:
    """Look at a page; after the last one, forget the findings that are not true any more."""
    part = page.part
    try:
        found, following = ports.inventory.tagged(part.subscription_id, part.kind, part.continuation)
        for resource in found:
            _look_at(resource, page, ports)
        if following is None:
            _settle(page, ports)
    except (PermanentError, TransientError) as error:
        said = as_data(error)
        _log.warning("the %s of subscription %s: %s: %s", part.kind, part.subscription_id, said.code, said.message)
        unread = Unread(subscription_id=part.subscription_id, code=said.code, message=said.message)
        return PageReport(unread=(unread,))
    return PageReport(continuation=following)


def _look_at(resource: TaggedResource, page: SweepPage, ports: Ports) -> None:
    """Report a resource that is an orphan, or remove it.

    Tags are written by whoever may write in the subscription: they are shown to an org that builds there, and to
    no other.
    """
    org = resource.tags.get("orgId", "")
    if org not in page.part.orgs:
        return
    verdict = _judged(resource, org, page, ports.catalog)
    if verdict is None:
        return
    earlier = _read(ports.catalog, Orphan, org, finding_id(resource.resource_id))
    if earlier is None and resource.leaving:
        return
    finding: Orphan | None = _finding(resource, verdict, earlier, page)
    if page.rules.removes and finding and finding.remove_at and finding.remove_at <= page.at:
        finding = _removed(resource, finding, page, ports)
    if finding is not None:
        ports.catalog.put(finding)


def _finding(resource: TaggedResource, verdict: Verdict, earlier: Orphan | None, page: SweepPage) -> Orphan:
    first_seen_at = earlier.first_seen_at if earlier else page.began_at
    return Orphan(
        org_id=resource.tags["orgId"],
        id=finding_id(resource.resource_id),
        about=OrphanKind.RESOURCE,
        found_by=page.part.kind,
        subscription_id=page.part.subscription_id,
        resource_id=resource.resource_id,
        why=verdict.why,
        operation_id=resource.tags.get("operationId", ""),
        image_id=resource.tags.get("imageId", ""),
        version_id=resource.tags.get("versionId", ""),
        first_seen_at=first_seen_at,
        last_seen_at=page.began_at,
        remove_at=first_seen_at + page.rules.grace if verdict.removable else None,
        state=earlier.state if earlier else OrphanState.REPORTED,
        error=earlier.error if earlier else None,
    )


def _removed(resource: TaggedResource, finding: Orphan, page: SweepPage, ports: Ports) -> Orphan | None:
    """Begin the removal, if a last look at the records still allows it; None where there is no finding any more."""
    verdict = _judged(resource, finding.org_id, page, ports.catalog)
    if verdict is None or not verdict.removable:
        return None
    try:
        waiting = _begin(resource, _known(ports.catalog, finding.org_id, resource), ports)
        if waiting is None:
            _check_gone(resource, ports)
    except (PermanentError, TransientError) as error:
        said = as_data(error).info(_STEP)
        _log.warning("could not remove %s: %s: %s %s", resource.resource_id, said.code, said.message, about(finding))
        return finding.model_copy(update={"state": OrphanState.REMAINS, "error": said})
    if finding.state is not OrphanState.REMOVING:
        _log.warning("removing %s, which no operation needs (%s) %s", resource.resource_id, finding.why, about(finding))
        _tell(finding, page.at, ports.catalog)
    if waiting is None:
        ledger.note_gone(ports.catalog, finding.operation_id, resource.resource_id, page.at)
        return None
    return finding.model_copy(update={"state": OrphanState.REMOVING, "error": None})


def _begin(resource: TaggedResource, known: Known, ports: Ports) -> Waiting | None:
    """Take it away as its own operation would; a staging group whose operation is unknown by its id and tags."""
    job = known.job
    if job is None:
        return ports.inventory.begin_group_removal(resource.resource_id, resource.tags)
    if isinstance(job, CopyJob):
        return ports.galleries.begin_copy_removal(job)
    return ports.images.begin_clean_up(job)


def _check_gone(resource: TaggedResource, ports: Ports) -> None:
    """A definition stays while other versions are in it; so does what belongs to another by now."""
    if ports.inventory.exists(resource.resource_id):
        raise PermanentError("STILL_IN_USE", "It stays: something else is in it, or it belongs to another by now.")


def _tell(finding: Orphan, at: datetime, catalog: CatalogStore) -> None:
    """Write it into the image's history, if there still is the image; its status stays."""
    error = ErrorInfo(
        code=ORPHAN_REMOVED, message=f"{finding.resource_id} is being removed: no operation needs it any more."
    )
    for _ in range(_TRIES):
        image = _read(catalog, Image, finding.org_id, finding.image_id)
        if image is None:
            return
        told = image.model_copy(update={"revision": image.revision + 1})
        entry = HistoryEntry(
            org_id=image.org_id,
            image_id=image.id,
            at=at,
            sequence=told.revision,
            entity="IMAGE",
            entity_id=image.id,
            before=image.status,
            after=image.status,
            operation_id=finding.operation_id,
            step=_STEP,
            error=error,
        )
        catalog.put(entry)
        try:
            catalog.update(told)
        except Changed:
            catalog.delete(entry)
            continue
        return


def _settle(page: SweepPage, ports: Ports) -> None:
    """Forget the findings of this listing that it has not found again; what is gone is gone in the ledger, too."""
    for finding in _not_seen_again(page, ports.catalog):
        if not ports.inventory.exists(finding.resource_id):
            _log.info("%s is gone %s", finding.resource_id, about(finding))
            ledger.note_gone(ports.catalog, finding.operation_id, finding.resource_id, page.at)
        ports.catalog.delete(finding)


def _not_seen_again(page: SweepPage, catalog: CatalogStore) -> Iterator[Orphan]:
    part = page.part
    for org in part.orgs:
        found = [each for each in every(catalog, Orphan, org) if each.found_by is part.kind]
        yield from (
            each
            for each in found
            if each.subscription_id == part.subscription_id and each.last_seen_at != page.began_at
        )


def _judged(resource: TaggedResource, org: str, page: SweepPage, catalog: CatalogStore) -> Verdict | None:
    return judge(resource, _known(catalog, org, resource), page.rules.catalog_name)


def _known(catalog: CatalogStore, org: str, resource: TaggedResource) -> Known:
    """What the catalogue knows of it; the operation's own ids count, and the tags' where there is none."""
    operation = _read(catalog, Operation, org, resource.tags.get("operationId", ""))
    image = _read(catalog, Image, org, resource.tags.get("imageId", ""))
    if operation is None:
        return Known(image=image)
    asset = _read(catalog, Asset, org, operation.image_id, operation.version_id, operation.asset_id)
    return Known(operation=operation, asset=asset, image=image)


def _read(catalog: CatalogStore, kind: type[R], org: str, *ids: str) -> R | None:
    """A record, if there is one; what is no id of ours names none."""
    if not all(RECORD_ID.fullmatch(each) for each in ids):
        return None
    try:
        return catalog.get(kind, org, *ids)
    except NotFound:
        return None
