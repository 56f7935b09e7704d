"""What a provider instance allows of an import, and what is kept and started for one that it allows. Pure."""

from collections.abc import Sequence
from datetime import datetime

from shared.arm_ids import SUBNET_ID
from shared.models.provider_instance import ProviderInstance
from shared.requests.acceptance import Accepted, Ids, accept, asset_of
from shared.requests.findings import Code, Finding
from shared.requests.models import ImportRequest
from shared.workflow.jobs.import_job import ImportJob
from shared.workflow.kinds import planned
from shared.workflow.pace import Pace
from shared.workflow.sources import MarketplaceImage

_SUBNET = "/assetDetails/data/subNet"
_NETWORK = "/assetDetails/data/vNet"


def check_import(request: ImportRequest, provider: ProviderInstance) -> Sequence[Finding]:
    """What the provider instance does not allow of an import."""
    findings = [*_network_findings(request, provider)]
    if request.create_public_ip and not provider.allow_public_ip:
        message = f"the provider instance {provider.id} allows no public IP addresses"
        findings.append(Finding(Code.PUBLIC_IP_NOT_ALLOWED, message, "/assetDetails/options/createPublicIp"))
    return findings


def _network_findings(request: ImportRequest, provider: ProviderInstance) -> Sequence[Finding]:
    """A subnet by its id may be any of the subscription; by name it must be the provider instance's own."""
    network, subnet = request.source.virtual_network, request.source.subnet
    named = SUBNET_ID.fullmatch(subnet or "")
    own = SUBNET_ID.fullmatch(provider.subnet_id)
    if named is None and subnet and subnet.startswith("/"):
        return [Finding(Code.INVALID_VALUE, "must be a subnet's ARM id, or its name", _SUBNET)]
    if named and named["subscription"].lower() != str(provider.subscription_id):
        message = "must be in the provider instance's subscription: a machine and its network share one"
        return [Finding(Code.SUBNET_NOT_ALLOWED, message, _SUBNET)]
    meant = named or own
    findings = []
    if subnet and not named and meant and subnet.lower() != meant["subnet"].lower():
        message = f"is not the provider instance's subnet {meant['subnet']}: give the ARM id of another"
        findings.append(Finding(Code.SUBNET_NOT_ALLOWED, message, _SUBNET))
    if network and meant and network.rpartition("/")[2].lower() != meant["network"].lower():
        message = f"is not the virtual network {meant['network']} of the subnet: give the subnet's ARM id in subNet"
        findings.append(Finding(Code.SUBNET_NOT_ALLOWED, message, _NETWORK))
    return findings


def accept_import(request: ImportRequest, provider: ProviderInstance, ids: Ids, at: datetime, pace: Pace) -> Accepted:
    """Work out the records and the job of an import that `check_import` has nothing against."""
    job = planned(_job(request, provider, ids, pace))
    return accept(request, job, at, assets=[asset_of(request, job, at, request.source.data)])


def _job(request: ImportRequest, provider: ProviderInstance, ids: Ids, pace: Pace) -> ImportJob:
    source = request.source
    named = SUBNET_ID.fullmatch(source.subnet or "")
    return ImportJob(
        org_id=request.org_id,
        operation_id=ids.operation,
        image_id=ids.image,
        version_id=ids.version,
        asset_id=ids.asset,
        catalog_name=ids.catalog_name,
        image_name=request.stream_name,
        source=MarketplaceImage(publisher=source.publisher, offer=source.offer, sku=source.sku, version=source.version),
        os_type=request.os_type,
        gpu_type=request.gpu_type,
        vm_size=source.vm_size or provider.vm_sizes.for_gpu(request.gpu_type),
        license_type=source.license_type,
        create_public_ip=request.create_public_ip,
        subnet_id=named[0] if named else provider.subnet_id,
        admin_username=request.administrator.username,
        secret_name=ids.secret_name,
        provider=provider,
        pace=pace,
    )
