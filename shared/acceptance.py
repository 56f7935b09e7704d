"""From a request to what is kept and started: the records of an accepted import, and the job of its orchestration.

Pure: ids, time and pace are given, so that the same request gives the same records.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.findings import Code, Finding
from shared.models.base import Record
from shared.models.provider_instance import ProviderInstance
from shared.models.records import Asset, Image, NameReservation, Operation, Version
from shared.models.requests import ImageRequest
from shared.models.steps import ImportJob, MarketplaceImage, Pace
from shared.states import FIRST_ASSET_STATUS, OperationStatus, stream_status, version_status
from shared.steps import import_steps

_SUBNET_ID = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/[^/]+/providers/Microsoft\.Network"
    r"/virtualNetworks/(?P<network>[^/]+)/subnets/(?P<subnet>[^/]+)",
    re.IGNORECASE,
)
_SUBNET = "/assetDetails/data/subNet"
_NETWORK = "/assetDetails/data/vNet"


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids of everything that one request makes."""

    operation: str
    image: str
    version: str
    asset: str

    @property
    def secret_name(self) -> str:
        """Where the administrator's password is kept while the operation needs it."""
        return f"vm-{self.operation}"


@dataclass(frozen=True, slots=True)
class Accepted:
    """What an accepted request turns into: records for one transaction, and the orchestration's input."""

    image: Image
    version: Version
    asset: Asset
    operation: Operation
    name: NameReservation
    job: ImportJob

    @property
    def records(self) -> Sequence[Record]:
        """Everything to write."""
        return self.image, self.version, self.asset, self.operation, self.name


def check_against(request: ImageRequest, provider: ProviderInstance) -> Sequence[Finding]:
    """What the provider instance does not allow of a request."""
    findings = [*_network_findings(request, provider)]
    if request.create_public_ip and not provider.allow_public_ip:
        message = f"the provider instance {provider.id} allows no public IP addresses"
        findings.append(Finding(Code.PUBLIC_IP_NOT_ALLOWED, message, "/assetDetails/options/createPublicIp"))
    return findings


def _network_findings(request: ImageRequest, provider: ProviderInstance) -> Sequence[Finding]:
    """A subnet by its id may be any of the subscription; by name it must be the provider instance's own."""
    network, subnet = request.source.virtual_network, request.source.subnet
    named = _SUBNET_ID.fullmatch(subnet or "")
    own = _SUBNET_ID.fullmatch(provider.subnet_id)
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


def accept(request: ImageRequest, provider: ProviderInstance, ids: Ids, at: datetime, pace: Pace) -> Accepted:
    """Work out the records and the job of a request that `check_against` has nothing against."""
    return Accepted(
        image=_image(request, ids, at),
        version=_version(request, ids, at),
        asset=_asset(request, ids, at),
        operation=_operation(request, ids, at),
        name=NameReservation(org_id=request.org_id, name=request.stream_name, image_id=ids.image),
        job=_job(request, provider, ids, pace),
    )


def _image(request: ImageRequest, ids: Ids, at: datetime) -> Image:
    return Image(
        org_id=request.org_id,
        id=ids.image,
        name=request.stream_name,
        description=request.stream_description,
        status=stream_status([version_status([FIRST_ASSET_STATUS])]),
        os=request.os,
        os_type=request.os_type,
        os_family=request.os_type.family,
        multi_session=request.multi_session,
        gpu_type=request.gpu_type,
        provider_label=request.provider_label,
        provider_instance_id=request.provider_instance_id,
        source_type=request.source_type,
        created_at=at,
        updated_at=at,
    )


def _version(request: ImageRequest, ids: Ids, at: datetime) -> Version:
    return Version(
        org_id=request.org_id,
        image_id=ids.image,
        id=ids.version,
        name=request.version_name,
        description=request.version_description,
        status=version_status([FIRST_ASSET_STATUS]),
        version_source=request.version_source,
        version_type=request.version_type,
        created_at=at,
        updated_at=at,
    )


def _asset(request: ImageRequest, ids: Ids, at: datetime) -> Asset:
    return Asset(
        org_id=request.org_id,
        image_id=ids.image,
        version_id=ids.version,
        id=ids.asset,
        type=request.asset_type,
        status=FIRST_ASSET_STATUS,
        provider_instance_id=request.provider_instance_id,
        data=request.source.data,
        created_at=at,
        updated_at=at,
    )


def _operation(request: ImageRequest, ids: Ids, at: datetime) -> Operation:
    return Operation(
        org_id=request.org_id,
        id=ids.operation,
        action=request.action,
        status=OperationStatus.NOT_STARTED,
        image_id=ids.image,
        version_id=ids.version,
        asset_id=ids.asset,
        step_count=len(import_steps(request.os_type, request.gpu_type)),
        created_at=at,
        last_changed_at=at,
    )


def _job(request: ImageRequest, provider: ProviderInstance, ids: Ids, pace: Pace) -> ImportJob:
    source = request.source
    named = _SUBNET_ID.fullmatch(source.subnet or "")
    return ImportJob(
        org_id=request.org_id,
        operation_id=ids.operation,
        image_id=ids.image,
        version_id=ids.version,
        asset_id=ids.asset,
        image_name=request.stream_name,
        action=request.action,
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
