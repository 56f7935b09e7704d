"""The parts of the Azure provider that need no Azure: bodies, sizes, subnets."""

import json
from types import SimpleNamespace
from typing import Any, cast

import pytest

from shared.cloud.arm.compute import network, subnet
from shared.cloud.arm.compute.guest import agent_is_ready, check_command
from shared.cloud.arm.compute.machine_body import machine_body
from shared.cloud.arm.compute.sizes import gpu_of
from shared.cloud.arm.core.clients import Arm
from shared.errors.azure import PermanentError
from shared.states.enums import GpuType, OsType
from shared.workflow.gpu_drivers import GPU_DRIVERS
from shared.workflow.naming import staging
from shared.workflow.sources import PurchasePlan
from tests import builders

PASSWORD = "Canary-9f4e-Passw0rd"


@pytest.mark.parametrize(
    ("size", "maker"),
    [
        ("Standard_D4s_v5", GpuType.NONE),
        ("Standard_NC4as_T4_v3", GpuType.NVIDIA),
        ("Standard_NC40ads_H100_v5", GpuType.NVIDIA),
        ("Standard_NCC40ads_H100_v5", GpuType.NVIDIA),
        ("Standard_NV6ads_A10_v5", GpuType.NVIDIA),
        ("Standard_NV12s_v3", GpuType.NVIDIA),
        ("Standard_ND96isr_H100_v5", GpuType.NVIDIA),
        ("Standard_ND96isr_MI300X_v5", GpuType.AMD),
        ("Standard_NV4as_v4", GpuType.AMD),
        ("standard_ng8ads_v620_v1", GpuType.AMD),
        ("Standard_NP10s", GpuType.NONE),
    ],
)
def test_the_maker_of_a_sizes_gpu(size: str, maker: GpuType) -> None:
    assert gpu_of(size) is maker


def test_each_maker_has_a_driver_for_windows() -> None:
    assert {maker for maker, system in GPU_DRIVERS if system is OsType.WINDOWS} == set(GpuType) - {GpuType.NONE}


@pytest.mark.parametrize(
    ("power", "agent", "ready"),
    [
        ("PowerState/running", "ProvisioningState/succeeded", True),
        ("PowerState/stopped", "ProvisioningState/succeeded", False),
        ("PowerState/running", "ProvisioningState/Unavailable", False),
        ("PowerState/running", None, False),
    ],
)
def test_an_agent_is_ready_when_it_says_so_and_the_vm_runs(power: str, agent: str | None, ready: bool) -> None:
    view = SimpleNamespace(
        statuses=[SimpleNamespace(code="ProvisioningState/succeeded"), SimpleNamespace(code=power)],
        vm_agent=SimpleNamespace(statuses=[SimpleNamespace(code=agent)]) if agent else None,
    )
    machines = SimpleNamespace(instance_view=lambda *_, **__: view)
    arm = cast("Arm", SimpleNamespace(compute=SimpleNamespace(virtual_machines=machines)))
    assert agent_is_ready(arm, builders.import_job()) is ready


@pytest.mark.parametrize("after", range(560, 640, 8))
def test_no_part_of_a_signature_is_left_where_a_scripts_output_is_cut(after: int) -> None:
    said = f"could not load https://h.example/x?sv=1&sig=canary-canary-canary-canary {'x' * after}"
    view = SimpleNamespace(execution_state="Failed", exit_code=1, error=said, output="", start_time="then")
    found = SimpleNamespace(provisioning_state="Succeeded", instance_view=view)
    commands = SimpleNamespace(get_by_virtual_machine=lambda *_, **__: found)
    arm = cast("Arm", SimpleNamespace(compute=SimpleNamespace(virtual_machine_run_commands=commands)))
    with pytest.raises(PermanentError) as caught:
        check_command(arm, builders.import_job(), "remote-desktop-1")
    assert "nary" not in caught.value.message
    assert caught.value.message.endswith("xxx")


def test_the_vm_takes_its_nic_disk_and_address_with_it_when_it_goes() -> None:
    job = builders.import_job(create_public_ip=True)
    properties = machine_body(job, builders.facts(), PASSWORD)["properties"]
    nic = properties["networkProfile"]["networkInterfaceConfigurations"][0]["properties"]
    address = nic["ipConfigurations"][0]["properties"]["publicIPAddressConfiguration"]["properties"]
    disk = properties["storageProfile"]["osDisk"]
    assert {each["deleteOption"] for each in (nic, address, disk)} == {"Delete"}
    assert nic["networkSecurityGroup"]["id"] == staging(job).nsg_id


def test_the_vm_has_no_public_address_unless_it_is_asked_for() -> None:
    body = machine_body(builders.import_job(), builders.facts(), PASSWORD)
    assert "publicIP" not in json.dumps(body)


def test_the_password_is_in_one_place_only() -> None:
    body = machine_body(builders.import_job(), builders.facts(), PASSWORD)
    assert json.dumps(body).count(PASSWORD) == 1
    assert body["properties"]["osProfile"]["adminPassword"] == PASSWORD


def test_plan_security_and_licence_are_sent_only_where_they_belong() -> None:
    plain = machine_body(builders.import_job(), builders.facts(trusted_launch=False), PASSWORD)
    assert not {"plan", "securityProfile", "licenseType"} & {*plain, *plain["properties"]}
    plan = PurchasePlan(publisher="p", product="o", name="n")
    job = builders.import_job(license_type="Windows_Client")
    full = machine_body(job, builders.facts(plan=plan), PASSWORD)
    assert full["plan"] == {"publisher": "p", "product": "o", "name": "n"}
    assert full["properties"]["securityProfile"]["securityType"] == "TrustedLaunch"
    assert full["properties"]["licenseType"] == "Windows_Client"


def test_linux_is_configured_as_linux() -> None:
    profile = machine_body(builders.import_job(), builders.facts(os_family=OsType.LINUX), PASSWORD)["properties"]
    assert "linuxConfiguration" in profile["osProfile"]
    assert "windowsConfiguration" not in profile["osProfile"]


def test_names_keep_within_azures_limits() -> None:
    names = staging(builders.import_job())
    assert len(names.vm) <= 15
    assert not names.vm.isdigit()
    assert len(names.resource_group) <= 90


def test_the_network_is_closed_even_to_its_neighbours_unless_ranges_are_named() -> None:
    """Azure's own rules let in whatever is in the virtual network or peered with it."""
    (rule,) = network.security_group(builders.import_job())["properties"]["securityRules"]
    assert (rule["properties"]["access"], rule["properties"]["direction"]) == ("Deny", "Inbound")
    assert rule["properties"]["sourceAddressPrefix"] == rule["properties"]["destinationPortRange"] == "*"
    assert rule["properties"]["priority"] == 4096, "after whatever is allowed, before Azure's own"


def test_each_address_family_has_a_rule_of_its_own() -> None:
    """Azure takes prefixes of one family only in a rule."""
    provider = builders.provider_instance(rdp_source_address_ranges=("10.0.0.0/8", "2001:db8::/32"))
    rules = network.security_group(builders.import_job(provider=provider))["properties"]["securityRules"]
    allowed = [rule["properties"]["sourceAddressPrefixes"] for rule in rules[:-1]]
    assert allowed == [["10.0.0.0/8"], ["2001:db8::/32"]]
    assert len({rule["name"] for rule in rules}) == len({rule["properties"]["priority"] for rule in rules}) == 3


@pytest.mark.parametrize(("os_type", "port"), [(OsType.SERVER, "3389"), (OsType.LINUX, "22")])
def test_only_the_named_ranges_come_in_and_only_to_the_desktop(os_type: OsType, port: str) -> None:
    provider = builders.provider_instance(rdp_source_address_ranges=("10.0.0.0/8", "192.168.0.0/16"))
    job = builders.import_job(provider=provider, os_type=os_type)
    rule, _ = network.security_group(job)["properties"]["securityRules"]
    assert rule["properties"]["sourceAddressPrefixes"] == ["10.0.0.0/8", "192.168.0.0/16"]
    assert rule["properties"]["destinationPortRange"] == port
    assert "*" not in rule["properties"]["sourceAddressPrefixes"]


def vnet(**subnet_properties: Any) -> dict[str, Any]:
    properties = {"addressPrefix": "10.0.0.0/29", **subnet_properties}
    return {"location": "East US", "properties": {"subnets": [{"name": "Desktops", "properties": properties}]}}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (vnet(), []),
        (vnet(ipConfigurations=[{}] * 2), []),
        (vnet(ipConfigurations=[{}] * 3), ["SubnetFull"]),
        (vnet(addressPrefixes=["10.0.0.0/29", "fd00::/64"], ipConfigurations=[{}] * 3), ["SubnetFull"]),
        (vnet() | {"location": "westus2"}, ["SubnetRegionMismatch"]),
        ({"location": "eastus", "properties": {}}, ["SubnetNotFound"]),
        (None, ["SubnetNotFound"]),
    ],
)
def test_what_there_is_to_object_to_in_a_subnet(found: dict[str, Any] | None, expected: list[str]) -> None:
    findings = list(subnet.judge(builders.import_job(), found, "desktops"))
    assert [finding.code for finding in findings] == expected


def test_a_subnet_of_another_subscription_is_objected_to() -> None:
    elsewhere = builders.SUBNET.replace(builders.SUBSCRIPTION, builders.new_id())
    job = builders.import_job(subnet_id=elsewhere)
    assert [finding.code for finding in subnet.judge(job, vnet(), "desktops")] == ["SubnetSubscriptionMismatch"]
