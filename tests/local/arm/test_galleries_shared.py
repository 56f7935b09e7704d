"""Galleries of others: shared with a subscription or a tenant, or open to the community."""

import uuid
from typing import Any

import pytest

from tests.local.arm.conftest import GROUP, LOCATION, Azure, code_of

_GALLERY, _IMAGE, _VERSION = "galShared", "windows-11", "1.0.0"
_SOURCE = (
    "/subscriptions/00000000-0000-0000-0000-000000000002/resourceGroups/rg-golden/providers/Microsoft.Compute"
    "/galleries/galGolden/images/windows-11-desktop/versions/1.0.0"
)


def _fill(azure: Azure, permissions: str, name: str = _GALLERY) -> str:
    """A gallery with one version that is shared in some way; its name among all galleries."""
    azure.group()
    profile: dict[str, Any] = {"permissions": permissions}
    if permissions == "Community":
        info = {"publisherUri": "https://contoso.example", "publisherContact": "a@contoso.example"}
        profile["communityGalleryInfo"] = info | {"eula": "https://contoso.example/eula", "publicNamePrefix": "contoso"}
    body = {"location": LOCATION, "properties": {"sharingProfile": profile}}
    made = azure.compute.galleries.begin_create_or_update(GROUP, name, body).result()
    inner = {"osType": "Windows", "osState": "Generalized"}
    inner |= {"identifier": {"publisher": "Contoso", "offer": "o", "sku": "s"}}  # type: ignore[dict-item]
    definition = {"location": LOCATION, "properties": inner}
    azure.compute.gallery_images.begin_create_or_update(GROUP, name, _IMAGE, definition).result()
    version = {"location": LOCATION, "properties": {"storageProfile": {"source": {"id": _SOURCE}}}}
    azure.compute.gallery_image_versions.begin_create_or_update(GROUP, name, _IMAGE, _VERSION, version).result()
    return str(made.identifier.unique_name)


def _share(azure: Azure, operation: str, **update: Any) -> Any:
    body = {"operationType": operation} | update
    return azure.compute.gallery_sharing_profile.begin_update(GROUP, _GALLERY, body).result()


def test_a_gallery_that_is_shared_with_a_subscription(azure: Azure) -> None:
    """Listed and read by that one, and by no other; until it is taken back."""
    guest = Azure(azure.simulator)
    unique = _fill(azure, "Groups")
    read = guest.compute.shared_gallery_image_versions
    assert code_of(lambda: read.get(LOCATION, unique, _IMAGE, _VERSION)) == "ResourceNotFound"
    groups = [{"type": "Subscriptions", "ids": [guest.subscription]}]
    _share(azure, "Add", groups=groups)
    assert [each.name for each in guest.compute.shared_galleries.list(LOCATION)] == [unique]
    gallery = guest.compute.shared_galleries.get(LOCATION, unique)
    assert gallery.identifier.unique_id == f"/SharedGalleries/{unique}"
    assert [each.name for each in guest.compute.shared_gallery_images.list(LOCATION, unique)] == [_IMAGE]
    assert guest.compute.shared_gallery_images.get(LOCATION, unique, _IMAGE).properties.os_type == "Windows"
    assert [each.name for each in read.list(LOCATION, unique, _IMAGE)] == [_VERSION]
    version = read.get(LOCATION, unique, _IMAGE, _VERSION)
    assert version.properties.storage_profile.os_disk_image.disk_size_gb == 127
    assert code_of(lambda: read.get("westeurope", unique, _IMAGE, _VERSION)) == "ResourceNotFound"
    _share(azure, "Remove", groups=groups)
    assert list(guest.compute.shared_galleries.list(LOCATION)) == []
    guest.close()


def test_whom_a_gallery_is_shared_with_is_shown_on_demand(azure: Azure) -> None:
    """`$expand=SharingProfile/Groups`; a write of the gallery leaves it as it is, a reset ends it."""
    _fill(azure, "Groups")
    tenant = str(uuid.uuid4())
    _share(azure, "Add", groups=[{"type": "AADTenants", "ids": [tenant]}])
    read = azure.compute.galleries.get
    assert read(GROUP, _GALLERY).sharing_profile.groups is None
    assert read(GROUP, _GALLERY, expand="SharingProfile/Groups").sharing_profile.groups[0].ids == [tenant]
    azure.compute.galleries.begin_update(GROUP, _GALLERY, {"properties": {"description": "New"}}).result()
    assert read(GROUP, _GALLERY, select="Permissions").sharing_profile.groups[0].ids == [tenant]
    _share(azure, "Reset")
    assert read(GROUP, _GALLERY).sharing_profile.permissions == "Private"


def test_a_community_gallery(azure: Azure) -> None:
    """Read by everyone under its public name, and a source to copy from without any right."""
    guest = Azure(azure.simulator)
    _fill(azure, "Community")
    _share(azure, "EnableCommunity")
    (public,) = azure.compute.galleries.get(GROUP, _GALLERY).sharing_profile.community_gallery_info.public_names
    assert public.startswith("contoso-")
    assert guest.compute.community_galleries.get(LOCATION, public).unique_id == f"/CommunityGalleries/{public}"
    assert [each.name for each in guest.compute.community_gallery_images.list(LOCATION, public)] == [_IMAGE]
    versions = guest.compute.community_gallery_image_versions
    version = versions.get(LOCATION, public, _IMAGE, _VERSION)
    assert version.unique_id == f"/CommunityGalleries/{public}/Images/{_IMAGE}/Versions/{_VERSION}"
    assert code_of(lambda: versions.get(LOCATION, "other", _IMAGE, _VERSION)) == "ResourceNotFound"
    _fill(guest, "Private", "galCopies")
    body = {"location": LOCATION, "properties": {"storageProfile": {"source": {}}}}
    body["properties"]["storageProfile"]["source"]["communityGalleryImageId"] = version.unique_id  # type: ignore[index]
    place = (GROUP, "galCopies", _IMAGE, "2.0.0")
    made = guest.compute.gallery_image_versions.begin_create_or_update(*place, body).result()
    assert made.storage_profile.source.community_gallery_image_id == version.unique_id
    guest.close()


@pytest.mark.parametrize(
    ("permissions", "operation", "groups"),
    [
        ("Private", "Add", [{"type": "Subscriptions", "ids": []}]),
        ("Groups", "EnableCommunity", None),
        ("Groups", "Give", None),
        ("Groups", "Add", [{"type": "Friends", "ids": []}]),
    ],
)
def test_sharing_that_does_not_go(azure: Azure, permissions: str, operation: str, groups: Any) -> None:
    """The gallery's permission, the operation and the groups must go together."""
    azure.group()
    body = {"location": LOCATION, "properties": {"sharingProfile": {"permissions": permissions}}}
    azure.compute.galleries.begin_create_or_update(GROUP, _GALLERY, body).result()
    refused = code_of(lambda: _share(azure, operation, groups=groups))
    assert refused in ("BadRequest", "InvalidParameter")
