"""What an example request takes for granted, made before it is sent: parents, references, the resource itself."""

import re
from collections.abc import Iterator
from typing import Any

from tests.local.arm.conftest import GROUP, LOCATION, Azure, machine_body, seeded_subnet, until
from tests.local.arm.examples import SOLD, Example

Json = dict[str, Any]

_ID = re.compile(r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/.+", re.IGNORECASE)
_UNSETTLED = {"Creating", "Updating", "Deleting"}
_SUBNET = {"name": "subnet1", "properties": {"addressPrefix": "10.7.0.0/24"}}
_RULE = {"protocol": "*", "access": "Allow", "direction": "Inbound", "priority": 200, "sourcePortRange": "*"}
_OS_DISK = {"name": "myVMosdisk", "createOption": "FromImage"}
_BODIES: dict[str, Json] = {
    "virtualmachines/extensions": {
        "publisher": "Microsoft.Compute",
        "type": "CustomScriptExtension",
        "typeHandlerVersion": "1.10",
    },
    "virtualmachines/runcommands": {"source": {"script": "dir"}},
    "disks": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 64},
    "snapshots": {"creationData": {"createOption": "Empty"}, "diskSizeGB": 64},
    "galleries": {
        "sharingProfile": {
            "permissions": "Community",
            "communityGalleryInfo": {
                "publisherUri": "https://publisher.example",
                "publisherContact": "contact@publisher.example",
                "eula": "https://publisher.example/eula",
                "publicNamePrefix": "Prefix",
            },
        }
    },
    "galleries/images": {
        "osType": "Windows",
        "osState": "Generalized",
        "hyperVGeneration": "V2",
        "identifier": {"publisher": "myPublisherName", "offer": "myOfferName", "sku": "mySkuName"},
    },
    "networksecuritygroups": {},
    "networksecuritygroups/securityrules": _RULE | {"destinationPortRange": "22"},
    "publicipaddresses": {},
    "virtualnetworks": {"addressSpace": {"addressPrefixes": ["10.0.0.0/8"]}, "subnets": [_SUBNET]},
    "virtualnetworks/subnets": {"addressPrefix": "10.9.0.0/24"},
}
_VERSIONS = {"microsoft.network": "2026-03-01", "galleries": "2026-03-03", "disks": "2026-03-02"}
_VERSIONS["snapshots"] = _VERSIONS["disks"]


class Prerequisites:
    """Makes what is missing in one subscription."""

    def __init__(self, azure: Azure) -> None:
        self._azure = azure

    def make(self, example: Example, path: str, body: Any) -> None:
        """All that an example needs, in the state that it needs."""
        self._azure.group()
        self._accept_terms()
        for reference in _strings(body):
            if _ID.fullmatch(reference) and reference.lower() != path.lower():
                self._ensure(reference)
        self._make_along(example, path, body)
        parts = path.split("/")
        if parts[-1] == "generalize":
            self._azure.compute.virtual_machines.begin_deallocate(GROUP, parts[-2]).result()
        if parts[-1] == "runCommands":
            until(lambda: self._azure.agent(parts[-2]) == "Ready")

    def _make_along(self, example: Example, path: str, body: Any) -> None:
        """The resources along a path; the last one only if the request does not make it."""
        if not _ID.fullmatch(path):
            return
        parts = path.strip("/").split("/")
        for end in range(8, len(parts) + 1, 2):
            own = end == len(parts)
            if own and example.operation.method == "PATCH" and _kind(parts) in ("virtualmachines", "galleries/images"):
                self._put("/" + "/".join(parts), {"location": LOCATION} | _without_detaching(body))
            elif not own or example.operation.method != "PUT":
                self._ensure("/" + "/".join(parts[:end]))

    def _ensure(self, resource_id: str) -> None:
        parts = resource_id.strip("/").split("/")
        if resource_id.lower() in self._azure.inventory():
            return
        for end in range(8, len(parts), 2):
            self._ensure("/" + "/".join(parts[:end]))
        inner = self._inner(_kind(parts), parts)
        if inner is not None:
            self._put(resource_id, {"location": LOCATION, "properties": inner})

    def _put(self, resource_id: str, body: Json) -> None:
        parts = resource_id.strip("/").lower().split("/")
        version = _VERSIONS.get(parts[6], _VERSIONS.get(parts[5], "2026-04-01"))
        answer = self._azure.raw("PUT", resource_id, params={"api-version": version}, json=body)
        assert answer.status_code < 300, answer.text
        until(lambda: not any(each["provisioningState"] in _UNSETTLED for each in self._azure.inventory().values()))

    def _inner(self, kind: str, parts: list[str]) -> Json | None:
        subscription = self._azure.subscription
        if kind == "virtualmachines":
            body: Json = machine_body(subscription, "myvm")["properties"]
            body["storageProfile"]["osDisk"] = _OS_DISK
            return body
        if kind == "networkinterfaces":
            return {"ipConfigurations": [{"name": "main", "properties": {"subnet": seeded_subnet(subscription)}}]}
        if kind == "galleries/images/versions":
            regions = [{"name": LOCATION, "regionalReplicaCount": 1}]
            profile = {"source": {"virtualMachineId": self._generalized()}}
            return {"publishingProfile": {"targetRegions": regions}, "storageProfile": profile}
        return _BODIES.get(kind)

    def _generalized(self) -> str:
        machines = self._azure.compute.virtual_machines
        machine_id = f"/subscriptions/{self._azure.subscription}/resourceGroups/{GROUP}/providers"
        machine_id += "/Microsoft.Compute/virtualMachines/source"
        self._ensure(machine_id)
        machines.begin_deallocate(GROUP, "source").result()
        machines.generalize(GROUP, "source")
        return machine_id

    def _accept_terms(self) -> None:
        plan = {"publisher": SOLD["publisher"], "offer": SOLD["offer"], "plan": SOLD["sku"], "accepted": True}
        self._azure.admin.put(f"/_sim/subscriptions/{self._azure.subscription}/terms", json=plan)


def _kind(parts: list[str]) -> str:
    return "/".join(parts[6::2]).lower()


def _without_detaching(body: Any) -> Any:
    """A machine's body before the disks that the example detaches are gone."""
    if isinstance(body, dict):
        kept = {name: _without_detaching(value) for name, value in body.items()}
        return {name: value for name, value in kept.items() if name not in ("toBeDetached", "detachOption")}
    return [_without_detaching(each) for each in body] if isinstance(body, list) else body


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)
    elif isinstance(value, str):
        yield value
