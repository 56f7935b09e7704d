"""The simulator's answers against Microsoft's own specifications, where they are beside the checkout."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from tests.local.arm.conftest import GROUP, LOCATION, MACHINE, Azure

_BASE = "https://specification/"
_COMPUTE = "compute/resource-manager/Microsoft.Compute"
_MACHINES = f"{_COMPUTE}/ComputeRP/stable/2024-07-01/virtualMachine.json"
_COMMON = f"{_COMPUTE}/ComputeRP/stable/2024-07-01/computeRPCommon.json"
_IMAGES = f"{_COMPUTE}/ComputeRP/stable/2024-07-01/virtualMachineImage.json"
_RUN_COMMANDS = f"{_COMPUTE}/ComputeRP/stable/2024-07-01/runCommand.json"
_DISKS = f"{_COMPUTE}/DiskRP/stable/2024-03-02/disk.json"
_SKUS = f"{_COMPUTE}/Skus/stable/2021-07-01/skus.json"
_NETWORK = "network/resource-manager/Microsoft.Network/stable/2024-01-01"
_RESOURCES = "resources/resource-manager/Microsoft.Resources/stable/2024-07-01/resources.json"
_TERMS = "marketplaceordering/resource-manager/Microsoft.MarketplaceOrdering/stable/2021-01-01/Agreements.json"
_PERMISSIONS = (
    "authorization/resource-manager/Microsoft.Authorization/stable/2022-04-01/authorization-RoleDefinitionsCalls.json"
)
_V_COMPUTE, _V_NETWORK, _V_RESOURCES = "2026-04-01", "2026-03-01", "2025-04-01"
_IMAGE = "MicrosoftWindowsDesktop/artifacttypes/vmimage/offers/windows-11/skus/win11-24h2-avd/versions"
_PLAN = (
    "center-for-internet-security-inc/offers/cis-windows-server/plans/cis-windows-server2022-l1-gen2/agreements/current"
)

# What is asked, below the subscription or the test's group; its api-version; the file and the definition of the answer.
_SUBSCRIPTION_ANSWERS = [
    (
        f"providers/Microsoft.Compute/locations/eastus/publishers/{_IMAGE}/latest",
        _V_COMPUTE,
        _IMAGES,
        "VirtualMachineImage",
    ),
    ("providers/Microsoft.Compute/locations/eastus/usages", _V_COMPUTE, _COMMON, "ListUsagesResult"),
    ("providers/Microsoft.Compute/skus", "2021-07-01", _SKUS, "ResourceSkusResult"),
    ("providers/Microsoft.Compute", _V_RESOURCES, _RESOURCES, "Provider"),
    ("resourcegroups/rg-test", _V_RESOURCES, _RESOURCES, "ResourceGroup"),
    ("resourcegroups", _V_RESOURCES, _RESOURCES, "ResourceGroupListResult"),
    ("resources", _V_RESOURCES, _RESOURCES, "ResourceListResult"),
    (
        f"providers/Microsoft.MarketplaceOrdering/offerTypes/virtualmachine/publishers/{_PLAN}",
        "2021-01-01",
        _TERMS,
        "AgreementTerms",
    ),
    ("providers/Microsoft.Compute/locations/eastus/runCommands", _V_COMPUTE, _RUN_COMMANDS, "RunCommandListResult"),
]
_GROUP_ANSWERS = [
    (f"Microsoft.Compute/virtualMachines/{MACHINE}", _V_COMPUTE, _MACHINES, "VirtualMachine"),
    (f"Microsoft.Compute/virtualMachines/{MACHINE}?$expand=instanceView", _V_COMPUTE, _MACHINES, "VirtualMachine"),
    (f"Microsoft.Compute/virtualMachines/{MACHINE}/instanceView", _V_COMPUTE, _MACHINES, "VirtualMachineInstanceView"),
    ("Microsoft.Compute/virtualMachines", _V_COMPUTE, _MACHINES, "VirtualMachineListResult"),
    (f"Microsoft.Compute/virtualMachines/{MACHINE}/extensions/ext", _V_COMPUTE, _MACHINES, "VirtualMachineExtension"),
    (
        f"Microsoft.Compute/virtualMachines/{MACHINE}/runCommands/step?$expand=instanceView",
        _V_COMPUTE,
        _RUN_COMMANDS,
        "VirtualMachineRunCommand",
    ),
    (f"Microsoft.Compute/disks/{MACHINE}-os", "2026-03-02", _DISKS, "Disk"),
    (
        f"Microsoft.Network/networkInterfaces/{MACHINE}-nic",
        _V_NETWORK,
        f"{_NETWORK}/networkInterface.json",
        "NetworkInterface",
    ),
    (
        f"Microsoft.Network/publicIPAddresses/{MACHINE}-ip",
        _V_NETWORK,
        f"{_NETWORK}/publicIpAddress.json",
        "PublicIPAddress",
    ),
    (
        "Microsoft.Network/networkSecurityGroups/nsg",
        _V_NETWORK,
        f"{_NETWORK}/networkSecurityGroup.json",
        "NetworkSecurityGroup",
    ),
    ("Microsoft.Network/virtualNetworks/vnet", _V_NETWORK, f"{_NETWORK}/virtualNetwork.json", "VirtualNetwork"),
    ("Microsoft.Authorization/permissions", "2022-04-01", _PERMISSIONS, "PermissionGetResult"),
]

Check = Callable[[str, str, Any], list[str]]


def _open_enums(schema: dict[str, Any]) -> dict[str, Any]:
    """An enum that is modelled as a string may have other values: the sizes in the file end in 2018."""
    if schema.get("x-ms-enum", {}).get("modelAsString"):
        schema.pop("enum", None)
    return schema


@pytest.fixture(scope="module", name="check")
def _check(specifications: Path) -> Check:
    """Validate a document against a definition of a specification file; returns what is wrong."""

    def retrieve(uri: str) -> Any:
        path = specifications / uri.removeprefix(_BASE)
        document = json.loads(path.read_text("utf-8"), object_hook=_open_enums)
        return Resource.from_contents(document, default_specification=DRAFT4)

    registry: Any = Registry(retrieve=retrieve)  # type: ignore[call-arg]

    def check(file: str, definition: str, document: Any) -> list[str]:
        schema = {"$ref": f"{_BASE}{file}#/definitions/{definition}"}
        validator = Draft4Validator(schema, registry=registry, format_checker=FormatChecker())
        return [f"{'/'.join(map(str, error.path))}: {error.message}" for error in validator.iter_errors(document)]

    return check


@pytest.fixture(scope="module", name="filled")
def _filled() -> dict[str, str]:
    """The subscription that all answers are taken from, filled once."""
    return {}


def _fill(azure: Azure, filled: dict[str, str]) -> None:
    if "subscription" in filled:
        azure.subscription = filled["subscription"]
        return
    azure.ready_machine()
    inner = {"publisher": "Microsoft.Compute", "type": "CustomScriptExtension", "typeHandlerVersion": "1.10"}
    extensions = azure.compute.virtual_machine_extensions
    extensions.begin_create_or_update(GROUP, MACHINE, "ext", {"location": LOCATION, "properties": inner}).result()
    commands = azure.compute.virtual_machine_run_commands
    script = {"location": LOCATION, "properties": {"source": {"script": "dir"}}}
    commands.begin_create_or_update(GROUP, MACHINE, "step", script).result()
    azure.network.network_security_groups.begin_create_or_update(GROUP, "nsg", {"location": LOCATION}).result()
    space = {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}
    subnets = [{"name": "s", "properties": {"addressPrefix": "10.0.0.0/24"}}]
    network = {"location": LOCATION, "properties": space | {"subnets": subnets}}
    azure.network.virtual_networks.begin_create_or_update(GROUP, "vnet", network).result()
    filled["subscription"] = azure.subscription


def _assert_valid(azure: Azure, check: Check, path: str, version: str, file: str, definition: str) -> None:
    answer = azure.raw("GET", path, params={"api-version": version})
    assert answer.status_code == 200, answer.text
    assert check(file, definition, answer.json()) == []


@pytest.mark.parametrize(("path", "version", "file", "definition"), _SUBSCRIPTION_ANSWERS)
def test_answers_of_a_subscription(
    azure: Azure, filled: dict[str, str], check: Check, path: str, version: str, file: str, definition: str
) -> None:
    """Each is what the specification says."""
    _fill(azure, filled)
    _assert_valid(azure, check, f"/subscriptions/{azure.subscription}/{path}", version, file, definition)


@pytest.mark.parametrize(("path", "version", "file", "definition"), _GROUP_ANSWERS)
def test_answers_of_a_group(
    azure: Azure, filled: dict[str, str], check: Check, path: str, version: str, file: str, definition: str
) -> None:
    """Each is what the specification says."""
    _fill(azure, filled)
    scope = f"/subscriptions/{azure.subscription}/resourceGroups/{GROUP}/providers"
    _assert_valid(azure, check, f"{scope}/{path}", version, file, definition)


def test_the_check_can_fail(check: Check) -> None:
    """A document that is wrong is found to be wrong."""
    assert check(_MACHINES, "VirtualMachine", {"location": 7, "properties": {"hardwareProfile": []}}) != []
    assert check(_COMMON, "ListUsagesResult", {"value": [{"unit": "Count"}]}) != []


def test_listings_of_images_are_arrays(azure: Azure, check: Check) -> None:
    """Each element has what VirtualMachineImageResource demands."""
    path = f"/subscriptions/{azure.subscription}/providers/Microsoft.Compute/locations/eastus/publishers"
    listed = azure.raw("GET", path, params={"api-version": _V_COMPUTE}).json()
    assert listed
    assert [check(_IMAGES, "VirtualMachineImageResource", each) for each in listed] == [[]] * len(listed)
