"""Long-running operations on the wire."""

import re

import httpx
import pytest
from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest
from azure.core.utils import CaseInsensitiveDict

from tests.local.arm.conftest import FAST, GROUP, LOCATION, MACHINE, Azure, code_of, machine_body

_COMPUTE = {"api-version": "2026-04-01"}
_NETWORK = {"api-version": "2026-03-01"}


def _path(azure: Azure, kind: str, name: str) -> str:
    return f"/subscriptions/{azure.subscription}/resourceGroups/{GROUP}/providers/{kind}/{name}"


def _create(azure: Azure) -> httpx.Response:
    azure.group()
    path = _path(azure, "Microsoft.Compute/virtualMachines", MACHINE)
    return azure.raw("PUT", path, params=_COMPUTE, json=machine_body(azure.subscription))


def test_a_machine_is_created_behind_an_async_operation(frozen: Azure) -> None:
    """201 with a long signed URL; the resource says Creating until the operation has ended."""
    made = _create(frozen)
    assert made.status_code == 201, made.text
    assert made.json()["properties"]["provisioningState"] == "Creating"
    assert "Location" not in made.headers
    url = made.headers["Azure-AsyncOperation"]
    assert url.startswith(frozen.simulator.url)
    assert len(url) > 1500
    assert re.search(r"locations/eastus/operations/[0-9a-f-]{36}\?api-version=2026-04-01&t=\d+&c=\S+&s=\S+&h=\S+", url)
    running = frozen.raw("GET", url).json()
    assert (running["status"], "endTime" in running) == ("InProgress", False)
    frozen.clock(step=600)
    assert frozen.raw("GET", url).json()["status"] == "Succeeded"
    assert frozen.compute.virtual_machines.get(GROUP, MACHINE).provisioning_state == "Succeeded"


def test_the_wait_asked_for_follows_the_pace(frozen: Azure) -> None:
    """At real speed Azure's own ten seconds; sped up, milliseconds without a whole second that would go first."""
    sped_up = _create(frozen)
    assert sped_up.headers["retry-after-ms"] == str(max(10, round(10 / FAST * 1000)))
    assert "Retry-After" not in sped_up.headers
    frozen.clock(speed=1)
    polled = frozen.raw("GET", sped_up.headers["Azure-AsyncOperation"])
    assert (polled.headers["Retry-After"], polled.headers["retry-after-ms"]) == ("10", "10000")


def test_a_polling_url_that_was_cut_is_refused(frozen: Azure) -> None:
    """A column too short for the URL shows at the first poll."""
    url = _create(frozen).headers["Azure-AsyncOperation"]
    answer = frozen.raw("GET", url[:1000])
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidOperationUrl")


def test_a_record_expires_a_day_after_the_end(frozen: Azure) -> None:
    """Then a poll is answered with 404, and the resource is the truth."""
    url = _create(frozen).headers["Azure-AsyncOperation"]
    frozen.clock(step=600)
    assert frozen.raw("GET", url).status_code == 200
    frozen.clock(step=90_000)
    assert frozen.raw("GET", url).status_code == 404
    assert frozen.compute.virtual_machines.get(GROUP, MACHINE).provisioning_state == "Succeeded"


def test_a_deletion_is_accepted_and_its_result_is_at_location(frozen: Azure) -> None:
    """202 with both headers; meanwhile the resource says Deleting, afterwards it is gone."""
    _create(frozen)
    frozen.clock(step=600)
    path = _path(frozen, "Microsoft.Compute/virtualMachines", MACHINE)
    accepted = frozen.raw("DELETE", path, params=_COMPUTE)
    assert (accepted.status_code, accepted.content) == (202, b"")
    assert frozen.raw("GET", path, params=_COMPUTE).json()["properties"]["provisioningState"] == "Deleting"
    monitor = accepted.headers["Location"]
    assert "monitor=true" in monitor
    assert frozen.raw("GET", monitor).status_code == 202
    frozen.clock(step=600)
    assert frozen.raw("GET", monitor).status_code == 204
    assert frozen.raw("GET", path, params=_COMPUTE).status_code == 404


def test_the_network_provider_has_its_own_dialect(frozen: Azure) -> None:
    """Its result is under operationResults, and its poll says no more than the status."""
    frozen.group()
    path = _path(frozen, "Microsoft.Network/networkSecurityGroups", "nsg")
    made = frozen.raw("PUT", path, params=_NETWORK, json={"location": LOCATION})
    assert made.json()["properties"]["provisioningState"] == "Updating"
    assert frozen.raw("GET", made.headers["Azure-AsyncOperation"]).json() == {"status": "InProgress"}
    frozen.clock(step=60)
    accepted = frozen.raw("DELETE", path, params=_NETWORK)
    assert "/operationResults/" in accepted.headers["Location"]
    frozen.clock(step=60)
    assert frozen.raw("GET", accepted.headers["Location"]).status_code == 204


def test_a_group_is_deleted_behind_location_only(frozen: Azure) -> None:
    """202 until 200, without Azure-AsyncOperation."""
    frozen.group()
    path = f"/subscriptions/{frozen.subscription}/resourcegroups/{GROUP}"
    accepted = frozen.raw("DELETE", path, params={"api-version": "2025-04-01"})
    assert accepted.status_code == 202
    assert "Azure-AsyncOperation" not in accepted.headers
    location = accepted.headers["Location"]
    pending = frozen.raw("GET", location)
    assert (pending.status_code, pending.headers["Location"].split("?")[0]) == (202, location.split("?")[0])
    frozen.clock(step=100)
    assert frozen.raw("GET", location).status_code == 200


def test_two_writes_on_one_resource_collide(frozen: Azure) -> None:
    """The second one is refused, and told which operation it met."""
    first = _create(frozen)
    second = _create(frozen)
    assert (second.status_code, second.json()["error"]["code"]) == (409, "AnotherOperationInProgress")
    operation = first.headers["Azure-AsyncOperation"].split("?")[0].rsplit("/", 1)[-1]
    assert operation in second.json()["error"]["message"]


def test_writes_of_two_subnets_collide(frozen: Azure) -> None:
    """A subnet is part of its network, and the network takes one write at a time."""
    subnets = frozen.network.subnets
    kwargs = {"polling": False}
    subnets.begin_create_or_update(
        "rg-desktops", "vnet-desktops", "a", {"properties": {"addressPrefix": "10.10.64.0/24"}}, **kwargs
    )
    body = {"properties": {"addressPrefix": "10.10.65.0/24"}}
    code = code_of(lambda: subnets.begin_create_or_update("rg-desktops", "vnet-desktops", "b", body))
    assert code == "AnotherOperationInProgress"


def test_a_deletion_preempts_a_creation(frozen: Azure) -> None:
    """A machine can be deleted while it is created; the creation ends as Canceled."""
    url = _create(frozen).headers["Azure-AsyncOperation"]
    frozen.raw("DELETE", _path(frozen, "Microsoft.Compute/virtualMachines", MACHINE), params=_COMPUTE)
    record = frozen.raw("GET", url).json()
    assert (record["status"], record["error"]["code"]) == ("Canceled", "OperationPreempted")
    frozen.clock(step=600)
    assert [key for key in frozen.inventory() if MACHINE in key] == []


def test_effects_have_their_own_moments(frozen: Azure) -> None:
    """However long nobody looks: the agent counts from when the machine was there, not from the first look at it."""
    _create(frozen)
    frozen.clock(step=7200)
    assert frozen.agent() == "Ready"


@pytest.mark.parametrize(("seconds", "gone"), [(5, False), (5000, True)])
def test_effects_come_in_the_order_of_their_due_times(frozen: Azure, seconds: int, gone: bool) -> None:
    """A network's group goes if its machine went before; whichever was begun first, and with one look at the end."""
    _create(frozen)
    frozen.clock(step=600)
    frozen.fault({"type": "lasts", "seconds": seconds}, phase="final", method="DELETE", path="rg-desktops$")
    frozen.resources.resource_groups.begin_delete("rg-desktops", polling=False)
    frozen.compute.virtual_machines.begin_delete(GROUP, MACHINE, polling=False)
    frozen.clock(step=7200)
    assert frozen.resources.resource_groups.check_existence("rg-desktops") is not gone


def test_the_body_dialect_works_too(azure: Azure) -> None:
    """Whoever ignores the headers and reads the resource again sees it become Succeeded."""
    azure.group()
    path = _path(azure, "Microsoft.Network/networkSecurityGroups", "nsg")
    azure.raw("PUT", path, params=_NETWORK, json={"location": LOCATION})
    states = set()
    while "Succeeded" not in states:
        states.add(azure.raw("GET", path, params=_NETWORK).json()["properties"]["provisioningState"])
    assert states <= {"Updating", "Succeeded"}


def test_a_poll_by_the_sdk_itself(azure: Azure) -> None:
    """The URL of the header can be polled with `send_request`, as a product does that stores it."""
    headers: CaseInsensitiveDict = CaseInsensitiveDict()
    azure.group()
    azure.compute.virtual_machines.begin_create_or_update(
        GROUP,
        MACHINE,
        machine_body(azure.subscription),
        polling=False,
        raw_response_hook=lambda response: headers.update(response.http_response.headers),
    )
    answer = azure.compute.send_request(HttpRequest("GET", headers["Azure-AsyncOperation"]))
    assert answer.json()["status"] in {"InProgress", "Succeeded"}


def test_an_unknown_operation_is_not_found(azure: Azure) -> None:
    """404, as for one that expired."""
    path = f"/subscriptions/{azure.subscription}/providers/Microsoft.Compute/locations/eastus/operations/none"
    with pytest.raises(HttpResponseError) as caught:
        azure.compute.send_request(HttpRequest("GET", path, params=_COMPUTE)).raise_for_status()
    assert caught.value.status_code == 404
