"""Everything that could stop a copy and can be known beforehand; only reads, and reports all it finds at once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceNotFoundError

from shared.cloud.arm.compute import preflight
from shared.cloud.arm.compute.marketplace import side_by_side
from shared.cloud.arm.core.clients import Arm, about
from shared.cloud.arm.gallery import copy_source, copy_target, gallery, image_definition, image_version
from shared.ports.azure import CopyPreflight
from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.outcome import Objection
from shared.workflow.sources import ReplicationMode

if TYPE_CHECKING:
    from azure.mgmt.compute.models import GalleryImage, GalleryImageVersion
    from azure.mgmt.resource.resources.models import Provider

_PROVIDER = "Microsoft.Compute"
_VERSIONS = "galleries/images/versions"


@dataclass(frozen=True, slots=True)
class _Source:
    """The source as Azure has it; None is what does not exist."""

    version: "GalleryImageVersion | None"
    definition: "GalleryImage | None"


def run(arm: Arm, source: Arm, job: CopyJob, now: datetime) -> CopyPreflight:
    """Look, and judge; `arm` is the provider instance's subscription, `source` the source's.

    The resource provider comes first and alone: without it the other questions have no answer.
    """
    provider = arm.resources.providers.get(_PROVIDER, **about(job))
    findings = list(preflight.of_registration(arm, _PROVIDER, provider.registration_state))
    if findings:
        return CopyPreflight([*of_request(job, now), *findings], None)
    found, target = _look(arm, source, job)
    findings += [*of_request(job, now), *of_regions(job, provider)]
    properties = found.definition.properties if found.definition else None
    if found.version is None or properties is None:
        findings += [copy_source.missing(job), *copy_target.judge(job, target, None)]
        return CopyPreflight(findings, None)
    size = copy_source.size_gb(found.version)
    facts = image_definition.facts_of(found.version.id or job.source.id, properties, size)
    findings += [*copy_source.judge(job, found.version, facts, now), *copy_target.judge(job, target, facts)]
    return CopyPreflight(findings, None if findings else facts)


def _look(arm: Arm, source: Arm, job: CopyJob) -> tuple[_Source, copy_target.Target]:
    reads: list[Callable[[], Any]] = [
        lambda: _or_none(lambda: image_version.read_source(source, job)),
        lambda: _or_none(lambda: image_definition.read_source(source, job)),
        lambda: gallery.find(arm, job),
        lambda: image_definition.read(arm, job),
        lambda: image_version.read(arm, job),
    ]
    version, definition, *ours = side_by_side(lambda read: read(), reads)
    return _Source(version, definition), copy_target.look(arm, job, *ours)


def _or_none(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except ResourceNotFoundError:
        return None


def of_request(job: CopyJob, now: datetime) -> Iterator[Objection]:
    """What there is to object to in the request alone."""
    if job.replication_mode is ReplicationMode.SHALLOW and job.replicas:
        yield Objection(
            code="ShallowNotReplicable",
            message="A shallow copy stays in one region. Leave out the further regions, or make a full copy.",
            target="replicationMode",
        )
    if job.end_of_life is not None and job.end_of_life <= now:
        yield Objection(
            code="EndOfLifePast",
            message=f"The end-of-life date {job.end_of_life:%Y-%m-%d} has passed. Name one in the future, or none.",
            target="endOfLifeDate",
        )


def of_regions(job: CopyJob, provider: "Provider") -> Iterator[Objection]:
    """Azure lists the regions of each type; a type that it does not list says nothing."""
    listed = [kind for kind in provider.resource_types or () if (kind.resource_type or "").lower() == _VERSIONS]
    offered = {image_version.short_name(name) for kind in listed for name in kind.locations or ()}
    for region in (job.home, *(replica.region for replica in job.replicas)):
        if offered and region.name not in offered:
            yield Objection(
                code="RegionNotOffered",
                message=f"Azure offers the subscription no image galleries in {region.name}. Choose another region.",
                target="replicationRegions",
            )
