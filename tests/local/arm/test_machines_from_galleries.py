"""Machines from a gallery's image, through the SDK."""

from typing import Any

from tests.local.arm.conftest import GROUP, MACHINE, Azure, code_of, machine_body, until

_GALLERY, _IMAGE = "galMachines", "image"


def _captured(azure: Azure, *, state: str = "Generalized", versions: tuple[str, ...] = ("1.0.0",)) -> str:
    """A definition with versions of a machine; returns its id."""
    azure.machine("source", securityProfile={"securityType": "TrustedLaunch"})
    machines, compute = azure.compute.virtual_machines, azure.compute
    machines.begin_deallocate(GROUP, "source").result()
    if state == "Generalized":
        machines.generalize(GROUP, "source")
    compute.galleries.begin_create_or_update(GROUP, _GALLERY, {"location": "eastus"}).result()
    inner = {"osType": "Windows", "osState": state, "hyperVGeneration": "V2"}
    inner |= {"identifier": {"publisher": "p", "offer": "o", "sku": "s"}}  # type: ignore[dict-item]
    inner |= {"features": [{"name": "SecurityType", "value": "TrustedLaunch"}]}  # type: ignore[dict-item]
    body = {"location": "eastus", "properties": inner}
    definition = compute.gallery_images.begin_create_or_update(GROUP, _GALLERY, _IMAGE, body).result()
    source = f"{definition.id.split('/galleries/')[0]}/virtualMachines/source"
    for name in versions:
        profile = {"targetRegions": [{"name": "eastus"}], "excludeFromLatest": name.startswith("9")}
        version = {"publishingProfile": profile, "storageProfile": {"source": {"virtualMachineId": source}}}
        begin = compute.gallery_image_versions.begin_create_or_update
        begin(GROUP, _GALLERY, _IMAGE, name, {"location": "eastus", "properties": version}).result()
    return str(definition.id)


def _body(azure: Azure, image: str, **changes: Any) -> dict[str, Any]:
    body = machine_body(azure.subscription, securityProfile={"securityType": "TrustedLaunch"}, **changes)
    body["properties"]["storageProfile"]["imageReference"] = {"id": image}
    return body


def test_a_machine_from_a_version_and_from_the_latest_one(azure: Azure) -> None:
    """The newest version is the one with the greatest number that is not excluded; the concrete one is told."""
    definition = _captured(azure, versions=("2.0.0", "10.0.0", "99.0.0"))
    begin = azure.compute.virtual_machines.begin_create_or_update
    latest = begin(GROUP, MACHINE, _body(azure, definition)).result()
    assert latest.storage_profile.image_reference.exact_version == "10.0.0"
    until(lambda: azure.agent() == "Ready")
    azure.compute.virtual_machines.begin_delete(GROUP, MACHINE).result()
    named = begin(GROUP, MACHINE, _body(azure, f"{definition}/versions/2.0.0")).result()
    assert named.storage_profile.image_reference.exact_version == "2.0.0"
    assert named.storage_profile.os_disk.disk_size_gb == 127


def test_a_specialised_version_keeps_its_account(azure: Azure) -> None:
    """A machine of one is given none."""
    definition = _captured(azure, state="Specialized")
    begin, body = azure.compute.virtual_machines.begin_create_or_update, _body(azure, definition)
    assert code_of(lambda: begin(GROUP, MACHINE, body)) == "InvalidParameter"
    del body["properties"]["osProfile"]
    assert begin(GROUP, MACHINE, body).result().os_profile is None


def test_a_version_that_is_not_in_the_region(azure: Azure) -> None:
    """GalleryImageNotFound, as for one that does not exist."""
    definition = _captured(azure)
    begin = azure.compute.virtual_machines.begin_create_or_update
    missing = _body(azure, f"{definition}/versions/7.0.0")
    assert code_of(lambda: begin(GROUP, MACHINE, missing)) == "GalleryImageNotFound"
    elsewhere = _body(azure, definition, location="westus2")
    assert code_of(lambda: begin(GROUP, MACHINE, elsewhere)) == "GalleryImageNotFound"


def test_a_disk_from_a_version(azure: Azure) -> None:
    """It has the version's system, and a machine boots from it."""
    definition = _captured(azure)
    data = {"createOption": "FromImage", "galleryImageReference": {"id": f"{definition}/versions/1.0.0"}}
    body = {"location": "eastus", "properties": {"creationData": data}}
    disk = azure.compute.disks.begin_create_or_update(GROUP, "disk", body).result()
    assert (disk.os_type, disk.hyper_v_generation, disk.disk_size_gb) == ("Windows", "V2", 127)
