"""Finds the gallery image version that a copy begins with: as the request names it, or as the catalogue knows it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar
from uuid import UUID

from shared.errors.catalogue import NotFound
from shared.models.base import Record
from shared.models.image import Asset, Image, Version
from shared.models.provider_instance import ProviderInstance
from shared.ports.catalog import CatalogStore, Query
from shared.requests.copy_details import source_of
from shared.requests.findings import Code, Finding
from shared.requests.models import CatalogueReference, CopyRequest
from shared.requests.version_names import parse_source
from shared.states.enums import AssetType
from shared.states.statuses import AssetStatus, VersionStatus
from shared.workflow.sources import GalleryImageVersion

R = TypeVar("R", bound=Record)

_STREAM, _VERSION = "/sourceStreamId", "/sourceVersionId"
_USABLE = (VersionStatus.AVAILABLE, VersionStatus.PARTIALLY_AVAILABLE)
_PAGE = 100
_MOST_PAGES = 10
"""How far to look for the newest version; of an image with more of them a request should name one."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a copy comes from.

    Attributes:
        version: the image version in a gallery.
        stream_id: the image of the catalogue that it belongs to, or None.
        version_id: the version of that image, or None.
        asset_id: the asset of that version, or None.
    """

    version: GalleryImageVersion
    stream_id: str | None = None
    version_id: str | None = None
    asset_id: str | None = None


class _Refusal(Exception):
    def __init__(self, code: Code, message: str, pointer: str) -> None:
        super().__init__(message)
        self.finding = Finding(code, message, pointer)


def find_origin(request: CopyRequest, provider: ProviderInstance, catalog: CatalogStore) -> Origin | Finding:
    """The origin of a copy, or why there is none. Records of another org are as if they were not there."""
    stated = request.named.within(provider) if request.named else None
    if request.reference is None:
        if stated is None:
            raise ValueError("a copy names its source")
        return Origin(stated)
    try:
        origin = _in_catalogue(catalog, request.org_id, provider, request.reference)
    except _Refusal as refusal:
        return refusal.finding
    if stated is not None and stated.id.lower() != origin.version.id.lower():
        return Finding(Code.CONTRADICTION, f"means {origin.version.id}, and assetDetails.data names another", _STREAM)
    return origin


def _in_catalogue(catalog: CatalogStore, org: str, provider: ProviderInstance, reference: CatalogueReference) -> Origin:
    """The version that is meant, or else the newest, of those that are in a gallery."""
    for version in _candidates(catalog, org, reference):
        for asset in _in_galleries(catalog, version):
            source = source_of(str(asset.data.get("galleryImageVersionId")))
            if source is not None:
                tenant_id = _tenant_id(catalog, asset, provider)
                found = source.within(provider).model_copy(update={"tenant_id": tenant_id})
                return Origin(found, version.image_id, version.id, asset.id)
    message = "is not available as an image in a gallery: wait until it is, or name another"
    raise _Refusal(Code.SOURCE_NOT_AVAILABLE, message, _VERSION if reference.version_id else _STREAM)


def _candidates(catalog: CatalogStore, org: str, reference: CatalogueReference) -> Sequence[Version]:
    try:
        catalog.get(Image, org, reference.stream_id)
    except NotFound:
        raise _Refusal(Code.SOURCE_NOT_FOUND, f"the org has no image {reference.stream_id}", _STREAM) from None
    if reference.version_id is None:
        query = Query(below=(reference.stream_id,), equals={"status": _USABLE}, size=_PAGE)
        return sorted(_all(catalog, Version, org, query), key=lambda version: parse_source(version.name), reverse=True)
    try:
        version = catalog.get(Version, org, reference.stream_id, reference.version_id)
    except NotFound:
        message = f"the image {reference.stream_id} has no version {reference.version_id}"
        raise _Refusal(Code.SOURCE_NOT_FOUND, message, _VERSION) from None
    return [version] if version.status in _USABLE else []


def _in_galleries(catalog: CatalogStore, version: Version) -> Iterator[Asset]:
    wanted = {"type": AssetType.AZURE_IMAGE_IN_SIG, "status": AssetStatus.AVAILABLE}
    query = Query(below=(version.image_id, version.id), equals=wanted, size=_PAGE)
    return _all(catalog, Asset, version.org_id, query)


def _all(catalog: CatalogStore, kind: type[R], org: str, query: Query) -> Iterator[R]:
    """The records of a few pages."""
    for _ in range(_MOST_PAGES):
        page = catalog.list(kind, org, query)
        yield from page.items
        if page.continuation is None:
            return
        query = replace(query, continuation=page.continuation)


def _tenant_id(catalog: CatalogStore, asset: Asset, provider: ProviderInstance) -> UUID | None:
    """The tenant that an asset's gallery is in; None for that of the copy, or where nobody knows any more."""
    if asset.provider_instance_id == provider.id:
        return None
    try:
        return catalog.get(ProviderInstance, asset.org_id, asset.provider_instance_id).tenant_id
    except NotFound:
        return None
