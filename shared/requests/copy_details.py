"""Reading `assetDetails` of a copy: the image version to copy, and where the copy should be. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from shared.arm_ids import IMAGE_VERSION_ID, RESOURCE_NAME
from shared.models.provider_instance import StorageAccountType, TargetRegion
from shared.requests.asset_details import check_kept, without_ours
from shared.requests.fields import Fields
from shared.requests.findings import Code
from shared.requests.models import CopyOptions, NamedSource
from shared.workflow.sources import ReplicationMode

MOST_REGIONS = 20
"""As many as a provider instance may have: each is a record in the same transaction."""
MOST_REPLICAS = 100
"""Azure's limit for one region."""
WRITTEN_BY_US = (
    "galleryImageDefinitionId",
    "galleryImageVersionId",
    "hyperVGeneration",
    "osState",
    "region",
    "regions",
    "replicationProgress",
    "replicationState",
    "sourceId",
)
"""Keys of `data` that tell what became of a copy, so that no caller can say it."""

_ID = "imageVersionId"
_OTHER_IDS = ("id", "sourceImageVersionId")
_PARTS = ("resourceGroup", "gallery", "image", "version")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_VERSION = re.compile(r"latest|[0-9]{1,10}(\.[0-9]{1,10}){2}", re.IGNORECASE)
_REGION = re.compile(r"[a-z][a-z0-9]{1,49}")
_LATEST = "latest"
_PIN = "must be pinned to a version such as 1.0.0: what is the latest may change before it is copied"
_ID_RULE = (
    "must be an image version's ARM id: /subscriptions/…/resourceGroups/…/providers/Microsoft.Compute/galleries/…"
    "/images/…/versions/1.0.0"
)


def read_data(details: Fields) -> tuple[Fields, Mapping[str, Any]]:
    """Read `data`: its fields, and what of it is kept. Keys that the service itself writes are not."""
    data = details.object("data")
    check_kept(details, data)
    return data, without_ours(data, WRITTEN_BY_US)


def read_source(data: Fields, *, required: bool) -> NamedSource | None:
    """Read the source: an image version's ARM id, or its parts; of both, the parts must be those of the id.

    Args:
        data: the fields of `data`.
        required: whether nothing else names a source.
    """
    by_id = _read_id(data)
    tenant_id, subscription_id = _read_uuid(data, "tenantId"), _read_uuid(data, "subscriptionId")
    parts = {name: _read_part(data, name) for name in _PARTS}
    if any(map(data.given, (_ID, *_OTHER_IDS))):
        if by_id is None:
            return None
        _compare(data, by_id, {"subscriptionId": subscription_id, **parts})
        return by_id.model_copy(update={"tenant_id": tenant_id})
    if not any(map(data.given, _PARTS)):
        if required:
            data.refuse(_ID, Code.REQUIRED, "is required; or the version's parts, or sourceStreamId")
        _ignore_scope(data)
        return None
    for name in _PARTS:
        data.any(name, required=True)
    if None in parts.values():
        return None
    return NamedSource.model_validate({**parts, "subscriptionId": subscription_id, "tenantId": tenant_id})


def _read_id(data: Fields) -> NamedSource | None:
    """The image version that is named by its ARM id, under whichever name."""
    found = {}
    for name in (_ID, *_OTHER_IDS):
        text = data.text(name, longest=1024)
        if text and name != _ID:
            data.tolerate(name, Code.ALTERNATIVE_NAME, f"is called {_ID}")
        if text and (source := _parse_id(data, name, text)):
            found[name] = source
    if not found:
        return None
    first, meant = next(iter(found.items()))
    for name, source in found.items():
        if source.model_dump_json().lower() != meant.model_dump_json().lower():
            data.refuse(name, Code.CONTRADICTION, f"is not the version that {first} names")
    return meant


def _parse_id(data: Fields, name: str, text: str) -> NamedSource | None:
    if text.lower().endswith(f"/versions/{_LATEST}"):
        data.refuse(name, Code.INVALID_VALUE, _PIN)
        return None
    source = source_of(text)
    if source is None:
        data.refuse(name, Code.INVALID_VALUE, _ID_RULE)
    return source


def source_of(image_version_id: str) -> NamedSource | None:
    """The image version with that ARM id; None if it is none."""
    found = IMAGE_VERSION_ID.fullmatch(image_version_id)
    if found is None or not _UUID.fullmatch(found["subscription"]):
        return None
    return NamedSource(
        subscription_id=UUID(found["subscription"]),
        resource_group=found["group"],
        gallery=found["gallery"],
        image=found["image"],
        version=found["version"],
    )


def _read_uuid(data: Fields, name: str) -> UUID | None:
    text = data.text(name, pattern=_UUID, rule="must be a UUID")
    return UUID(text) if text else None


def _read_part(data: Fields, name: str) -> str | None:
    if name != "version":
        return data.text(name, pattern=RESOURCE_NAME, rule="must be the name of an Azure resource")
    version = data.text(name, pattern=_VERSION, rule="must be a version such as 1.0.0")
    if version and version.lower() == _LATEST:
        data.refuse(name, Code.INVALID_VALUE, _PIN)
        return None
    return version


def _compare(data: Fields, source: NamedSource, given: Mapping[str, str | UUID | None]) -> None:
    meant = source.to_json()
    for name, value in given.items():
        if value is not None and str(value).lower() != meant[name].lower():
            data.refuse(name, Code.CONTRADICTION, f"is not that of {_ID}")


def _ignore_scope(data: Fields) -> None:
    """Where the catalogue names the source, it knows its subscription and tenant as well."""
    for name in ("subscriptionId", "tenantId"):
        if data.given(name):
            data.tolerate(name, Code.IGNORED_FIELD, "belongs to a source that is named in parts, and is ignored")


def read_options(details: Fields, now: datetime) -> CopyOptions:
    """Read `options`: regions, replication mode, end of life, whether "latest" may mean the copy."""
    options = details.object("options")
    if options.flag("createPublicIp"):
        options.tolerate("createPublicIp", Code.IGNORED_FIELD, "means nothing for a copy, and is ignored")
    read = CopyOptions(
        regions=_read_regions(options),
        replication_mode=options.choice("replicationMode", ReplicationMode) or ReplicationMode.FULL,
        end_of_life=_read_end_of_life(options, now),
        exclude_from_latest=bool(options.flag("excludeFromLatest")),
    )
    options.tolerate_unknown()
    return read


def _read_regions(options: Fields) -> tuple[TargetRegion, ...] | None:
    elements = options.elements("regions", most=MOST_REGIONS)
    if elements is None:
        return None
    regions: dict[str, TargetRegion] = {}
    for index, element in enumerate(elements):
        region = _read_region(options, index, element)
        if region and region.name in regions:
            options.refuse("regions", Code.CONTRADICTION, f"names {region.name} twice", below=(str(index),))
        elif region:
            regions[region.name] = region
    return tuple(regions.values())


def _read_region(options: Fields, index: int, element: Any) -> TargetRegion | None:
    """A region, by its name alone or with how many replicas it gets and how they are stored."""
    rule = "must be a region's name, such as westus2"
    if isinstance(element, str) and _REGION.fullmatch(_short_name(element)):
        return TargetRegion(name=_short_name(element))
    if not isinstance(element, dict):
        options.refuse("regions", Code.INVALID_VALUE, f"{rule}, or an object with name", below=(str(index),))
        return None
    fields = options.within("regions", index, element)
    text = fields.text("name", required=True)
    replicas = fields.number("replicaCount", least=1, most=MOST_REPLICAS)
    storage = fields.choice("storageAccountType", StorageAccountType)
    fields.tolerate_unknown()
    if text is None:
        return None
    if not _REGION.fullmatch(_short_name(text)):
        fields.refuse("name", Code.INVALID_VALUE, rule)
        return None
    given = {"replica_count": replicas, "storage_account_type": storage}
    return TargetRegion(name=_short_name(text), **{name: value for name, value in given.items() if value is not None})


def _short_name(region: str) -> str:
    """ "East US 2" is eastus2."""
    return region.replace(" ", "").lower()


def _read_end_of_life(options: Fields, now: datetime) -> datetime | None:
    name = "endOfLifeDate"
    text = options.text(name, longest=64)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):  # no date; or one that can't be told in UTC
        options.refuse(name, Code.INVALID_VALUE, "must be a date in ISO 8601, such as 2030-12-31T00:00:00Z")
        return None
    if moment <= now:
        options.refuse(name, Code.INVALID_VALUE, "must be in the future")
        return None
    return moment
