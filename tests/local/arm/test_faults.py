"""Faults by rule: each kind of action, and which calls it meets."""

from typing import Any

import httpx
import pytest
from azure.core.exceptions import DecodeError, HttpResponseError, ServiceRequestError, ServiceResponseError

from tests.local.arm.conftest import GROUP, LOCATION, MACHINE, Azure, code_of, machine_body, until

_GROUPS = {"api-version": "2025-04-01"}


def _nsg(azure: Azure, name: str = "nsg") -> Any:
    return azure.network.network_security_groups.begin_create_or_update(GROUP, name, {"location": LOCATION})


def _rule(azure: Azure, rule: int) -> dict[str, Any]:
    listed = azure.admin.get("/_sim/faults").json()["value"]
    return next(each for each in listed if each["id"] == rule)


def test_an_error_instead_of_the_answer(azure: Azure) -> None:
    """Code, target, details; nothing was done."""
    azure.group()
    details = [{"code": "Inner", "message": "why"}]
    azure.fault(
        {"type": "error", "status": 403, "code": "RequestDisallowedByPolicy", "target": "nsg", "details": details},
        method="PUT",
        path="networkSecurityGroups",
    )
    with pytest.raises(HttpResponseError) as caught:
        _nsg(azure)
    assert caught.value.status_code == 403
    assert caught.value.error is not None
    assert (caught.value.error.code, caught.value.error.details[0].code) == ("RequestDisallowedByPolicy", "Inner")
    assert [key for key in azure.inventory() if key.endswith("nsg")] == []


def test_throttling_by_the_compute_provider(azure: Azure) -> None:
    """429 with a body that is not wrapped, and a wait at the simulated pace."""
    azure.group()
    remaining = {"x-ms-ratelimit-remaining-resource": "Microsoft.Compute/PutVM;0"}
    azure.fault(
        {
            "type": "error",
            "status": 429,
            "code": "OperationNotAllowed",
            "details": [{"code": "TooManyRequests", "target": "PutVM", "message": "{}"}],
            "retryAfter": 7,
            "unwrapped": True,
            "headers": remaining,
        },
        method="PUT",
        path="virtualMachines",
    )
    path = f"/subscriptions/{azure.subscription}/resourceGroups/{GROUP}/providers/Microsoft.Compute/virtualMachines/v"
    answer = azure.raw("PUT", path, params={"api-version": "2026-04-01"}, json=machine_body(azure.subscription))
    assert (answer.status_code, answer.json()["code"]) == (429, "OperationNotAllowed")
    assert answer.headers["x-ms-ratelimit-remaining-resource"] == "Microsoft.Compute/PutVM;0"
    assert 0 < int(answer.headers["retry-after-ms"]) < 1000
    assert code_of(lambda: azure.machine("v")) == "OperationNotAllowed"


@pytest.mark.parametrize(
    ("rule", "hits"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"nth": 3}, [3]),
        ({"every": 2}, [2, 4, 6]),
        ({"count": 2}, [1, 2]),
        ({"every": 2, "count": 2}, [2, 4]),
    ],
)
def test_which_calls_are_met(azure: Azure, rule: dict[str, int], hits: list[int]) -> None:
    """All, the nth, every so-manieth, and no more than a number."""
    added = azure.fault({"type": "error", "status": 500, "code": "X"}, path=azure.subscription, **rule)
    path = f"/subscriptions/{azure.subscription}/resourcegroups"
    found = [azure.raw("GET", path, params=_GROUPS).status_code for _ in range(6)]
    assert [number for number, status in enumerate(found, 1) if status == 500] == hits
    assert (_rule(azure, added)["matched"], _rule(azure, added)["fired"]) == (6, len(hits))


def test_only_the_verb_and_the_path_that_are_meant(azure: Azure) -> None:
    """Another verb and another path pass."""
    azure.fault({"type": "error", "status": 500, "code": "X"}, method="DELETE", path="/rg-test$")
    azure.group()
    azure.group("rg-other")
    call = azure.resources.resource_groups.begin_delete
    call("rg-other").result()
    assert code_of(lambda: call(GROUP)) == "X"


def test_a_lost_answer(azure: Azure) -> None:
    """The server did the work, the caller never hears of it, and the retry does not do it twice."""
    azure.group()
    azure.fault({"type": "drop", "when": "after"}, method="PUT", path=f"{MACHINE}$", count=1)
    call = azure.compute.virtual_machines.begin_create_or_update
    with pytest.raises((ServiceRequestError, ServiceResponseError)):
        call(GROUP, MACHINE, machine_body(azure.subscription))
    assert sum(key.endswith(f"/{MACHINE}") for key in azure.inventory()) == 1
    until(lambda: azure.compute.virtual_machines.get(GROUP, MACHINE).provisioning_state == "Succeeded")
    assert azure.machine().provisioning_state == "Succeeded"
    assert sum(MACHINE in key for key in azure.inventory()) == 4


def test_a_request_that_never_arrives(azure: Azure) -> None:
    """The connection is cut before anything happened."""
    azure.group()
    azure.fault({"type": "drop"}, method="PUT", path="networkSecurityGroups", count=1)
    with pytest.raises((ServiceRequestError, ServiceResponseError)):
        _nsg(azure)
    assert [key for key in azure.inventory() if key.endswith("nsg")] == []
    _nsg(azure).result()


def test_an_error_although_it_was_done(azure: Azure) -> None:
    """With `when: after` the work is done and the answer is an error."""
    azure.group()
    fault = {"type": "error", "status": 503, "code": "ServerTimeout", "when": "after"}
    azure.fault(fault, method="PUT", path="networkSecurityGroups", count=1)
    assert code_of(lambda: _nsg(azure)) == "ServerTimeout"
    assert [key for key in azure.inventory() if key.endswith("nsg")] != []


def test_a_slow_answer(azure: Azure) -> None:
    """A delay holds one request up, and no other."""
    path = f"/subscriptions/{azure.subscription}/resourcegroups"
    rule = azure.fault({"type": "delay", "seconds": 0.05}, path=azure.subscription, count=1)
    assert azure.raw("GET", path, params=_GROUPS).status_code == 200
    call = azure.admin.get("/_sim/calls", params={"path": azure.subscription}).json()["calls"][0]
    assert call["fault"] == rule
    assert call["milliseconds"] >= 50


@pytest.mark.parametrize("garbled", [{"kind": "html", "status": 502}, {"kind": "truncated"}])
def test_an_answer_that_is_no_json(azure: Azure, garbled: dict[str, Any]) -> None:
    """A gateway's page, or half a document, reaches the SDK as what it is."""
    azure.group()
    azure.fault({"type": "garble"} | garbled, method="GET", path=f"resourcegroups/{GROUP}")
    with pytest.raises((DecodeError, HttpResponseError, ValueError)):
        azure.resources.resource_groups.get(GROUP)


def test_a_first_status_that_the_sdk_rejects(azure: Azure) -> None:
    """202 on a machine's PUT: the SDK raises although the server did the work."""
    azure.group()
    azure.fault({"type": "status", "status": 202}, method="PUT", path=f"{MACHINE}$")
    call = azure.compute.virtual_machines.begin_create_or_update
    with pytest.raises(HttpResponseError):
        call(GROUP, MACHINE, machine_body(azure.subscription))
    assert any(key.endswith(f"/{MACHINE}") for key in azure.inventory())


@pytest.mark.parametrize(
    ("action", "status"), [({"type": "fail", "code": "AllocationFailed"}, "Failed"), ({"type": "cancel"}, "Canceled")]
)
def test_an_operation_that_ends_badly(azure: Azure, action: dict[str, str], status: str) -> None:
    """The poll says so with an error, and the resource stays behind as Failed."""
    azure.group()
    azure.fault(action, phase="final", method="PUT", path="networkSecurityGroups")
    poller = _nsg(azure)
    code = code_of(poller.result)
    assert code == action.get("code", "OperationCanceled")
    assert poller.status() == status
    assert azure.network.network_security_groups.get(GROUP, "nsg").provisioning_state == "Failed"


def test_an_operation_that_never_ends(frozen: Azure) -> None:
    """InProgress for ever."""
    frozen.group()
    frozen.fault({"type": "stuck"}, phase="final", path="networkSecurityGroups")
    frozen.network.network_security_groups.begin_create_or_update(GROUP, "nsg", {"location": LOCATION}, polling=False)
    frozen.clock(step=1_000_000)
    assert frozen.network.network_security_groups.get(GROUP, "nsg").provisioning_state == "Updating"


def test_an_operation_that_takes_as_long_as_told(frozen: Azure) -> None:
    """`lasts` sets its duration in simulated seconds."""
    frozen.group()
    frozen.fault({"type": "lasts", "seconds": 5000}, phase="final", path="networkSecurityGroups")
    frozen.network.network_security_groups.begin_create_or_update(GROUP, "nsg", {"location": LOCATION}, polling=False)
    states = []
    for step in (4900, 200):
        frozen.clock(step=step)
        states.append(frozen.network.network_security_groups.get(GROUP, "nsg").provisioning_state)
    assert states == ["Updating", "Succeeded"]


def test_a_poll_that_fails(azure: Azure) -> None:
    """The rule names the request that began the operation; its polls are what is disturbed."""
    azure.group()
    fault = {"type": "error", "status": 500, "code": "InternalServerError"}
    rule = azure.fault(fault, phase="poll", method="PUT", path="networkSecurityGroups", nth=1)
    assert code_of(lambda: _nsg(azure).result()) == "InternalServerError"
    assert _rule(azure, rule)["fired"] == 1
    until(lambda: azure.network.network_security_groups.get(GROUP, "nsg").provisioning_state == "Succeeded")


def test_an_operation_on_a_foreign_host(azure: Azure) -> None:
    """The polling URL points away from where the request went."""
    azure.group()
    azure.fault({"type": "foreignHost", "host": "evil.example:443"}, phase="final", path="networkSecurityGroups")
    path = f"/subscriptions/{azure.subscription}/resourceGroups/{GROUP}/providers/Microsoft.Network"
    body = {"location": LOCATION}
    answer = azure.raw("PUT", path + "/networkSecurityGroups/n", params={"api-version": "2026-03-01"}, json=body)
    assert answer.headers["Azure-AsyncOperation"].startswith("https://evil.example:443/subscriptions/")


def test_a_claims_challenge(azure: Azure) -> None:
    """401 with any header that a test wants."""
    challenge = 'Bearer error="insufficient_claims", claims="e30="'
    fault = {"type": "error", "status": 401, "code": "InvalidAuthenticationToken"}
    azure.fault(fault | {"headers": {"WWW-Authenticate": challenge}}, path=azure.subscription, count=1)
    answer = azure.raw("GET", f"/subscriptions/{azure.subscription}/resourcegroups", params=_GROUPS)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, challenge)


def test_a_token_endpoint_that_fails(azure: Azure) -> None:
    """The identity client sees the error."""
    azure.fault({"type": "error", "status": 500, "code": "Broken"}, path="/msi/token")
    query = {"api-version": "2019-08-01", "resource": "https://management.azure.com"}
    assert azure.admin.get("/msi/token", params=query, headers={"X-IDENTITY-HEADER": "x"}).status_code == 500


def test_a_storm_can_be_repeated(azure: Azure) -> None:
    """The same seed gives the same disturbances; some calls pass, some do not."""

    def storm() -> list[int]:
        azure.admin.delete("/_sim/faults")
        azure.fault({"type": "storm"}, path=azure.subscription, probability=0.5, seed=7)
        return [_status(azure) for _ in range(30)]

    first = storm()
    assert first == storm()
    assert 5 < sum(status == 200 for status in first) < 25


def test_rules_can_be_taken_away(azure: Azure) -> None:
    """One by its number, or all."""
    rules = [azure.fault({"type": "error", "status": 500, "code": "X"}, path=azure.subscription) for _ in range(2)]
    assert azure.admin.delete(f"/_sim/faults/{rules[0]}").status_code == 204
    assert [each["id"] for each in azure.admin.get("/_sim/faults").json()["value"]] == rules[1:]
    azure.admin.delete("/_sim/faults")
    assert azure.admin.get("/_sim/faults").json()["value"] == []


@pytest.mark.parametrize(
    "rule",
    [
        {"action": {"type": "explode"}},
        {"action": {"type": "error"}},
        {"action": {"type": "stuck"}, "phase": "first"},
        {"action": {"type": "drop"}, "path": "("},
        {"action": {"type": "drop", "when": "never"}},
        {"action": {"type": "drop"}, "colour": "red"},
        {"path": "x"},
        7,
    ],
)
def test_what_is_no_rule_is_refused(azure: Azure, rule: Any) -> None:
    """A mistake in a rule is told at once, not by a fault that never comes."""
    assert azure.admin.post("/_sim/faults", json=rule).status_code == 400
    assert azure.admin.get("/_sim/faults").json()["value"] == []


def _status(azure: Azure) -> int:
    """A status, or 0 for a connection that was cut."""
    try:
        return azure.raw("GET", f"/subscriptions/{azure.subscription}/resourcegroups", params=_GROUPS).status_code
    except httpx.TransportError:
        return 0
