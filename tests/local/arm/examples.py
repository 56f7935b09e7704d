"""Microsoft's example requests, made to fit a simulator's subscription.

What is exchanged is what cannot be the same: subscription and group, the region, passwords, and images and sizes that
the simulator's catalogue does not have. All else is sent as it stands in the file.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from local.arm import providers
from local.arm.calls import Call
from local.arm.errors import ArmError
from local.arm.routing import Route
from tests.local.arm.conftest import GROUP, LOCATION, PASSWORD, WINDOWS_11
from tests.local.arm.specifications import FOLDER, Operation, Specifications

Json = dict[str, Any]

_UBUNTU = {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server", "version": "latest"}
SOLD = {
    "publisher": "center-for-internet-security-inc",
    "offer": "cis-windows-server",
    "sku": "cis-windows-server2022-l1-gen2",
    "version": "latest",
}
_PLAN = {"publisher": SOLD["publisher"], "product": SOLD["offer"], "name": SOLD["sku"]}
_SIZE = "Standard_D2s_v5"
# "West US" is where the examples live, and is not in the catalogue.
_REGIONS = {"West US": "East US", "East US": "West US 2"}
_EXCHANGED = {"location": LOCATION, "vmSize": _SIZE, "adminPassword": PASSWORD, "adminUsername": "desktopadmin"}
_EXCHANGED |= {"computerName": "myvm"}
_NO_BRACES = str.maketrans("", "", "{}")
_GROUP_SCOPE = re.compile(r"/?subscriptions/[^/]+/resourceGroups/[^/]+", re.IGNORECASE)
_SUBSCRIPTION_SCOPE = re.compile(r"/?subscriptions/[^/]+", re.IGNORECASE)


@dataclass(frozen=True)
class Example:
    """One example request of an operation that the simulator serves."""

    operation: Operation
    route: Route
    name: str
    document: Json
    parameters: list[Json]

    def request(self, subscription: str) -> tuple[str, dict[str, str], Any]:
        """Path, query and body, fit for a subscription."""
        sent = _Adapted(subscription, self.document["parameters"])
        path, query, body = self.operation.template, {"api-version": max(self.route.versions)}, None
        for parameter in self.parameters:
            name = parameter.get("name", "")
            if name not in sent.values:
                continue
            if parameter["in"] == "query" and name != "api-version":
                query[name] = str(sent.values[name])
            if parameter["in"] == "body":
                body = sent.values[name]
        for name, value in sent.values.items():
            path = path.replace("{" + name + "}", str(value).strip("/"))
        return re.sub(r"/+", "/", path), query, body


class _Adapted:
    """An example's parameters, with what has to be exchanged."""

    def __init__(self, subscription: str, parameters: Json) -> None:
        self._subscription = subscription
        fixed = {"subscriptionId": subscription, "resourceGroupName": GROUP, "location": LOCATION}
        self.values = {name: fixed.get(name) or self._fit(value) for name, value in parameters.items()}

    def _fit(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._fit(each) for each in value]
        if isinstance(value, dict):
            return self._machine({name: self._member(name, each) for name, each in value.items()})
        if isinstance(value, str):
            scope, value = f"/subscriptions/{self._subscription}", value.translate(_NO_BRACES)
            if _GROUP_SCOPE.match(value):
                return _GROUP_SCOPE.sub(f"{scope}/resourceGroups/{GROUP}", value, count=1)
            return _SUBSCRIPTION_SCOPE.sub(scope, value, count=1) if _SUBSCRIPTION_SCOPE.match(value) else value
        return value

    def _member(self, name: str, value: Any) -> Any:
        if name == "targetRegions":
            return [self._fit(each | {"name": _REGIONS.get(each["name"], each["name"])}) for each in value]
        return _EXCHANGED.get(name) or self._fit(value)

    def _machine(self, document: Json) -> Json:
        """Images and plans are those of the catalogue."""
        inner = document.get("properties")
        profile = inner.get("storageProfile") if isinstance(inner, dict) else None
        reference = profile.get("imageReference") if isinstance(profile, dict) else None
        if (
            not isinstance(inner, dict)
            or not isinstance(profile, dict)
            or not reference
            or "publisher" not in reference
        ):
            return document
        linux = "linuxConfiguration" in (inner.get("osProfile") or {})
        image = SOLD if document.get("plan") else _UBUNTU if linux else WINDOWS_11 | {"version": "latest"}
        plan = {"plan": _PLAN} if document.get("plan") else {}
        return document | plan | {"properties": inner | {"storageProfile": profile | {"imageReference": image}}}


def examples() -> Iterator[Example]:
    """All examples of all operations that the simulator serves; none where the specifications are absent."""
    if not FOLDER.is_dir():
        return
    specifications, router = Specifications(FOLDER), providers.router()
    taken: set[str] = set()
    for operation in specifications.operations:
        if "/preview/" in operation.file:
            continue
        try:
            route, _ = router.find(Call(operation.method, re.sub(r"\{\w+\}", "x", operation.template), ""))
        except ArmError:
            continue
        for part in operation.document.get("x-ms-examples", {}).values():
            document = specifications.example(operation, part["$ref"])
            if document is not None:
                name = part["$ref"].rsplit("/", 1)[-1].removesuffix(".json")
                # A file may stand for several operations.
                if name in taken:
                    name += f"@{operation.document['operationId']}"
                taken.add(name)
                yield Example(operation, route, name, document, specifications.parameters(operation))
