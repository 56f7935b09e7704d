"""Resource groups, listings by tag, and resources by id."""

import uuid

from tests.local.arm.conftest import GROUP, LOCATION, MACHINE, Azure, code_of, seeded_subnet


def _group_of_rule(azure: Azure, name: str = "nsg", tags: dict[str, str] | None = None) -> None:
    body = {"location": LOCATION, "tags": tags or {}}
    azure.network.network_security_groups.begin_create_or_update(GROUP, name, body).result()


def test_a_group_lives(azure: Azure) -> None:
    """Created, read, tagged, listed, asked for, deleted."""
    groups = azure.resources.resource_groups
    assert not groups.check_existence(GROUP)
    azure.group()
    assert groups.check_existence(GROUP)
    assert groups.get(GROUP).properties.provisioning_state == "Succeeded"
    assert groups.update(GROUP, {"tags": {"b": "2"}}).tags == {"b": "2"}
    assert [group.name for group in groups.list(filter="tagName eq 'b' and tagValue eq '2'")] == [GROUP]
    groups.begin_delete(GROUP).result()
    assert code_of(lambda: groups.get(GROUP)) == "ResourceGroupNotFound"


def test_a_group_cannot_move(azure: Azure) -> None:
    """Another location is a conflict."""
    azure.group()
    call = azure.resources.resource_groups.create_or_update
    assert code_of(lambda: call(GROUP, {"location": "westus2"})) == "InvalidResourceLocation"
    assert code_of(lambda: call("rg.", {"location": LOCATION})) == "InvalidResourceGroup"


def test_resources_are_found_by_tag_and_type(azure: Azure) -> None:
    """The filters of the sweeper: tag name, tag value, type; what has no location, as a subnet, is not listed."""
    azure.group()
    _group_of_rule(azure, "one", {"assetId": "x"})
    _group_of_rule(azure, "two", {"assetId": "y"})
    listing = azure.resources.resources.list
    assert [each.name for each in listing(filter="tagName eq 'assetId' and tagValue eq 'x'")] == ["one"]
    assert {each.name for each in listing(filter="tagName eq 'assetId'")} == {"one", "two"}
    kind = "resourceType eq 'Microsoft.Network/virtualNetworks'"
    assert [each.name for each in listing(filter=kind)] == ["vnet-desktops"]
    assert code_of(lambda: list(listing(filter="colour eq 'red'"))) == "InvalidFilterInQueryString"


def test_what_is_found_by_tags_comes_without_them(azure: Azure) -> None:
    """As Azure's documentation says; of groups, and of what is found otherwise, they are there."""
    azure.group()
    azure.resources.resource_groups.update(GROUP, {"tags": {"assetId": "x"}})
    _group_of_rule(azure, "one", {"assetId": "x"})
    [found] = azure.resources.resources.list(filter="tagName eq 'assetId' and tagValue eq 'x'")
    assert found.tags is None
    [by_type] = azure.resources.resources.list(filter="resourceType eq 'Microsoft.Network/networkSecurityGroups'")
    assert by_type.tags == {"assetId": "x"}
    [group] = azure.resources.resource_groups.list(filter="tagName eq 'assetId' and tagValue eq 'x'")
    assert group.tags == {"assetId": "x"}


def test_what_is_nested_and_has_a_location_is_listed_with_its_parents_name(azure: Azure) -> None:
    """Image definitions are resources of their own to a listing; subnets are not."""
    body = {
        "location": LOCATION,
        "tags": {"imageId": "i"},
        "properties": {
            "osType": "Windows",
            "osState": "Generalized",
            "hyperVGeneration": "V2",
            "identifier": {"publisher": "p", "offer": "o", "sku": "s"},
        },
    }
    names = ("rg-desktops", "galDesktops", "image")
    azure.compute.gallery_images.begin_create_or_update(*names, body).result()
    listing = azure.resources.resources.list
    [found] = listing(filter="resourceType eq 'Microsoft.Compute/galleries/images'")
    assert (found.name, found.tags) == ("galDesktops/image", {"imageId": "i"})
    assert not list(listing(filter="resourceType eq 'Microsoft.Network/virtualNetworks/subnets'"))


def test_a_listing_has_pages(azure: Azure) -> None:
    """The SDK follows the next links."""
    azure.group()
    for name in ("a", "b", "c"):
        _group_of_rule(azure, name)
    found = azure.resources.resources.list_by_resource_group(GROUP, top=2)
    pages = [len(list(page)) for page in found.by_page()]
    assert pages == [2, 1]


def test_a_resource_is_written_and_read_by_id(azure: Azure) -> None:
    """The generic calls reach the same resources, with the versions of their providers."""
    azure.group()
    scope = f"/subscriptions/{azure.subscription}/resourceGroups/{GROUP}/providers/Microsoft.Network"
    generic = azure.resources.resources
    for version in ("2024-01-01", "2026-03-01"):
        resource_id = f"{scope}/publicIPAddresses/ip-{version}"
        body = {"location": LOCATION, "properties": {"publicIPAllocationMethod": "Static"}, "sku": {"name": "Standard"}}
        generic.begin_create_or_update_by_id(resource_id, body, api_version=version).result()
        assert generic.get_by_id(resource_id, api_version=version).properties["ipAddress"].startswith("20.")
        assert generic.check_existence_by_id(resource_id, api_version=version)
        generic.begin_delete_by_id(resource_id, api_version=version).result()
        assert not generic.check_existence_by_id(resource_id, api_version=version)


def test_a_group_takes_everything_with_it(azure: Azure) -> None:
    """Machines, interfaces, addresses and disks go, what lies outside stays."""
    azure.machine()
    assert sum(MACHINE in key for key in azure.inventory()) == 4
    azure.resources.resource_groups.begin_delete(
        GROUP, force_deletion_types="Microsoft.Compute/virtualMachines"
    ).result()
    assert {key.rsplit("/", 1)[-1] for key in azure.inventory()} == {"rg-desktops", "vnet-desktops", "galdesktops"}


def test_a_group_on_its_way_out_takes_nothing_in(frozen: Azure) -> None:
    """Writes are refused, and what runs in it is preempted."""
    frozen.group()
    groups = frozen.resources.resource_groups
    groups.begin_delete(GROUP, polling=False)
    assert groups.get(GROUP).properties.provisioning_state == "Deleting"
    call = frozen.network.network_security_groups.begin_create_or_update
    assert code_of(lambda: call(GROUP, "n", {"location": LOCATION})) == "ResourceGroupBeingDeleted"
    assert code_of(lambda: groups.create_or_update(GROUP, {"location": LOCATION})) == "ResourceGroupBeingDeleted"


def test_a_group_with_something_in_use_elsewhere_stays(azure: Azure) -> None:
    """The network of a machine in another group keeps its group."""
    azure.machine()
    code = code_of(lambda: azure.resources.resource_groups.begin_delete("rg-desktops").result())
    assert code == "ResourceGroupDeletionBlocked"
    assert azure.resources.resource_groups.get("rg-desktops").properties.provisioning_state == "Succeeded"
    assert azure.network.virtual_networks.get("rg-desktops", "vnet-desktops").provisioning_state == "Succeeded"


def test_a_deleted_group_lets_go_of_what_lies_outside(azure: Azure) -> None:
    """An interface in another group is detached when the group of its machine goes."""
    azure.group("rg-other")
    configuration = {"name": "main", "properties": {"subnet": seeded_subnet(azure.subscription)}}
    interfaces = azure.network.network_interfaces
    body = {"location": LOCATION, "properties": {"ipConfigurations": [configuration]}}
    nic = interfaces.begin_create_or_update("rg-other", "nic", body).result()
    azure.machine(networkProfile={"networkInterfaces": [{"id": nic.id, "properties": {"primary": True}}]})
    azure.resources.resource_groups.begin_delete(GROUP).result()
    assert interfaces.get("rg-other", "nic").virtual_machine is None
    interfaces.begin_delete("rg-other", "nic").result()


def test_each_subscription_is_a_world_of_its_own(azure: Azure) -> None:
    """One seen for the first time has the seeds, and nothing of the others."""
    azure.group()
    other = Azure(azure.simulator, str(uuid.uuid4()))
    assert [group.name for group in other.resources.resource_groups.list()] == ["rg-desktops"]
    subnet = other.network.subnets.get("rg-desktops", "vnet-desktops", "desktops")
    assert subnet.address_prefix == "10.10.0.0/20"
    other.close()


def test_a_reset_brings_the_seeds_back(azure: Azure) -> None:
    """Everything else is gone, settings included."""
    azure.machine()
    azure.settings(quotas={"cores": 1})
    assert azure.admin.delete(f"/_sim/subscriptions/{azure.subscription}").status_code == 204
    assert {key.rsplit("/", 1)[-1] for key in azure.inventory()} == {"rg-desktops", "vnet-desktops", "galdesktops"}
    azure.machine()
