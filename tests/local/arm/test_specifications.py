"""The check against Microsoft's specifications itself, and answers and events that no other test asks for.

That every answer is valid is asserted after each test of this folder, by the fixture `_trusted`.
"""

import json
from typing import Any

import pytest

from local.arm import providers
from local.arm.calls import Call
from local.arm.errors import ArmError
from local.arm.events import documents, emission
from tests.local.arm.conftest import GROUP, LOCATION, MACHINE, Azure
from tests.local.arm.specifications import DISTURBED, Answer, Specifications
from tests.local.arm.trust import ANSWERS

_V_COMPUTE, _V_NETWORK, _V_RESOURCES = "2026-04-01", "2026-03-01", "2025-04-01"
_IMAGE = "MicrosoftWindowsDesktop/artifacttypes/vmimage/offers/windows-11/skus/win11-24h2-avd/versions"
_EXTENSION = "Microsoft.Compute/artifacttypes/vmextension/types/CustomScriptExtension/versions"
_LOCATION = "providers/Microsoft.Compute/locations/eastus"
_PLAN = "center-for-internet-security-inc/offers/cis-windows-server/plans/cis-windows-server2022-l1-gen2"
_TERMS = f"providers/Microsoft.MarketplaceOrdering/offerTypes/virtualmachine/publishers/{_PLAN}/agreements/current"
_IN_GROUP = f"resourceGroups/{GROUP}/providers"
_VM = f"{_IN_GROUP}/Microsoft.Compute/virtualMachines"
# What is read, below the subscription, with its api-version.
_READ = [
    (f"{_LOCATION}/publishers", _V_COMPUTE),
    (f"{_LOCATION}/publishers/{_IMAGE}", _V_COMPUTE),
    (f"{_LOCATION}/publishers/{_IMAGE}/latest", _V_COMPUTE),
    (f"{_LOCATION}/publishers/{_EXTENSION}", _V_COMPUTE),
    (f"{_LOCATION}/usages", _V_COMPUTE),
    (f"{_LOCATION}/vmSizes", _V_COMPUTE),
    (f"{_LOCATION}/runCommands", _V_COMPUTE),
    (f"{_LOCATION}/runCommands/RunPowerShellScript", _V_COMPUTE),
    ("providers/Microsoft.Compute/skus", "2021-07-01"),
    ("providers/Microsoft.Compute", _V_RESOURCES),
    ("providers", _V_RESOURCES),
    ("resourcegroups", _V_RESOURCES),
    (f"resourcegroups/{GROUP}", _V_RESOURCES),
    ("resources", _V_RESOURCES),
    (_TERMS, "2021-01-01"),
    (_VM, _V_COMPUTE),
    (f"{_VM}/{MACHINE}?$expand=instanceView", _V_COMPUTE),
    (f"{_VM}/{MACHINE}/instanceView", _V_COMPUTE),
    (f"{_VM}/{MACHINE}/vmSizes", _V_COMPUTE),
    (f"{_VM}/{MACHINE}/extensions?$expand=instanceView", _V_COMPUTE),
    (f"{_VM}/{MACHINE}/runCommands?$expand=instanceView", _V_COMPUTE),
    (f"{_IN_GROUP}/Microsoft.Compute/disks/{MACHINE}-os", "2026-03-02"),
    (f"{_IN_GROUP}/Microsoft.Network/networkInterfaces/{MACHINE}-nic", _V_NETWORK),
    (f"{_IN_GROUP}/Microsoft.Network/publicIPAddresses/{MACHINE}-ip", _V_NETWORK),
    (f"{_IN_GROUP}/Microsoft.Authorization/permissions", "2022-04-01"),
]
_MACHINE_PATH = f"/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/{MACHINE}"
_EVENTS = "eventgrid/data-plane/Microsoft.Resources/stable/2018-01-01/Resources.json"


def test_a_machine_with_all_that_belongs_to_it(azure: Azure, specifications: Specifications) -> None:
    """Every kind of read answers 200, and with what the specification says."""
    azure.ready_machine()
    inner = {"publisher": "Microsoft.Compute", "type": "CustomScriptExtension", "typeHandlerVersion": "1.10"}
    extensions = azure.compute.virtual_machine_extensions
    extensions.begin_create_or_update(GROUP, MACHINE, "ext", {"location": LOCATION, "properties": inner}).result()
    script = {"location": LOCATION, "properties": {"source": {"script": "dir"}}}
    azure.compute.virtual_machine_run_commands.begin_create_or_update(GROUP, MACHINE, "step", script).result()
    for path, version in _READ:
        answer = azure.raw("GET", f"/subscriptions/{azure.subscription}/{path}", params={"api-version": version})
        assert answer.status_code == 200, answer.text
        assert specifications.find("GET", answer.request.url.path), path


def test_answers_are_kept(azure: Azure) -> None:
    """Those of the SDK, the streamed ones too, and those of the plain client: else nothing is checked."""
    azure.group()
    azure.network.network_security_groups.begin_create_or_update(GROUP, "n", {"location": LOCATION}).result()
    azure.raw("GET", f"/subscriptions/{azure.subscription}/resourcegroups", params={"api-version": _V_RESOURCES})
    kept = [(answer.method, answer.path.rsplit("/", 1)[-1], answer.status) for answer in ANSWERS]
    assert {("PUT", GROUP, 201), ("PUT", "n", 201), ("GET", "n", 200), ("GET", "resourcegroups", 200)} <= set(kept)
    assert all(answer.text for answer in ANSWERS)


_ASYNC = {"azure-asyncoperation": "x", "retry-after": "1"}
_VM_BODY = {"location": "eastus", "properties": {}}


@pytest.mark.parametrize(
    ("method", "path", "status", "headers", "body", "wrong"),
    [
        ("PUT", _MACHINE_PATH, 201, _ASYNC, _VM_BODY, False),
        ("PUT", _MACHINE_PATH, 202, _ASYNC, _VM_BODY, True),
        ("PUT", _MACHINE_PATH, 201, {}, _VM_BODY, True),
        ("PUT", _MACHINE_PATH, 201, _ASYNC, {"location": 7}, True),
        ("PUT", _MACHINE_PATH, 201, _ASYNC, {"location": "eastus", "properties": {"storageProfile": []}}, True),
        ("GET", _MACHINE_PATH, 200, {}, _VM_BODY, False),
        ("GET", _MACHINE_PATH, 200, {}, None, True),
        ("DELETE", _MACHINE_PATH, 204, {}, None, False),
        ("DELETE", _MACHINE_PATH, 204, {}, {}, True),
        ("GET", _MACHINE_PATH, 404, {}, {"error": {"code": "X", "message": "y"}}, False),
        ("GET", _MACHINE_PATH, 404, {}, {"error": {"message": "y"}}, True),
        ("GET", _MACHINE_PATH, 404, {}, "gone", True),
        ("GET", "/subscriptions/s/providers/Microsoft.Compute/unheardOf", 200, {}, {}, True),
        ("GET", "/subscriptions/s/providers/Microsoft.Compute/locations/l/operations/o", 200, {}, {}, True),
        ("GET", _MACHINE_PATH, 200, {DISTURBED: "1"}, "garbage", False),
    ],
)
def test_what_is_wrong_is_found(
    specifications: Specifications,
    method: str,
    path: str,
    status: int,
    headers: dict[str, str],
    body: Any,
    wrong: bool,
) -> None:
    """Status, headers, body, error, and operations that nobody knows; a fault's doing is passed over."""
    answer = Answer(method, path, status, headers, "" if body is None else json.dumps(body))
    assert bool(specifications.problems(answer)) == wrong


def test_most_of_what_is_served_is_specified(specifications: Specifications) -> None:
    """Few routes are unknown to the specifications, and each is of a kind that the check names."""
    served = {(route.method, route.path) for _, route in providers.router()._routes}
    known = set()
    router = providers.router()
    for operation in specifications.operations:
        path = operation.template.replace("{", "").replace("}", "")
        try:
            route, _ = router.find(Call(operation.method, path, ""))
        except ArmError:
            continue
        known.add((route.method, route.path))
    unknown = sorted(path for _, path in served - known)
    allowed = ("peration", "/snapshots", "Microsoft.Network/locations/{location}/usages", "{+", "/offerTypes/")
    assert [path for path in unknown if not any(part in path for part in allowed)] == []


@pytest.mark.parametrize("schema", documents.SCHEMAS)
@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST"])
@pytest.mark.parametrize(("status", "end"), [("Succeeded", "Success"), ("Failed", "Failure"), ("Canceled", "Cancel")])
def test_events_are_what_the_specification_says(
    specifications: Specifications, schema: str, method: str, status: str, end: str
) -> None:
    """The data of each of the nine types, and the envelope of both schemas."""
    told = emission.event(
        "2026-01-01T00:00:00Z", method, _MACHINE_PATH + "/start" * (method == "POST"), status, _ORIGIN
    )
    kind = {"PUT": "Write", "DELETE": "Delete", "POST": "Action"}[method]
    assert told["type"] == f"Microsoft.Resources.Resource{kind}{end}"
    assert specifications.check(f"{_EVENTS}#Resource{kind}{end}Data", told["data"]) == []
    sent = documents.body(schema, "/subscriptions/s", told)
    envelope = sent[0] if schema == documents.EVENT_GRID else sent
    names = {"subject", "id", "data"} | (_CLOUD if schema == documents.CLOUD_EVENTS else _GRID)
    assert set(envelope) == names


_CLOUD = {"source", "type", "time", "specversion"}
_GRID = {"topic", "eventType", "eventTime", "dataVersion", "metadataVersion"}
_ORIGIN = {
    "operation": "Microsoft.Compute/virtualMachines/write",
    "correlation": "c",
    "request": "r",
    "url": "https://host/path",
    "caller": {"appid": "a", "oid": "o", "tid": "t"},
}
