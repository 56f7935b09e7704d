"""Bodies that no SDK would send: refused with 400, never a fault of the simulator."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.local.arm.conftest import GROUP, LOCATION, MACHINE, Azure, machine_body, seeded_subnet

Json = dict[str, Any]
_COMPUTE, _NETWORK = "Microsoft.Compute", "Microsoft.Network"
_SUBSCRIPTION = "00000000-0000-0000-0000-00000000f0f0"
_DISK_VERSION = "2026-03-02"
_VERSIONS = {_COMPUTE: "2026-04-01", _NETWORK: "2026-03-01"}
_RULE = {"protocol": "*", "access": "Allow", "direction": "Inbound", "priority": 200, "sourcePortRange": "*"}
_BODIES: dict[str, Json] = {
    f"{_COMPUTE}/virtualMachines/other": machine_body(_SUBSCRIPTION, "other")
    | {"plan": {"name": "n", "publisher": "p", "product": "o"}},
    f"{_COMPUTE}/virtualMachines/{MACHINE}": machine_body(_SUBSCRIPTION),
    f"{_COMPUTE}/virtualMachines/{MACHINE}/extensions/x": {
        "location": LOCATION,
        "properties": {
            "publisher": "Microsoft.Compute",
            "type": "CustomScriptExtension",
            "typeHandlerVersion": "1.10",
            "settings": {"a": 1},
        },
    },
    f"{_COMPUTE}/virtualMachines/{MACHINE}/runCommands/r": {
        "location": LOCATION,
        "properties": {
            "source": {"script": "dir"},
            "timeoutInSeconds": 60,
            "parameters": [{"name": "a", "value": "b"}],
        },
    },
    f"{_COMPUTE}/disks/d": {
        "location": LOCATION,
        "sku": {"name": "Premium_LRS"},
        "properties": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 8},
    },
    f"{_COMPUTE}/snapshots/s": {
        "location": LOCATION,
        "properties": {"creationData": {"createOption": "Copy", "sourceResourceId": "/a/b"}, "incremental": True},
    },
    f"{_NETWORK}/networkSecurityGroups/n": {
        "location": LOCATION,
        "properties": {"securityRules": [{"name": "r", "properties": _RULE}]},
    },
    f"{_NETWORK}/networkSecurityGroups/kept/securityRules/r": {"properties": _RULE},
    f"{_NETWORK}/virtualNetworks/v": {
        "location": LOCATION,
        "properties": {
            "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
            "subnets": [{"name": "s", "properties": {"addressPrefix": "10.0.0.0/24"}}],
        },
    },
    f"{_NETWORK}/publicIPAddresses/p": {"location": LOCATION, "properties": {"publicIPAllocationMethod": "Static"}},
    f"{_NETWORK}/networkInterfaces/i": {
        "location": LOCATION,
        "properties": {"ipConfigurations": [{"name": "c", "properties": {"subnet": seeded_subnet(_SUBSCRIPTION)}}]},
    },
}
_VALUES: list[Any] = [None, True, 7, -1, 1.5, "", "x", "/", [], ["x"], [None], [[]], {}, {"id": 3}, {"x": {}}]
_WRONG: st.SearchStrategy[Any] = st.sampled_from(_VALUES)


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every member of a document, by the way to it."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in members:
        yield (*path, name)
        yield from _places(inner, (*path, name))


def _changed(body: Json, place: tuple[Any, ...], value: Any) -> Json:
    changed = copy.deepcopy(body)
    inner: Any = changed
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    return changed


@pytest.fixture(name="filled")
def _filled(azure: Azure) -> Azure:
    """The subscription that the bodies are for, with what they refer to."""
    azure.subscription = _SUBSCRIPTION
    azure.admin.delete(f"/_sim/subscriptions/{_SUBSCRIPTION}")
    azure.machine()
    azure.network.network_security_groups.begin_create_or_update(GROUP, "kept", {"location": LOCATION}).result()
    return azure


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("resource", list(_BODIES))
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_body_breaks_the_simulator(filled: Azure, resource: str, method: str, data: st.DataObject) -> None:
    """Whatever stands in place of any member: an answer below 500, or the word that it is not simulated."""
    place = data.draw(st.sampled_from(sorted(_places(_BODIES[resource]), key=str)))
    body = _changed(_BODIES[resource], place, data.draw(_WRONG))
    disk = "/disks/" in resource or "/snapshots/" in resource
    version = _DISK_VERSION if disk else _VERSIONS[resource.split("/")[0]]
    path = f"/subscriptions/{_SUBSCRIPTION}/resourceGroups/{GROUP}/providers/{resource}"
    answer = filled.raw(method, path, params={"api-version": version}, json=body)
    assert answer.status_code < 500 or answer.json()["error"]["code"] == "NotSimulated", answer.text


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"location": LOCATION, "properties": {"storageProfile": "x"}}, "properties.storageProfile"),
        ({"location": LOCATION, "properties": {"hardwareProfile": {"vmSize": 7}}}, "properties.hardwareProfile.vmSize"),
        (
            {"location": LOCATION, "properties": {"networkProfile": {"networkInterfaces": [1]}}},
            "properties.networkProfile.networkInterfaces[0]",
        ),
    ],
)
def test_a_misshapen_body_is_told_where(azure: Azure, body: Json, place: str) -> None:
    """400 InvalidRequestContent with the path of the member."""
    azure.group()
    path = f"/subscriptions/{azure.subscription}/resourceGroups/{GROUP}/providers/{_COMPUTE}/virtualMachines/vm"
    answer = azure.raw("PUT", path, params={"api-version": "2026-04-01"}, json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidRequestContent")
    assert f"Path '{place}'" in answer.json()["error"]["message"]
