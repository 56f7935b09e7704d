"""What the API answers with: JSON objects made of records. Keys are spelt out, since they are the contract.

Answers to a creation hold the API page's fields exactly; reads hold both of the names that clients know a field by
(`id` and `streamId`, `status` and `streamStatus`). Times are ISO 8601 in UTC.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from shared.models.dead_letter import DeadLetter
from shared.models.error_info import ErrorInfo
from shared.models.history import HistoryEntry
from shared.models.image import Asset, Image, Version
from shared.models.orphans import Orphan, Sweep
from shared.models.provider_instance import ProviderInstance
from shared.ports.azure import OfferedImage
from shared.requests.findings import Finding
from shared.requests.image_sources import ImageSource

Json = dict[str, Any]


def created(image: Image, version: Version, asset: Asset) -> Json:
    """The answer to `POST /images`: every field of the API page and no other; null where there is nothing."""
    return {
        "assetDetails": {"assetType": asset.type, "data": asset.data},
        "assetId": asset.id,
        "assetStatus": asset.status,
        "assetType": asset.type,
        "orgId": image.org_id,
        "os": image.os or None,
        "sourceAssetId": asset.source_asset_id,
        "sourceStreamId": image.source_stream_id,
        "sourceStreamType": image.source_type,
        "sourceVersionId": image.source_version_id,
        "streamDescription": image.description or None,
        "streamId": image.id,
        "streamName": image.name,
        "streamStatus": image.status,
        "versionDescription": version.description or None,
        "versionHistory": list(version.version_history),
        "versionId": version.id,
        "versionName": version.name,
        "versionSource": version.version_source,
        "versionStatus": version.status,
        "versionType": version.version_type,
    }


def warnings_of(warnings: Sequence[Finding]) -> list[Json]:
    """The oddities that were tolerated."""
    return [{"code": found.code, "message": found.message, "pointer": found.pointer} for found in warnings]


def image_view(image: Image) -> Json:
    """An image, as `GET /images/{id}` shows it."""
    return {
        "id": image.id,
        "streamId": image.id,
        "name": image.name,
        "streamName": image.name,
        "description": image.description or None,
        "streamDescription": image.description or None,
        "status": image.status,
        "streamStatus": image.status,
        "os": image.os or None,
        "osType": image.os_type,
        "osFamily": image.os_family,
        "multiSession": image.multi_session,
        "gpuType": image.gpu_type,
        "providerLabel": image.provider_label,
        "providerInstanceId": image.provider_instance_id,
        "sourceType": image.source_type,
        "sourceStreamType": image.source_type,
        "sourceStreamId": image.source_stream_id,
        "sourceVersionId": image.source_version_id,
        "markers": [],
        "orgId": image.org_id,
        "org_id": image.org_id,
        "createdAt": time(image.created_at),
        "updatedAt": time(image.updated_at),
    }


def version_view(version: Version) -> Json:
    """A version of an image."""
    return {
        "id": version.id,
        "versionId": version.id,
        "streamId": version.image_id,
        "imageId": version.image_id,
        "name": version.name,
        "versionName": version.name,
        "description": version.description or None,
        "versionDescription": version.description or None,
        "status": version.status,
        "versionStatus": version.status,
        "versionSource": version.version_source,
        "versionType": version.version_type,
        "versionHistory": list(version.version_history),
        "markers": [],
        "orgId": version.org_id,
        "org_id": version.org_id,
        "createdAt": time(version.created_at),
        "updatedAt": time(version.updated_at),
    }


def asset_view(asset: Asset) -> Json:
    """A copy of a version."""
    return {
        "id": asset.id,
        "assetId": asset.id,
        "streamId": asset.image_id,
        "imageId": asset.image_id,
        "versionId": asset.version_id,
        "status": asset.status,
        "assetStatus": asset.status,
        "type": asset.type,
        "assetType": asset.type,
        "assetDetails": {"assetType": asset.type, "data": asset.data},
        "providerInstanceId": asset.provider_instance_id,
        "sourceAssetId": asset.source_asset_id,
        "errorCode": asset.error.code if asset.error else None,
        "errorDetails": asset.error.message if asset.error else None,
        "error": error_view(asset.error),
        "orgId": asset.org_id,
        "org_id": asset.org_id,
        "createdAt": time(asset.created_at),
        "updatedAt": time(asset.updated_at),
    }


def history_view(entry: HistoryEntry) -> Json:
    """One change of status."""
    return {
        "at": time(entry.at),
        "sequence": entry.sequence,
        "entity": entry.entity,
        "entityId": entry.entity_id,
        "from": entry.before,
        "to": entry.after,
        "operationId": entry.operation_id,
        "step": entry.step,
        "attempt": entry.attempt,
        "error": error_view(entry.error),
    }


def dead_letter_view(letter: DeadLetter) -> Json:
    """An event that was refused."""
    return {
        "id": letter.id,
        "event": {"id": letter.event_id, "source": letter.event_source, "type": letter.event_type},
        "receivedAt": time(letter.received_at),
        "status": letter.status,
        "code": letter.code,
        "detail": letter.detail,
        "errors": list(letter.errors),
        "data": letter.data,
    }


def orphan_view(orphan: Orphan) -> Json:
    """A finding of the janitor's."""
    return {
        "id": orphan.id,
        "kind": orphan.about,
        "why": orphan.why,
        "state": orphan.state,
        "subscriptionId": orphan.subscription_id,
        "resourceId": orphan.resource_id,
        "missing": list(orphan.missing),
        "operationId": orphan.operation_id or None,
        "imageId": orphan.image_id or None,
        "versionId": orphan.version_id or None,
        "firstSeenAt": time(orphan.first_seen_at),
        "lastSeenAt": time(orphan.last_seen_at),
        "removeAt": time(orphan.remove_at),
        "error": error_view(orphan.error),
    }


def sweep_view(sweep: Sweep) -> Json:
    """When findings were last looked for, and what becomes of them."""
    return {
        "beganAt": time(sweep.began_at),
        "endedAt": time(sweep.ended_at),
        "removes": sweep.removes,
        "graceSeconds": sweep.grace_seconds,
        "unread": [each.model_dump(by_alias=True, exclude={"orgs"}) for each in sweep.unread],
    }


def image_source_view(source: ImageSource, offered: OfferedImage) -> Json:
    """A curated image that a region offers."""
    return {
        "displayName": source.display_name,
        "publisher": source.publisher,
        "offer": source.offer,
        "sku": source.sku,
        "version": offered.version,
        "generation": offered.hyper_v_generation,
        "osType": source.os_type,
        "multiSession": source.multi_session,
        "planRequired": offered.plan_required,
    }


def provider_view(provider: ProviderInstance) -> Json:
    """A provider instance."""
    return provider.to_json()


def error_view(error: ErrorInfo | None) -> Json | None:
    """Why something failed."""
    return error.to_json() if error else None


def time(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC, with a Z."""
    return moment.isoformat().replace("+00:00", "Z") if moment else None
