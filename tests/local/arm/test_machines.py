"""Virtual machines: what is accepted, what is refused, what they bring and leave behind."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError

from tests.local.arm.conftest import (
    GROUP,
    LOCATION,
    MACHINE,
    PASSWORD,
    WINDOWS_11,
    Azure,
    code_of,
    machine_body,
    seeded_subnet,
)

_CIS = ("center-for-internet-security-inc", "cis-windows-server", "cis-windows-server2022-l1-gen2")
_CIS_IMAGE = {"publisher": _CIS[0], "offer": _CIS[1], "sku": _CIS[2], "version": "latest"}
_CIS_PLAN = {"publisher": _CIS[0], "product": _CIS[1], "name": _CIS[2]}
_UBUNTU = {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"}


def _storage(**reference: str) -> dict[str, Any]:
    return {"imageReference": reference, "osDisk": {"createOption": "FromImage", "deleteOption": "Delete"}}


def _account(**changes: Any) -> dict[str, Any]:
    account = {"computerName": "pc-1", "adminUsername": "desktopadmin", "adminPassword": PASSWORD} | changes
    return {name: value for name, value in account.items() if value is not None}


def _refused(azure: Azure, **changes: Any) -> tuple[str, str | None]:
    """The code and the target that a machine with these changes is refused with."""
    azure.group(location=changes.get("location", LOCATION))
    body = machine_body(azure.subscription, **changes)
    with pytest.raises(HttpResponseError) as caught:
        azure.compute.virtual_machines.begin_create_or_update(GROUP, MACHINE, body)
    assert caught.value.error is not None
    assert [key for key in azure.inventory() if MACHINE in key] == []
    return str(caught.value.error.code), caught.value.error.target


def test_a_machine_brings_interface_address_and_disk(azure: Azure) -> None:
    """All from one PUT, in its own group, attached to it."""
    machine = azure.machine()
    assert machine.network_profile.network_interfaces[0].id.endswith(f"/networkInterfaces/{MACHINE}-nic")
    interface = azure.network.network_interfaces.get(GROUP, f"{MACHINE}-nic")
    assert interface.virtual_machine.id == machine.id
    assert interface.ip_configurations[0].private_ip_address.startswith("10.10.")
    address = azure.network.public_ip_addresses.get(GROUP, f"{MACHINE}-ip")
    assert address.ip_address.startswith("20.")
    disk = azure.compute.disks.get(GROUP, f"{MACHINE}-os")
    assert (disk.managed_by, disk.disk_state) == (machine.id, "Attached")


def test_secrets_never_come_back(azure: Azure) -> None:
    """Neither the password nor custom data is in any answer."""
    azure.machine(osProfile=_account(customData="c2VjcmV0"))
    path = f"/subscriptions/{azure.subscription}/resourceGroups/{GROUP}/providers/Microsoft.Compute/virtualMachines"
    for suffix in ("", f"/{MACHINE}", f"/{MACHINE}/instanceView", f"/{MACHINE}?$expand=userData"):
        text = azure.admin.get("/_sim/calls").text
        text += azure.raw("GET", path + suffix, params={"api-version": "2026-04-01"}).text
        assert PASSWORD not in text
        assert "c2VjcmV0" not in text


def test_a_machine_with_an_interface_made_before(azure: Azure) -> None:
    """A reference to an interface is as good; a second machine cannot have it."""
    azure.group()
    configuration = {"name": "main", "properties": {"subnet": seeded_subnet(azure.subscription)}}
    inner = {"ipConfigurations": [configuration]}
    interfaces = azure.network.network_interfaces
    nic = interfaces.begin_create_or_update(GROUP, "nic", {"location": LOCATION, "properties": inner}).result()
    profile = {"networkInterfaces": [{"id": nic.id, "properties": {"primary": True}}]}
    azure.machine(networkProfile=profile)
    other = machine_body(azure.subscription, "other", networkProfile=profile)
    call = azure.compute.virtual_machines.begin_create_or_update
    assert code_of(lambda: call(GROUP, "other", other)) == "NicInUse"
    azure.compute.virtual_machines.begin_delete(GROUP, MACHINE).result()
    assert interfaces.get(GROUP, "nic").virtual_machine is None


def test_what_is_not_to_be_deleted_stays(azure: Azure) -> None:
    """Without deleteOption the interface, the address and the disk outlive the machine, detached."""
    body = machine_body(azure.subscription)
    nic = body["properties"]["networkProfile"]["networkInterfaceConfigurations"][0]["properties"]
    del nic["deleteOption"]
    del body["properties"]["storageProfile"]["osDisk"]["deleteOption"]
    azure.group()
    machines = azure.compute.virtual_machines
    machines.begin_create_or_update(GROUP, MACHINE, body).result()
    machines.begin_delete(GROUP, MACHINE, force_deletion=True).result()
    left = {key.rsplit("/", 1)[-1] for key in azure.inventory() if MACHINE in key}
    assert left == {f"{MACHINE}-nic", f"{MACHINE}-ip", f"{MACHINE}-os"}
    assert azure.compute.disks.get(GROUP, f"{MACHINE}-os").disk_state == "Unattached"
    azure.compute.disks.begin_delete(GROUP, f"{MACHINE}-os").result()
    azure.network.network_interfaces.begin_delete(GROUP, f"{MACHINE}-nic").result()


def test_a_disk_in_use_stays(azure: Azure) -> None:
    """Its deletion is refused while a machine holds it."""
    azure.machine()
    assert code_of(lambda: azure.compute.disks.begin_delete(GROUP, f"{MACHINE}-os")) == "OperationNotAllowed"


@pytest.mark.parametrize(
    ("changes", "code", "target"),
    [
        ({"storageProfile": _storage(**WINDOWS_11, version="1.2.3")}, "PlatformImageNotFound", "imageReference"),
        (
            {"storageProfile": _storage(publisher="x", offer="y", sku="z", version="latest")},
            "PlatformImageNotFound",
            "*",
        ),
        ({"storageProfile": {}}, "InvalidParameter", "imageReference"),
        ({"hardwareProfile": {"vmSize": "Standard_Z99"}}, "InvalidParameter", "vmSize"),
        ({"hardwareProfile": {"vmSize": "Standard_A2_v2"}}, "BadRequest", None),
        ({"hardwareProfile": {}}, "InvalidParameter", "hardwareProfile.vmSize"),
        ({"osProfile": _account(adminPassword="short")}, "InvalidParameter", "adminPassword"),
        ({"osProfile": _account(adminPassword="onlylowercaseletters")}, "InvalidParameter", "adminPassword"),
        ({"osProfile": _account(adminPassword="Aa1!" + "x" * 120)}, "InvalidParameter", "adminPassword"),
        ({"osProfile": _account(adminPassword=None)}, "InvalidParameter", "adminPassword"),
        ({"osProfile": _account(adminUsername="Administrator")}, "InvalidParameter", "adminUsername"),
        ({"osProfile": _account(adminUsername="admin")}, "InvalidParameter", "adminUsername"),
        ({"osProfile": _account(computerName="sixteen-letters-")}, "InvalidParameter", "computerName"),
        ({"osProfile": _account(computerName="12345")}, "InvalidParameter", "computerName"),
        ({"osProfile": _account(computerName="under_score")}, "InvalidParameter", "computerName"),
        ({"networkProfile": {}}, "InvalidParameter", "networkProfile.networkInterfaces"),
        ({"networkProfile": {"networkInterfaces": [{"id": "/none"}]}}, "InvalidResourceReference", None),
        ({"plan": _CIS_PLAN}, "VMMarketplaceInvalidInput", None),
        ({"storageProfile": _storage(**_CIS_IMAGE)}, "VMMarketplaceInvalidInput", None),
        (
            {"storageProfile": _storage(**_CIS_IMAGE), "plan": _CIS_PLAN | {"name": "other"}},
            "VMMarketplaceInvalidInput",
            None,
        ),
        (
            {"storageProfile": _storage(**_CIS_IMAGE), "plan": _CIS_PLAN},
            "MarketplacePurchaseEligibilityFailed",
            None,
        ),
        (
            {
                "storageProfile": _storage(
                    **WINDOWS_11 | {"offer": "windows-10", "sku": "win10-21h2-avd-g2"}, version="latest"
                )
            },
            "ImageVersionDeprecated",
            None,
        ),
        (
            {
                "storageProfile": _storage(
                    **WINDOWS_11 | {"offer": "windows-10", "sku": "win10-22h2-avd"}, version="latest"
                ),
                "securityProfile": {"securityType": "TrustedLaunch"},
            },
            "BadRequest",
            None,
        ),
        (
            {"hardwareProfile": {"vmSize": "Standard_NV4as_v4"}, "securityProfile": {"securityType": "TrustedLaunch"}},
            "BadRequest",
            None,
        ),
        (
            {"storageProfile": _storage(**_UBUNTU), "osProfile": _account(adminPassword=None)},
            "InvalidParameter",
            "linuxConfiguration",
        ),
        ({"securityProfile": {"securityType": "ConfidentialVM"}}, "NotSimulated", None),
    ],
)
def test_what_azure_refuses(azure: Azure, changes: dict[str, Any], code: str, target: str | None) -> None:
    """Each mistake has its code and target, and leaves nothing behind."""
    found = _refused(azure, **changes)
    assert found[0] == code
    assert target in ("*", found[1])


def test_a_size_that_is_restricted_here(azure: Azure) -> None:
    """SkuNotAvailable in the one region, fine in another."""
    size = {"vmSize": "Standard_NV6ads_A10_v5"}
    assert _refused(azure, location="northeurope", hardwareProfile=size)[0] == "SkuNotAvailable"


def test_quotas_hold(azure: Azure) -> None:
    """The machine that goes beyond is refused with the numbers; a raised quota heals it."""
    azure.settings(quotas={"standardDSv5Family": 1})
    code, _ = _refused(azure)
    assert code == "OperationNotAllowed"
    azure.settings(quotas={"eastus/standardDSv5Family": 2})
    azure.machine()


def test_accepted_terms_let_the_machine_be_made(azure: Azure) -> None:
    """With plan and terms the third-party image works."""
    agreements = azure.marketplace.marketplace_agreements
    terms = agreements.get("virtualmachine", *_CIS)
    terms.accepted = True
    agreements.create("virtualmachine", *_CIS, terms)
    machine = azure.machine(storageProfile=_storage(**_CIS_IMAGE), plan=_CIS_PLAN)
    assert machine.plan.name == _CIS[2]


def test_the_same_put_again_changes_nothing(azure: Azure) -> None:
    """An idempotent retry is a 200 that succeeds, and creates nothing twice."""
    first = azure.machine()
    before = set(azure.inventory())
    assert azure.machine().vm_id == first.vm_id
    assert set(azure.inventory()) == before


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({"osProfile": _account(computerName=MACHINE, adminPassword="Another-Horse-8-Battery")}, "adminPassword"),
        ({"osProfile": _account(computerName=MACHINE, adminUsername="someoneelse")}, "adminUsername"),
        ({"storageProfile": _storage(**WINDOWS_11 | {"sku": "win11-23h2-avd"}, version="latest")}, "sku"),
    ],
)
def test_what_cannot_be_changed(azure: Azure, changes: dict[str, Any], target: str) -> None:
    """409 PropertyChangeNotAllowed names the member."""
    azure.machine()
    body = machine_body(azure.subscription, **changes)
    with pytest.raises(HttpResponseError) as caught:
        azure.compute.virtual_machines.begin_create_or_update(GROUP, MACHINE, body)
    assert caught.value.error is not None
    assert (caught.value.status_code, caught.value.error.code) == (409, "PropertyChangeNotAllowed")
    assert caught.value.error.target == target


def test_if_none_match_protects_what_exists(azure: Azure) -> None:
    """412 instead of a silent update."""
    azure.machine()
    with pytest.raises(HttpResponseError) as caught:
        azure.compute.virtual_machines.begin_create_or_update(
            GROUP, MACHINE, machine_body(azure.subscription), match_condition=MatchConditions.IfMissing
        )
    assert caught.value.status_code == 412


def test_tags_are_patched(azure: Azure) -> None:
    """A PATCH replaces the tags and nothing else."""
    machine = azure.machine()
    changed = azure.compute.virtual_machines.begin_update(GROUP, MACHINE, {"tags": {"done": "yes"}}).result()
    assert (changed.tags, changed.vm_id) == ({"done": "yes"}, machine.vm_id)


def test_a_machine_is_resized(azure: Azure) -> None:
    """Another size that boots the generation is taken, one that does not is refused."""
    azure.machine()
    call = azure.compute.virtual_machines.begin_update
    changed = call(GROUP, MACHINE, {"properties": {"hardwareProfile": {"vmSize": "Standard_D4s_v5"}}}).result()
    assert changed.hardware_profile.vm_size == "Standard_D4s_v5"
    wrong = {"properties": {"hardwareProfile": {"vmSize": "Standard_A2_v2"}}}
    assert code_of(lambda: call(GROUP, MACHINE, wrong)) == "BadRequest"


def test_a_failed_creation_stays_and_is_not_healed_by_another_put(azure: Azure) -> None:
    """The machine says Failed; writing it again fails the same way; deleting it and starting over works."""
    azure.fault({"type": "fail", "code": "AllocationFailed"}, phase="final", method="PUT", path=MACHINE, count=1)
    assert code_of(azure.machine) == "AllocationFailed"
    assert azure.compute.virtual_machines.get(GROUP, MACHINE).provisioning_state == "Failed"
    assert code_of(azure.machine) == "AllocationFailed"
    azure.compute.virtual_machines.begin_delete(GROUP, MACHINE).result()
    assert azure.machine().provisioning_state == "Succeeded"


def test_the_interface_of_a_failed_machine_is_reserved_for_a_while(frozen: Azure) -> None:
    """NicReservedForAnotherVm for 180 seconds, then it can be deleted."""
    body = machine_body(frozen.subscription)
    nic = body["properties"]["networkProfile"]["networkInterfaceConfigurations"][0]["properties"]
    nic["deleteOption"] = "Detach"
    frozen.group()
    frozen.fault({"type": "fail", "code": "AllocationFailed"}, phase="final", method="PUT", path=MACHINE)
    machines = frozen.compute.virtual_machines
    machines.begin_create_or_update(GROUP, MACHINE, body, polling=False)
    while machines.get(GROUP, MACHINE).provisioning_state == "Creating":
        frozen.clock(step=5)
    call = frozen.network.network_interfaces.begin_delete
    assert code_of(lambda: call(GROUP, f"{MACHINE}-nic")) == "NicReservedForAnotherVm"
    frozen.clock(step=200)
    machines.begin_delete(GROUP, MACHINE, polling=False)
    frozen.clock(step=120)
    assert code_of(lambda: call(GROUP, f"{MACHINE}-nic")) == "NicReservedForAnotherVm"
    frozen.clock(step=180)
    call(GROUP, f"{MACHINE}-nic", polling=False)
    frozen.clock(step=60)
    assert [key for key in frozen.inventory() if key.endswith("-nic")] == []


def test_many_machines_at_once(azure: Azure) -> None:
    """Twenty callers at the same time each get a machine of their own, with an address of its own."""
    azure.group()
    names = [f"vm-{number}" for number in range(20)]
    with ThreadPoolExecutor(len(names)) as pool:
        machines = list(pool.map(azure.machine, names))
    assert {machine.provisioning_state for machine in machines} == {"Succeeded"}
    found = list(azure.network.network_interfaces.list(GROUP))
    assert len({nic.ip_configurations[0].private_ip_address for nic in found}) == len(names)


def test_a_linux_machine(azure: Azure) -> None:
    """A password or a key, longer names, its own operating system in the disk and the agent."""
    keys = {"ssh": {"publicKeys": [{"path": "/home/u/.ssh/authorized_keys", "keyData": "ssh-rsa AAAA"}]}}
    account = _account(computerName="a-name.longer-than-fifteen", adminPassword=None, linuxConfiguration=keys)
    machine = azure.ready_machine(storageProfile=_storage(**_UBUNTU), osProfile=account)
    assert machine.storage_profile.os_disk.os_type == "Linux"
    assert azure.compute.virtual_machines.instance_view(GROUP, MACHINE).os_name == "ubuntu"
