"""Microsoft's example requests: sent as they stand, and accepted, but for those that a table names with a reason."""

import pytest

from tests.local.arm.conftest import Azure
from tests.local.arm.examples import Example, examples
from tests.local.arm.prerequisites import Prerequisites

_NO_SUCH_NAME = "made-up names of publishers, types, providers or galleries, which no catalogue has"
_CONFIDENTIAL = "confidential machines and disks are not simulated"
_MANAGED_IMAGES = "managed images (Microsoft.Compute/images) are not simulated"
_UNMANAGED = "unmanaged disks are not simulated"
_OF_OTHERS = "machines and disks straight from shared and community galleries are not simulated"
_ENCRYPTION = "customer-managed keys of a version's regions are not simulated"
_NO_SUBNET = "an IP configuration of the example has no subnet, which Azure itself asks for"
# Name of the example -> why the simulator refuses it.
REFUSED = {
    "Disk_Create_FromAnAzureComputeGalleryCommunityImage": _OF_OTHERS,
    "Disk_Create_FromAnAzureComputeGalleryDirectSharedImage": _OF_OTHERS,
    "Disk_Create_FromAnElasticSanVolumeSnapshot": "disks from an elastic SAN are not simulated",
    "Disk_Create_FromImportSecure": _CONFIDENTIAL,
    "Disk_Create_FromUploadPreparedSecure": _CONFIDENTIAL,
    "Gallery_Create_SoftDeletionEnabled": "galleries with soft deletion are not simulated",
    "GalleryImageVersion_Create_WithCommunityImageVersionAsSource": _ENCRYPTION,
    "GalleryImageVersion_Create_WithShallowReplicationMode": _MANAGED_IMAGES,
    "GalleryImageVersion_Create_WithVmAsSource": _ENCRYPTION,
    "GalleryImageVersion_Update": "the example names another source than the version was made of",
    "CommunityGallery_Get@CommunityGalleries_Get": _NO_SUCH_NAME,
    "CommunityGalleryImage_List": _NO_SUCH_NAME,
    "SharedGallery_Get": _NO_SUCH_NAME,
    "SharedGalleryImage_Get": _NO_SUCH_NAME,
    "SharedGalleryImages_List": _NO_SUCH_NAME,
    "SharedGalleryImageVersion_Get": _NO_SUCH_NAME,
    "GetProvider": _NO_SUCH_NAME,
    "GetResourcePermissions": _NO_SUCH_NAME,
    "NetworkInterfaceCreate": _NO_SUBNET,
    "RoleAssignments_CreateForSubscription": "the example's role is none of the built-in ones that are simulated",
    "RoleAssignments_Get": "the example's assignment does not exist",
    "RoleAssignments_ListForResource": _NO_SUCH_NAME,
    "VirtualMachine_Create_CustomImageVmFromAnUnmanagedGeneralizedOsImage": _UNMANAGED,
    "VirtualMachine_Create_PlatformImageVmWithUnmanagedOsAndDataDisks": _UNMANAGED,
    "VirtualMachine_Create_FromACommunityGalleryImage": _OF_OTHERS,
    "VirtualMachine_Create_FromACustomImage": _MANAGED_IMAGES,
    "VirtualMachine_Create_FromASharedGalleryImage": _OF_OTHERS,
    "VirtualMachine_Create_FromASpecializedSharedImage": "the example's definition has no specialised version",
    "VirtualMachine_Create_WithDataDisksFromSourceResource": "data disks that a machine copies are not simulated",
    "VirtualMachine_Create_WithDiskEncryptionSetResource": _MANAGED_IMAGES,
    "VirtualMachine_Create_WithNetworkInterfaceConfiguration": _NO_SUBNET,
    "VirtualMachine_Create_WithNetworkInterfaceConfigurationDnsSettings": _NO_SUBNET,
    "VirtualMachine_Create_WithSecurityTypeConfidentialVMWithCustomerManagedKeys": _CONFIDENTIAL,
    "VirtualMachine_Create_WithSecurityTypeConfidentialVMWithNonPersistedTPM": _CONFIDENTIAL,
    "VirtualMachine_Deallocate_MaximumSet_Gen": "hibernation is not simulated",
    "VirtualMachineExtension_CreateOrUpdate_MaximumSet_Gen": _NO_SUCH_NAME,
    "VirtualMachineExtension_Update": _NO_SUCH_NAME,
    "VirtualMachineExtensionImage_ListTypes_MaximumSet_Gen": _NO_SUCH_NAME,
    "VirtualMachineExtensionImage_ListVersions_MaximumSet_Gen": _NO_SUCH_NAME,
    "VirtualMachineExtensionImage_ListVersions_MinimumSet_Gen": _NO_SUCH_NAME,
    "VirtualMachineImage_Get_MaximumSet_Gen": _NO_SUCH_NAME,
    "VirtualMachineImage_Get_MinimumSet_Gen": _NO_SUCH_NAME,
    "VirtualMachineImage_ListOffers_MaximumSet_Gen": _NO_SUCH_NAME,
    "VirtualMachineImage_ListOffers_MinimumSet_Gen": _NO_SUCH_NAME,
}


@pytest.mark.parametrize("example", [pytest.param(each, id=each.name) for each in examples()])
def test_an_official_example(azure: Azure, example: Example) -> None:
    """Accepted, or refused for the reason that the table gives; never a fault of the simulator."""
    path, query, body = example.request(azure.subscription)
    Prerequisites(azure).make(example, path, body)
    answer = azure.raw(example.operation.method, path, params=query, **({} if body is None else {"json": body}))
    if example.name in REFUSED:
        assert answer.status_code in (*range(400, 500), 501), f"it is accepted now: {answer.text}"
    else:
        assert answer.status_code < 300, answer.text


def test_the_table_names_examples_that_there_are() -> None:
    """No reason outlives its example."""
    names = {each.name for each in examples()}
    assert not names or set(REFUSED) <= names
