"""The network provider's resources and rules."""

from typing import Any

from tests.local.arm.conftest import GROUP, LOCATION, MACHINE, Azure, code_of, machine_body, seeded_subnet

_RULE = {
    "protocol": "Tcp",
    "access": "Allow",
    "direction": "Inbound",
    "priority": 100,
    "sourceAddressPrefix": "10.0.0.0/8",
    "sourcePortRange": "*",
    "destinationAddressPrefix": "*",
    "destinationPortRange": "3389",
}


def _rule(name: str, **changes: Any) -> dict[str, Any]:
    return {"name": name, "properties": _RULE | changes}


def _interface(azure: Azure, **properties: Any) -> dict[str, Any]:
    configuration = {"name": "main", "properties": {"subnet": seeded_subnet(azure.subscription)} | properties}
    return {"location": LOCATION, "properties": {"ipConfigurations": [configuration]}}


def _address(azure: Azure, name: str = "ip") -> Any:
    body = {"location": LOCATION, "sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Static"}}
    return azure.network.public_ip_addresses.begin_create_or_update(GROUP, name, body).result()


def test_a_security_group_with_rules(azure: Azure) -> None:
    """Its own rules, the six default ones, and rules that come and go by themselves."""
    azure.group()
    groups, rules = azure.network.network_security_groups, azure.network.security_rules
    body = {"location": LOCATION, "properties": {"securityRules": [_rule("AllowRdp")]}}
    made = groups.begin_create_or_update(GROUP, "nsg", body).result()
    assert [rule.name for rule in made.security_rules] == ["AllowRdp"]
    assert len(made.default_security_rules) == 6
    added = rules.begin_create_or_update(GROUP, "nsg", "AllowSsh", {"properties": _RULE | {"priority": 110}}).result()
    assert added.provisioning_state == "Succeeded"
    assert {rule.name for rule in rules.list(GROUP, "nsg")} == {"AllowRdp", "AllowSsh"}
    rules.begin_delete(GROUP, "nsg", "AllowRdp").result()
    assert [rule.name for rule in groups.get(GROUP, "nsg").security_rules] == ["AllowSsh"]


def test_rules_must_fit_together(azure: Azure) -> None:
    """Same priority in one direction, and a priority out of range, are refused."""
    azure.group()

    def put(*rules: dict[str, Any]) -> Any:
        body = {"location": LOCATION, "properties": {"securityRules": list(rules)}}
        return azure.network.network_security_groups.begin_create_or_update(GROUP, "nsg", body)

    assert code_of(lambda: put(_rule("a"), _rule("b"))) == "SecurityRuleConflict"
    assert code_of(lambda: put(_rule("a", priority=99))) == "SecurityRuleInvalidPriority"


def test_a_network_checks_its_subnets(azure: Azure) -> None:
    """Outside the address space, and overlapping, are refused."""
    azure.group()

    def put(*prefixes: str) -> Any:
        subnets = [{"name": f"s{i}", "properties": {"addressPrefix": prefix}} for i, prefix in enumerate(prefixes)]
        inner = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}, "subnets": subnets}
        call = azure.network.virtual_networks.begin_create_or_update
        return call(GROUP, "vnet", {"location": LOCATION, "properties": inner}).result()

    assert code_of(lambda: put("192.168.0.0/24")) == "NetcfgInvalidSubnet"
    assert code_of(lambda: put("10.0.0.0/24", "10.0.0.128/25")) == "NetcfgSubnetRangesOverlap"
    assert [subnet.name for subnet in put("10.0.0.0/24", "10.0.1.0/24").subnets] == ["s0", "s1"]


def test_an_interface_gets_addresses(azure: Azure) -> None:
    """A private one from its subnet, each another; the public one shows who holds it."""
    azure.group()
    public = _address(azure)
    interfaces = azure.network.network_interfaces
    first = interfaces.begin_create_or_update(
        GROUP, "n1", _interface(azure, publicIPAddress={"id": public.id})
    ).result()
    second = interfaces.begin_create_or_update(GROUP, "n2", _interface(azure)).result()
    addresses = [nic.ip_configurations[0].private_ip_address for nic in (first, second)]
    assert addresses == ["10.10.0.4", "10.10.0.5"]
    held = azure.network.public_ip_addresses.get(GROUP, "ip")
    assert held.ip_address.startswith("20.")
    assert held.ip_configuration.id == first.ip_configurations[0].id


def test_an_interface_is_written_again_with_the_same_address(azure: Azure) -> None:
    """PUT is idempotent: 200, the same address, the same identity."""
    azure.group()
    call = azure.network.network_interfaces.begin_create_or_update
    first, second = (call(GROUP, "n", _interface(azure)).result() for _ in range(2))
    assert first.ip_configurations[0].private_ip_address == second.ip_configurations[0].private_ip_address
    assert first.resource_guid == second.resource_guid


def test_references_must_exist(azure: Azure) -> None:
    """A subnet, an address or a security group that is not there is an InvalidResourceReference."""
    azure.group()
    call = azure.network.network_interfaces.begin_create_or_update
    gone = {"id": seeded_subnet(azure.subscription)["id"] + "-gone"}
    assert code_of(lambda: call(GROUP, "n", _interface(azure, subnet=gone))) == "InvalidResourceReference"
    missing = {"id": f"/subscriptions/{azure.subscription}/resourceGroups/{GROUP}/providers/x/y/z"}
    assert code_of(lambda: call(GROUP, "n", _interface(azure, publicIPAddress=missing))) == "InvalidResourceReference"


def test_a_reference_that_is_not_ready_is_retriable(frozen: Azure) -> None:
    """429 RetryableError with ReferencedResourceNotProvisioned inside."""
    frozen.group()
    body = {"location": LOCATION, "properties": {"publicIPAllocationMethod": "Static"}}
    frozen.network.public_ip_addresses.begin_create_or_update(GROUP, "ip", body, polling=False)
    public = {"id": frozen.network.public_ip_addresses.get(GROUP, "ip").id}
    call = frozen.network.network_interfaces.begin_create_or_update
    assert code_of(lambda: call(GROUP, "n", _interface(frozen, publicIPAddress=public))) == "RetryableError"


def test_what_is_in_use_cannot_be_deleted(azure: Azure) -> None:
    """Interface, address, subnet, network and security group each have their own refusal."""
    group = azure.network.network_security_groups
    azure.group()
    guard = {"id": group.begin_create_or_update(GROUP, "nsg", {"location": LOCATION}).result().id}
    body = machine_body(azure.subscription)
    nic = body["properties"]["networkProfile"]["networkInterfaceConfigurations"][0]
    nic["properties"]["networkSecurityGroup"] = guard
    azure.compute.virtual_machines.begin_create_or_update(GROUP, MACHINE, body).result()
    network = azure.network
    refusals = {
        code_of(lambda: network.network_interfaces.begin_delete(GROUP, f"{MACHINE}-nic")),
        code_of(lambda: network.public_ip_addresses.begin_delete(GROUP, f"{MACHINE}-ip")),
        code_of(lambda: network.subnets.begin_delete("rg-desktops", "vnet-desktops", "desktops")),
        code_of(lambda: network.virtual_networks.begin_delete("rg-desktops", "vnet-desktops")),
        code_of(lambda: group.begin_delete(GROUP, "nsg")),
    }
    assert refusals == {
        "NicInUse",
        "PublicIPAddressCannotBeDeleted",
        "InUseSubnetCannotBeDeleted",
        "InUseNetworkSecurityGroupCannotBeDeleted",
    }
    assert group.get(GROUP, "nsg").network_interfaces[0].id.endswith(f"{MACHINE}-nic")


def test_one_address_for_two_interfaces_is_refused(azure: Azure) -> None:
    """PublicIPReferencedByMultipleIPConfigs."""
    azure.group()
    body = _interface(azure, publicIPAddress={"id": _address(azure).id})
    call = azure.network.network_interfaces.begin_create_or_update
    call(GROUP, "n1", body).result()
    assert code_of(lambda: call(GROUP, "n2", body)) == "PublicIPReferencedByMultipleIPConfigs"


def test_public_addresses_are_counted(azure: Azure) -> None:
    """Usage follows what exists, and the limit holds, as the settings say."""
    azure.group()
    azure.settings(quotas={"PublicIPAddresses": 1})
    _address(azure)
    usage = {each.name.value: each for each in azure.network.usages.list(LOCATION)}["PublicIPAddresses"]
    assert (usage.current_value, usage.limit) == (1, 1)
    assert code_of(lambda: _address(azure, "ip-2")) == "PublicIPCountLimitReached"
