"""Image versions: names, sources, the publishing profile, deletion."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.compute import ComputeManagementClient

from tests.local.arm.conftest import GROUP, LOCATION, MACHINE, Azure, code_of

GALLERY, IMAGE, VERSION = "galTest", "windows-11", "1.0.0"
GOLDEN = "00000000-0000-0000-0000-000000000002"
_GOLDEN_GALLERY = f"/subscriptions/{GOLDEN}/resourceGroups/rg-golden/providers/Microsoft.Compute/galleries/galGolden"
GOLDEN_VERSION = f"{_GOLDEN_GALLERY}/images/windows-11-desktop/versions/1.0.0"
GOLDEN_WITH_PLAN = f"{_GOLDEN_GALLERY}/images/windows-server-hardened/versions/4.0.0"
_PLAN = {"name": "cis-windows-server2022-l1-gen2", "publisher": "center-for-internet-security-inc"}
_PLAN |= {"product": "cis-windows-server"}
_UBUNTU = {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server-gen1", "version": "latest"}


def definition(azure: Azure, name: str = IMAGE, **changes: Any) -> Any:
    """A gallery with a definition that the golden image fits; `changes` replace members."""
    azure.group()
    azure.compute.galleries.begin_create_or_update(GROUP, GALLERY, {"location": LOCATION}).result()
    inner = {
        "osType": "Windows",
        "osState": "Generalized",
        "hyperVGeneration": "V2",
        "identifier": {"publisher": "Contoso", "offer": "desktops", "sku": name},
        "features": [{"name": "SecurityType", "value": "TrustedLaunchSupported"}],
    } | changes
    body = {"location": LOCATION, "properties": inner}
    return azure.compute.gallery_images.begin_create_or_update(GROUP, GALLERY, name, body).result()


def version_body(source: Any = GOLDEN_VERSION, *regions: str, **profile: Any) -> dict[str, Any]:
    """A version made from a source (an id, or the source itself) for regions."""
    named = source if isinstance(source, dict) else {"id": source}
    if regions:
        profile["targetRegions"] = [{"name": region} for region in regions]
    return {"location": LOCATION, "properties": {"storageProfile": {"source": named}, "publishingProfile": profile}}


def begin(azure: Azure, body: dict[str, Any] | None = None, name: str = VERSION, **options: Any) -> Any:
    versions = azure.compute.gallery_image_versions
    return versions.begin_create_or_update(GROUP, GALLERY, IMAGE, name, body or version_body(), **options)


def generalized_machine(azure: Azure, **changes: Any) -> str:
    """A machine that is ready to be captured; its id."""
    azure.machine(**changes)
    azure.compute.virtual_machines.begin_deallocate(GROUP, MACHINE).result()
    azure.compute.virtual_machines.generalize(GROUP, MACHINE)
    return str(azure.compute.virtual_machines.get(GROUP, MACHINE).id)


def test_a_copy_of_another_subscriptions_version(azure: Azure) -> None:
    """Created in its own region by default, with what Azure fills in; regions by their display names."""
    definition(azure)
    made = begin(azure).result()
    assert (made.provisioning_state, made.storage_profile.source.id) == ("Succeeded", GOLDEN_VERSION)
    assert made.storage_profile.os_disk_image.size_in_gb == 127
    profile = made.publishing_profile
    regions = [(each.name, each.regional_replica_count, each.storage_account_type) for each in profile.target_regions]
    assert regions == [("East US", 1, "Standard_LRS")]
    assert (profile.replica_count, profile.replication_mode, profile.exclude_from_latest) == (1, "Full", False)
    assert made.replication_status is None
    listed = azure.compute.gallery_image_versions.list_by_gallery_image(GROUP, GALLERY, IMAGE)
    assert [each.name for each in listed] == [VERSION]


def test_a_copy_of_a_copy(azure: Azure) -> None:
    """A version of the same gallery is a source as well."""
    definition(azure)
    first = begin(azure).result()
    assert begin(azure, version_body(first.id), "1.0.1").result().storage_profile.source.id == first.id


def test_a_capture_of_a_machine(azure: Azure) -> None:
    """A generalized machine, by `virtualMachineId` or by `id`."""
    machine = generalized_machine(azure)
    definition(azure)
    made = begin(azure, version_body({"virtualMachineId": machine})).result()
    assert made.storage_profile.source.virtual_machine_id == machine
    assert begin(azure, version_body(machine), "1.0.1").result().provisioning_state == "Succeeded"


@pytest.mark.parametrize("name", ["1", "1.0", "1.0.0.0", "1.0.x", "v1.0.0", "1.0.2147483648"])
def test_a_version_name_that_breaks_the_rule(azure: Azure, name: str) -> None:
    """Three whole numbers of 32 bits."""
    definition(azure)
    assert code_of(lambda: begin(azure, name=name)) == "InvalidParameter"


def test_a_version_needs_its_definition(azure: Azure) -> None:
    """ParentResourceNotFound."""
    azure.group()
    assert code_of(lambda: begin(azure)) == "ParentResourceNotFound"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"osType": "Linux"}, "has a different OS type"),
        ({"hyperVGeneration": "V1", "features": []}, "has a different Hypervisor generation ['V2']"),
        ({"osState": "Specialized"}, "('Specialized') is not 'Generalized'"),
        ({"architecture": "Arm64"}, "has a different architecture"),
        ({"purchasePlan": _PLAN}, "has a different plan ['null']"),
        ({"features": [{"name": "SecurityType", "value": "Standard"}]}, "has a different security type"),
    ],
)
def test_a_source_that_does_not_fit(azure: Azure, change: dict[str, Any], message: str) -> None:
    """409 Conflict, which says what differs from what."""
    definition(azure, **change)
    with pytest.raises(HttpResponseError) as caught:
        begin(azure)
    assert caught.value.error is not None
    assert (caught.value.status_code, caught.value.error.code) == (409, "Conflict")
    assert message in str(caught.value)


def test_a_plan_must_be_carried_over(azure: Azure) -> None:
    """An image sold under a plan only goes into a definition with that plan."""
    definition(azure)
    assert code_of(lambda: begin(azure, version_body(GOLDEN_WITH_PLAN))) == "Conflict"
    azure.compute.gallery_images.begin_delete(GROUP, GALLERY, IMAGE).result()
    definition(azure, purchasePlan=_PLAN)
    assert begin(azure, version_body(GOLDEN_WITH_PLAN)).result().provisioning_state == "Succeeded"


def test_a_machine_that_does_not_fit(azure: Azure) -> None:
    """A running machine is not generalized; one of generation 1 runs another system."""
    azure.machine()
    definition(azure)
    source = {"virtualMachineId": azure.compute.virtual_machines.get(GROUP, MACHINE).id}
    assert code_of(lambda: begin(azure, version_body(source))) == "Conflict"


def test_a_linux_machine_into_its_definition(azure: Azure) -> None:
    """Generation 1, no security type: a legacy image."""
    profile = {"imageReference": _UBUNTU, "osDisk": {"createOption": "FromImage", "diskSizeGB": 64}}
    machine = generalized_machine(azure, storageProfile=profile)
    definition(azure, osType="Linux", hyperVGeneration="V1", features=[])
    made = begin(azure, version_body({"virtualMachineId": machine})).result()
    assert made.storage_profile.os_disk_image.size_in_gb == 64


def test_an_image_beyond_two_tebibytes(azure: Azure) -> None:
    """Refused, unless it is shallow."""
    disk = {"name": "big", "createOption": "FromImage", "diskSizeGB": 3000}
    image = {"publisher": "MicrosoftWindowsDesktop", "offer": "windows-11", "sku": "win11-24h2-avd"}
    profile = {"imageReference": image | {"version": "latest"}, "osDisk": disk}
    machine = {"virtualMachineId": generalized_machine(azure, storageProfile=profile)}
    definition(azure)
    assert code_of(lambda: begin(azure, version_body(machine))) == "InvalidParameter"
    made = begin(azure, version_body(machine, replicationMode="Shallow")).result()
    assert made.publishing_profile.replication_mode == "Shallow"


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (GOLDEN_VERSION.replace("1.0.0", "9.9.9"), "NotFound"),
        ("not an id", "InvalidParameter"),
        (_GOLDEN_GALLERY, "InvalidParameter"),
        (_GOLDEN_GALLERY.replace("galleries", "images"), "NotSimulated"),
        ({"virtualMachineId": GOLDEN_VERSION}, "InvalidParameter"),
        ({"communityGalleryImageId": "/CommunityGalleries/none/Images/i/Versions/1.0.0"}, "NotFound"),
        ({"communityGalleryImageId": "/CommunityGalleries/none"}, "InvalidParameter"),
        ({}, "InvalidParameter"),
        ({"id": GOLDEN_VERSION, "virtualMachineId": GOLDEN_VERSION}, "InvalidParameter"),
    ],
)
def test_a_source_that_is_none(azure: Azure, source: Any, code: str) -> None:
    """Missing, of another kind, more than one, or not simulated."""
    definition(azure)
    assert code_of(lambda: begin(azure, version_body(source))) == code


def test_a_source_must_be_in_the_versions_region(azure: Azure) -> None:
    """The golden image is in eastus and westus2, not in westeurope."""
    definition(azure)
    body = version_body(GOLDEN_VERSION, "westeurope")
    with pytest.raises(HttpResponseError) as caught:
        begin(azure, body | {"location": "westeurope"})
    assert caught.value.error is not None
    assert caught.value.error.code == "GalleryImageNotFound"
    assert "is not available in westeurope region" in str(caught.value)
    assert (
        begin(azure, version_body(GOLDEN_VERSION, "westus2") | {"location": "westus2"}).result().location == "westus2"
    )


def test_a_source_must_be_complete(frozen: Azure) -> None:
    """A version that is still being made is no source."""
    frozen.clock(frozen=False)
    definition(frozen)
    frozen.clock(frozen=True)
    begin(frozen, polling=False)
    unfinished = frozen.compute.gallery_image_versions.get(GROUP, GALLERY, IMAGE, VERSION)
    assert unfinished.provisioning_state == "Creating"
    assert code_of(lambda: begin(frozen, version_body(unfinished.id), "1.0.1")) == "Conflict"


@pytest.mark.parametrize(
    ("profile", "code"),
    [
        ({"targetRegions": [{"name": "westus2"}]}, "InvalidParameter"),
        ({"targetRegions": [{"name": "eastus"}, {"name": "East US"}]}, "InvalidParameter"),
        ({"targetRegions": [{"name": "eastus"}, {"name": "atlantis"}]}, "InvalidParameter"),
        ({"targetRegions": [{"name": "eastus", "regionalReplicaCount": 0}]}, "InvalidParameter"),
        ({"targetRegions": [{"name": "eastus", "regionalReplicaCount": 101}]}, "InvalidParameter"),
        ({"targetRegions": [{"name": "eastus", "storageAccountType": "Tape"}]}, "InvalidParameter"),
        ({"targetRegions": [{"name": "eastus", "encryption": {"osDiskImage": {}}}]}, "NotSimulated"),
        ({"replicaCount": -1}, "InvalidParameter"),
        ({"storageAccountType": "Tape"}, "InvalidParameter"),
        ({"storageAccountStrategy": "PreferStandard_ZRS", "storageAccountType": "Standard_ZRS"}, "InvalidParameter"),
        ({"replicationMode": "Deep"}, "InvalidParameter"),
        (
            {"replicationMode": "Shallow", "targetRegions": [{"name": "eastus"}, {"name": "westus2"}]},
            "InvalidParameter",
        ),
        ({"endOfLifeDate": "2001-01-01T00:00:00Z"}, "InvalidParameter"),
        ({"endOfLifeDate": "soon"}, "InvalidParameter"),
        ({"targetExtendedLocations": [{"name": "x"}]}, "NotSimulated"),
    ],
)
def test_a_publishing_profile_that_is_wrong(azure: Azure, profile: dict[str, Any], code: str) -> None:
    """Regions, replicas, storage, mode and dates are checked."""
    definition(azure)
    assert code_of(lambda: begin(azure, version_body(GOLDEN_VERSION, **profile))) == code


def test_a_publishing_profile_with_everything(azure: Azure) -> None:
    """What was asked for comes back."""
    definition(azure)
    date = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    regions = [{"name": "East US", "regionalReplicaCount": 3, "storageAccountType": "Premium_LRS"}, {"name": "westus2"}]
    profile = {"targetRegions": regions, "replicaCount": 2, "excludeFromLatest": True, "endOfLifeDate": date}
    made = begin(azure, version_body(**profile, storageAccountType="Standard_ZRS")).result().publishing_profile
    found = [(each.name, each.regional_replica_count, each.storage_account_type) for each in made.target_regions]
    assert found == [("East US", 3, "Premium_LRS"), ("West US 2", 2, "Standard_ZRS")]
    assert (made.exclude_from_latest, made.end_of_life_date.isoformat()) == (True, date)


def test_what_may_change_and_what_not(azure: Azure) -> None:
    """Flags, dates, tags and regions change; source, mode and storage do not."""
    definition(azure)
    begin(azure).result()
    change = {"tags": {"a": "b"}, "properties": {"publishingProfile": {"excludeFromLatest": True}}}
    versions = azure.compute.gallery_image_versions
    changed = versions.begin_update(GROUP, GALLERY, IMAGE, VERSION, change).result()
    assert (changed.tags, changed.publishing_profile.exclude_from_latest) == ({"a": "b"}, True)
    assert len(changed.publishing_profile.target_regions) == 1
    for body in (
        version_body(GOLDEN_WITH_PLAN),
        version_body(replicationMode="Shallow"),
        version_body(storageAccountType="Premium_LRS"),
        version_body(targetRegions=[{"name": "eastus", "storageAccountType": "Premium_LRS"}]),
    ):
        assert code_of(lambda sent=body: begin(azure, sent)) == "PropertyChangeNotAllowed"  # type: ignore[misc]


def test_a_version_that_is_kept_until_its_end_of_life(azure: Azure) -> None:
    """Its deletion is refused, until the safety profile lets it go."""
    definition(azure)
    date = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    body = version_body(endOfLifeDate=date)
    body["properties"]["safetyProfile"] = {"blockDeletionBeforeEndOfLife": True}
    begin(azure, body).result()
    versions = azure.compute.gallery_image_versions
    refused = code_of(lambda: versions.begin_delete(GROUP, GALLERY, IMAGE, VERSION))
    assert refused == "DeleteGalleryImageVersionBlockedBeforeEndOfLife"
    change = {"properties": {"safetyProfile": {"blockDeletionBeforeEndOfLife": False}}}
    versions.begin_update(GROUP, GALLERY, IMAGE, VERSION, change).result()
    versions.begin_delete(GROUP, GALLERY, IMAGE, VERSION).result()
    assert code_of(lambda: versions.get(GROUP, GALLERY, IMAGE, VERSION)) == "ResourceNotFound"


def test_a_definition_with_versions_stays(azure: Azure) -> None:
    """Versions first, then the definition; deleting what is not there is success."""
    definition(azure)
    begin(azure).result()
    delete = azure.compute.gallery_images.begin_delete
    assert code_of(lambda: delete(GROUP, GALLERY, IMAGE)) == "CannotDeleteResource"
    azure.compute.gallery_image_versions.begin_delete(GROUP, GALLERY, IMAGE, VERSION).result()
    azure.compute.gallery_image_versions.begin_delete(GROUP, GALLERY, IMAGE, VERSION).result()
    delete(GROUP, GALLERY, IMAGE).result()
    assert not [key for key in azure.inventory() if "galtest/images" in key]


def test_how_many_versions_there_may_be(azure: Azure) -> None:
    """A quota for each subscription and region."""
    definition(azure)
    azure.settings(quotas={"galleryImageVersions": 0})
    assert code_of(lambda: begin(azure)) == "QuotaExceeded"


def test_the_golden_gallery(azure: Azure) -> None:
    """The default catalogue has a source to copy from, and a plan that must be carried over."""
    with ComputeManagementClient(azure.credential, GOLDEN, **azure.options) as client:
        image = client.gallery_images.get("rg-golden", "galGolden", "windows-11-desktop")
        assert (image.os_type, image.os_state, image.hyper_v_generation) == ("Windows", "Generalized", "V2")
        place = ("rg-golden", "galGolden", "windows-11-desktop", "1.0.0")
        version = client.gallery_image_versions.get(*place, expand="ReplicationStatus")
        found = {each.region: (each.state, each.progress) for each in version.replication_status.summary}
        assert found == {"East US": ("Completed", 100), "West US 2": ("Completed", 100)}
        plan = client.gallery_images.get("rg-golden", "galGolden", "windows-server-hardened").purchase_plan
        assert plan.name == "cis-windows-server2022-l1-gen2"
