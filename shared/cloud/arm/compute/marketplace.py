"""Images of the Azure Marketplace: what a region offers, what an image is, and the terms of its plan."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ResourceNotFoundError

from shared.cloud.arm.compute.sizes import disk_controllers
from shared.cloud.arm.core.clients import Arm, about, text
from shared.cloud.arm.core.errors import raise_unless_missing
from shared.errors.azure import PermanentError
from shared.ports.azure import OfferedImage
from shared.states.enums import OsType
from shared.workflow.facts import Facts
from shared.workflow.jobs.import_job import ImportJob
from shared.workflow.sources import MarketplaceImage, PurchasePlan

if TYPE_CHECKING:
    from azure.mgmt.compute.models import VirtualMachineImage

LATEST = "latest"
OFFER_TYPE = "virtualmachine"
_AT_ONCE = 8
"""Images that are looked up at the same time."""
_TRUSTED_LAUNCH = ("TrustedLaunch", "TrustedLaunchSupported", "TrustedLaunchAndConfidentialVmSupported")


@dataclass(frozen=True, slots=True)
class Image:
    """An image in a region, as the Marketplace describes it; `deprecated` says what to do, where it is."""

    facts: Facts
    disk_controllers: frozenset[str]
    deprecated: str | None = None


def find(arm: Arm, region: str, source: MarketplaceImage, options: Mapping[str, Any]) -> Image | None:
    """An image, with "latest" resolved to the newest version; None where the region does not offer it."""
    names = (region, source.publisher, source.offer, source.sku)
    images = arm.compute.virtual_machine_images
    try:
        version = source.version
        if version.lower() == LATEST:
            newest = images.list(*names, top=1, orderby="name desc", **options)
            if not newest:
                return None
            version = newest[0].name
        return _described(images.get(*names, version, **options), version)
    except ResourceNotFoundError as error:
        raise_unless_missing(error)
        return None


def offered(arm: Arm, region: str, wanted: Sequence[MarketplaceImage]) -> Sequence[OfferedImage]:
    """Those of the wanted images that the region offers, in their newest version."""

    def look(image: MarketplaceImage) -> Image | None:
        return find(arm, region, image.model_copy(update={"version": LATEST}), {})

    return [_offer(image, found) for image, found in zip(wanted, side_by_side(look, wanted), strict=True) if found]


def terms_are_accepted(arm: Arm, job: ImportJob, plan: PurchasePlan) -> bool:
    """Whether the terms of a plan are accepted for the subscription."""
    return bool(_terms(arm, job, plan).accepted)


def accept_terms(arm: Arm, job: ImportJob, plan: PurchasePlan) -> None:
    """Accept the terms of a plan, with the provider instance's consent; accepted ones are left alone."""
    terms = _terms(arm, job, plan)
    if terms.accepted:
        return
    if job.provider.marketplace_terms_consent is None:
        raise PermanentError("TermsNotAccepted", no_consent(job, plan))
    terms.accepted = True
    agreements = arm.marketplace.marketplace_agreements
    agreements.create(OFFER_TYPE, plan.publisher, plan.product, plan.name, terms, **about(job))


def no_consent(job: ImportJob, plan: PurchasePlan) -> str:
    """What to do about terms that nobody accepted."""
    return (
        f"The terms of the plan {plan.publisher}/{plan.product}/{plan.name} are not accepted in the subscription "
        f"{job.provider.subscription_id}. Accept them (`az vm image terms accept --publisher {plan.publisher} "
        f"--offer {plan.product} --plan {plan.name}`), or set `marketplaceTermsConsent` of the provider instance."
    )


def side_by_side(look: Callable[[Any], Any], things: Iterable[Any]) -> list[Any]:
    """Look up independent things at the same time, in their order; the first failure is raised."""
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="azure-reads") as pool:
        return list(pool.map(look, things))


def _terms(arm: Arm, job: ImportJob, plan: PurchasePlan) -> Any:
    agreements = arm.marketplace.marketplace_agreements
    return agreements.get(OFFER_TYPE, plan.publisher, plan.product, plan.name, **about(job))


def _described(image: "VirtualMachineImage", version: str) -> Image:
    plan = image.plan
    generation = text(image.hyper_v_generation, "V1")
    features = {feature.name: feature.value for feature in image.features or ()}
    system = image.os_disk_image.operating_system if image.os_disk_image else "Windows"
    facts = Facts(
        version=version,
        plan=PurchasePlan(publisher=plan.publisher, product=plan.product, name=plan.name) if plan else None,
        hyper_v_generation=generation,
        trusted_launch=generation == "V2" and features.get("SecurityType") in _TRUSTED_LAUNCH,
        os_family=OsType.LINUX if system == "Linux" else OsType.WINDOWS,
        architecture=text(image.architecture, "x64"),
    )
    return Image(facts, disk_controllers(features.get("DiskControllerTypes")), _deprecation(image))


def _deprecation(image: "VirtualMachineImage") -> str | None:
    status = image.image_deprecation_status
    if status is None or status.image_state != "Deprecated":
        return None
    instead = status.alternative_option.value if status.alternative_option else None
    return f"Azure recommends {instead}." if instead else "Choose a newer version, or another image."


def _offer(wanted: MarketplaceImage, found: Image) -> OfferedImage:
    return OfferedImage(
        publisher=wanted.publisher,
        offer=wanted.offer,
        sku=wanted.sku,
        version=found.facts.version,
        hyper_v_generation=found.facts.hyper_v_generation,
        os_family=found.facts.os_family.value,
        plan_required=found.facts.plan is not None,
    )
