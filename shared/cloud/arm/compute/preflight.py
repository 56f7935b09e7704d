"""Everything that could stop an import and can be known beforehand; only reads, and reports all it finds at once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.cloud.arm.compute import marketplace, sizes, subnet
from shared.cloud.arm.compute.marketplace import Image
from shared.cloud.arm.compute.sizes import Quota, Size, SizeCatalogue
from shared.cloud.arm.core.clients import Arm, about
from shared.errors.azure import ErrorKind, TransientError
from shared.ports.azure import Preflight
from shared.states.enums import GpuType
from shared.workflow.gpu_drivers import GPU_DRIVERS
from shared.workflow.jobs.import_job import ImportJob
from shared.workflow.outcome import Objection
from shared.workflow.sources import PurchasePlan

_PROVIDERS = ("Microsoft.Compute", "Microsoft.Network")
_PLAN_PROVIDERS = ("Microsoft.MarketplaceOrdering",)


@dataclass(frozen=True, slots=True)
class _Found:
    """What the independent reads brought."""

    image: Image | None
    size: Size | None
    quotas: Mapping[str, Quota]
    subnet: list[Objection]


def run(arm: Arm, job: ImportJob, catalogue: SizeCatalogue) -> Preflight:
    """Look, and judge.

    The resource providers come first and alone: without them the other questions have no answer, and the SDK would
    register them by itself, waiting in this thread.
    """
    findings = list(_unregistered(arm, job, _PROVIDERS))
    if findings:
        return Preflight([*_of_request(job), *findings], None)
    found = _look(arm, job, catalogue)
    findings += [*_of_request(job), *_of_image(job, found.image), *_of_size(job, found), *found.subnet]
    if found.image is None:
        return Preflight(findings, None)
    facts = found.image.facts
    if facts.plan is not None:
        findings += _of_plan(arm, job, facts.plan)
    if found.size is not None and not found.size.trusted_launch:
        facts = facts.model_copy(update={"trusted_launch": False})
    return Preflight(findings, None if findings else facts)


def _look(arm: Arm, job: ImportJob, catalogue: SizeCatalogue) -> _Found:
    region, options = job.provider.region, about(job)
    reads: list[Callable[[], Any]] = [
        lambda: marketplace.find(arm, region, job.source, options),
        lambda: catalogue.find(arm, region, job.vm_size, options),
        lambda: sizes.quotas(arm, region, options),
        lambda: subnet.findings(arm, job),
    ]
    return _Found(*marketplace.side_by_side(lambda read: read(), reads))


def of_registration(arm: Arm, name: str, state: str | None) -> Iterator[Objection]:
    """What there is to object to in the registration of a resource provider.

    Raises:
        TransientError: it is being registered just now.
    """
    if state == "Registering":
        message = f"The resource provider {name} is being registered; this takes some minutes."
        raise TransientError("ProviderRegistering", message, kind=ErrorKind.BUSY)
    if state != "Registered":
        yield _finding(
            "ProviderNotRegistered",
            f"The subscription has not registered the resource provider {name}. Register it: "
            f"`az provider register --namespace {name} --subscription {arm.subscription_id}`.",
        )


def _of_request(job: ImportJob) -> Iterator[Objection]:
    if job.create_public_ip and not job.provider.allow_public_ip:
        yield _finding(
            "PublicIpNotAllowed",
            "The provider instance allows no public IP addresses. Leave `createPublicIp` false, or let whoever "
            "manages the provider instance set `allowPublicIp`.",
            "createPublicIp",
        )
    if job.gpu_type is GpuType.NONE:
        return
    if sizes.gpu_of(job.vm_size) is not job.gpu_type:
        yield _finding(
            "SizeNotForGpu",
            f"{job.vm_size} has no GPU of {job.gpu_type}. Name a `vmSize` of the N series that has one.",
            "vmSize",
        )
    if (job.gpu_type, job.os_type.family) not in GPU_DRIVERS:
        yield _finding(
            "GpuDriverNotOffered",
            f"Azure has no extension with the driver of {job.gpu_type} for {job.os_type.family}.",
            "gpuType",
        )


def _of_plan(arm: Arm, job: ImportJob, plan: PurchasePlan) -> Iterator[Objection]:
    unregistered = list(_unregistered(arm, job, _PLAN_PROVIDERS))
    yield from unregistered
    consent = job.provider.marketplace_terms_consent
    if not unregistered and consent is None and not marketplace.terms_are_accepted(arm, job, plan):
        yield _finding("TermsNotAccepted", marketplace.no_consent(job, plan))


def _unregistered(arm: Arm, job: ImportJob, names: Sequence[str]) -> Iterator[Objection]:
    read = arm.resources.providers.get
    states = marketplace.side_by_side(lambda name: read(name, **about(job)).registration_state, names)
    for name, state in zip(names, states, strict=True):
        yield from of_registration(arm, name, state)


def _of_image(job: ImportJob, image: Image | None) -> Iterator[Objection]:
    source, region = job.source, job.provider.region
    name = f"{source.publisher}:{source.offer}:{source.sku}:{source.version}"
    if image is None:
        yield _finding(
            "ImageNotFound",
            f"{region} does not offer the image {name}. `GET /image-sources` lists what it offers.",
            "source",
        )
        return
    if image.deprecated is not None:
        yield _finding("ImageDeprecated", f"The image {name} is deprecated in {region}. {image.deprecated}", "source")
    if image.facts.os_family is not job.os_type.family:
        yield _finding(
            "OsMismatch",
            f"The image {name} is {image.facts.os_family}, the request says {job.os_type}. Correct `osType`.",
            "osType",
        )


def _of_size(job: ImportJob, found: _Found) -> Iterator[Objection]:
    size, region = found.size, job.provider.region
    if size is None:
        yield _finding(
            "SizeNotOffered", f"{region} does not offer the size {job.vm_size}. Choose another one.", "vmSize"
        )
        return
    if size.restricted is not None:
        yield _finding(
            "SizeRestricted",
            f"The subscription may not use {job.vm_size} in {region} ({size.restricted}). Choose another `vmSize`, or "
            "ask Azure support to lift the restriction.",
            "vmSize",
        )
    if found.image is not None:
        yield from _mismatches(job, found.image, size)
    for quota in sizes.quotas_for(size, found.quotas):
        if quota.free < size.cores:
            yield _finding(
                "QuotaExceeded",
                f"{job.vm_size} needs {size.cores} vCPUs; of “{quota.name}” in {region} {quota.free} of {quota.limit} "
                "are free. Ask for a higher quota (Azure portal, Quotas), or choose a smaller size.",
                "vmSize",
            )


def _mismatches(job: ImportJob, image: Image, size: Size) -> Iterator[Objection]:
    facts = image.facts
    if facts.hyper_v_generation not in size.generations:
        yield _finding(
            "GenerationMismatch",
            f"The image is of generation {facts.hyper_v_generation}, {job.vm_size} runs {', '.join(size.generations)}. "
            "Choose an image or a size that fits.",
            "vmSize",
        )
    if facts.architecture.lower() != size.architecture.lower():
        yield _finding(
            "ArchitectureMismatch",
            f"The image is for {facts.architecture}, {job.vm_size} is {size.architecture}. Choose one that fits.",
            "vmSize",
        )
    if image.disk_controllers.isdisjoint(size.disk_controllers):
        yield _finding(
            "DiskControllerMismatch",
            f"{job.vm_size} has disks on {', '.join(sorted(size.disk_controllers))}, which the image does not support. "
            "Choose an image or a size that fits.",
            "vmSize",
        )


def _finding(code: str, message: str, target: str | None = None) -> Objection:
    return Objection(code=code, message=message, target=target)
