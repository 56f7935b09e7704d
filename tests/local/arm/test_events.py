"""Resource events, as a subscribed webhook sees them."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from local.arm.options import Options
from local.arm.server import running
from tests.local.arm.conftest import FAST, GROUP, LOCATION, MACHINE, Azure, connected, until

Json = dict[str, Any]
_CLOUD_EVENTS = "CloudEventSchemaV1_0"


@dataclass
class Receiver:
    """A webhook: what it got, and how it answers. `status` is asked for each event, by its number from 1."""

    url: str
    requests: list[tuple[str, Json, Any]] = field(default_factory=list)
    status: Callable[[int], int] = lambda _number: 200
    validates: bool = True

    @property
    def events(self) -> list[Json]:
        """The events that arrived, without their envelope."""
        found = [body for _, headers, body in self.requests if headers.get("aeg-event-type") == "Notification"]
        return [body[0] if isinstance(body, list) else body for body in found]

    def types(self) -> list[str]:
        return [str(event.get("eventType") or event.get("type")).rsplit(".", 1)[-1] for event in self.events]

    def subjects(self) -> list[str]:
        return [str(event["subject"]).rsplit("/", 1)[-1] for event in self.events]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    receiver: Receiver

    def do_OPTIONS(self) -> None:
        headers = {"WebHook-Allowed-Origin": self.headers["WebHook-Request-Origin"]} if self.receiver.validates else {}
        self._answer(200, None, headers)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        kind = self.headers["aeg-event-type"]
        answer = None
        status = 200
        if kind == "SubscriptionValidation" and self.receiver.validates:
            answer = {"validationResponse": body[0]["data"]["validationCode"]}
        if kind == "Notification":
            status = self.receiver.status(len(self.receiver.events) + 1)
        self._answer(status, answer, {}, body)

    def _answer(self, status: int, answer: Any, headers: dict[str, str], body: Any = None) -> None:
        self.receiver.requests.append(
            (self.command, {name.lower(): value for name, value in self.headers.items()}, body)
        )
        content = json.dumps(answer).encode() if answer is not None else b""
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(content))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Tests say what they want to say."""


@pytest.fixture(name="receiver")
def _receiver() -> Iterator[Receiver]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = False
    receiver = Receiver(f"http://127.0.0.1:{server.server_address[1]}/hook")
    server.RequestHandlerClass = type("Bound", (_Handler,), {"receiver": receiver, "timeout": 1})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield receiver
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(name="told")
def _told(azure: Azure, receiver: Receiver) -> Iterator[Receiver]:
    """A receiver that is told of everything in the test's subscription."""
    _subscribe(azure, receiver)
    yield receiver
    azure.admin.delete(f"/_sim/events/{azure.subscription}")


def _subscribe(azure: Azure, receiver: Receiver, **more: Any) -> Json:
    body = {"scope": f"/subscriptions/{azure.subscription}", "endpoint": receiver.url} | more
    answer = azure.admin.put(f"/_sim/events/{azure.subscription}", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def _hook(azure: Azure) -> Json:
    listed = azure.admin.get("/_sim/events").json()["value"]
    return next(each for each in listed if each["name"] == azure.subscription)


def _nsg(azure: Azure, name: str = "nsg") -> Any:
    return azure.network.network_security_groups.begin_create_or_update(GROUP, name, {"location": LOCATION})


def test_an_event_tells_what_azure_would(azure: Azure, told: Receiver) -> None:
    """Event Grid's schema, with the operation, the resource, and the caller's own correlation id."""
    azure.group()
    headers = {"x-ms-correlation-request-id": "11111111-2222-3333-4444-555555555555"}
    groups = azure.network.network_security_groups
    groups.begin_create_or_update(GROUP, "nsg", {"location": LOCATION}, headers=headers).result()
    until(lambda: len(told.events) == 2)
    event = told.events[1]
    scope = f"/subscriptions/{azure.subscription}"
    assert (event["topic"], event["eventType"]) == (scope, "Microsoft.Resources.ResourceWriteSuccess")
    assert (event["dataVersion"], event["metadataVersion"]) == ("2", "1")
    data = event["data"]
    assert data["operationName"] == "Microsoft.Network/networkSecurityGroups/write"
    assert data["resourceUri"] == event["subject"] == data["authorization"]["scope"]
    assert data["resourceUri"].endswith("/networkSecurityGroups/nsg")
    assert data["correlationId"] == headers["x-ms-correlation-request-id"]
    assert (data["status"], data["resourceProvider"]) == ("Succeeded", "Microsoft.Network")
    assert data["subscriptionId"] == azure.subscription
    _, sent, _ = told.requests[-1]
    assert (sent["aeg-event-type"], sent["aeg-subscription-name"]) == ("Notification", azure.subscription.upper())


def test_cloud_events(azure: Azure, receiver: Receiver) -> None:
    """One event alone, with CloudEvents' own members and media type."""
    _subscribe(azure, receiver, schema=_CLOUD_EVENTS)
    azure.group()
    until(lambda: receiver.events)
    method, headers, body = receiver.requests[-1]
    assert receiver.requests[0][0] == "OPTIONS"
    assert (method, headers["content-type"]) == ("POST", "application/cloudevents+json; charset=utf-8")
    assert (body["specversion"], body["source"]) == ("1.0", f"/subscriptions/{azure.subscription}")
    assert body["type"] == "Microsoft.Resources.ResourceWriteSuccess"
    azure.admin.delete(f"/_sim/events/{azure.subscription}")


def test_writes_actions_and_deletions_each_have_their_event(azure: Azure, told: Receiver) -> None:
    """In the order in which they ended, at their end, and not before."""
    azure.machine()
    machines = azure.compute.virtual_machines
    machines.begin_deallocate(GROUP, MACHINE).result()
    machines.generalize(GROUP, MACHINE)
    machines.begin_delete(GROUP, MACHINE).result()
    until(lambda: len(told.events) == 5)
    writes, actions = ["ResourceWriteSuccess"] * 2, ["ResourceActionSuccess"] * 2
    assert told.types() == [*writes, *actions, "ResourceDeleteSuccess"]
    names = [event["data"]["operationName"].split("/", 1)[1] for event in told.events]
    assert names == [
        "subscriptions/resourceGroups/write",
        "virtualMachines/write",
        "virtualMachines/deallocate/action",
        "virtualMachines/generalize/action",
        "virtualMachines/delete",
    ]
    assert told.subjects() == [GROUP, *[MACHINE] * 4]


@pytest.mark.parametrize(
    ("action", "kind"),
    [({"type": "fail", "code": "X"}, "ResourceWriteFailure"), ({"type": "cancel"}, "ResourceWriteCancel")],
)
def test_failures_and_cancellations_too(azure: Azure, told: Receiver, action: Json, kind: str) -> None:
    """The type and the status say how it ended."""
    azure.group()
    azure.fault(action, phase="final", path="networkSecurityGroups")
    _nsg(azure)
    until(lambda: kind in told.types())
    assert told.events[-1]["data"]["status"] in ("Failed", "Canceled")


def test_nobody_has_to_poll(azure: Azure, told: Receiver) -> None:
    """The event of an operation comes although no request does."""
    azure.group()
    azure.network.network_security_groups.begin_create_or_update(GROUP, "n", {"location": LOCATION}, polling=False)
    until(lambda: "n" in told.subjects())


def test_reads_refusals_and_nothing_done_are_no_events(azure: Azure, told: Receiver) -> None:
    """GET, a 4xx, and a deletion of what is not there."""
    azure.group()
    azure.network.network_interfaces.begin_delete(GROUP, "nic").result()
    with pytest.raises(Exception, match="LocationRequired"):
        azure.network.network_security_groups.begin_create_or_update(GROUP, "n", {})
    list(azure.compute.virtual_machines.list(GROUP))
    _nsg(azure, "last").result()
    until(lambda: "last" in told.subjects())
    assert told.subjects() == [GROUP, "last"]


def test_filters(azure: Azure, receiver: Receiver) -> None:
    """By resource group, by type, by operation."""
    azure.group()
    azure.group("rg-other")
    scope = f"/subscriptions/{azure.subscription}/resourceGroups/{GROUP}"
    operations = ["Microsoft.Network/networkSecurityGroups/delete"]
    types = ["Microsoft.Resources.ResourceDeleteSuccess"]
    _subscribe(azure, receiver, scope=scope, operations=operations, eventTypes=types)
    groups = azure.network.network_security_groups
    for group in ("rg-other", GROUP):
        groups.begin_create_or_update(group, "n", {"location": LOCATION}).result()
        groups.begin_delete(group, "n").result()
    until(lambda: receiver.events)
    assert [event["topic"] for event in receiver.events] == [scope]
    assert (receiver.types(), receiver.subjects()) == (["ResourceDeleteSuccess"], ["n"])
    azure.admin.delete(f"/_sim/events/{azure.subscription}")


@pytest.mark.parametrize("schema", ["EventGridSchema", _CLOUD_EVENTS])
def test_nothing_is_delivered_before_the_proof(azure: Azure, receiver: Receiver, schema: str) -> None:
    """A receiver that does not answer the handshake gets events once its URL was opened by hand."""
    receiver.validates = False
    assert _subscribe(azure, receiver, schema=schema)["state"] == "AwaitingManualAction"
    azure.group("rg-before")
    _, headers, body = receiver.requests[0]
    url = body[0]["data"]["validationUrl"] if body else headers["webhook-request-callback"]
    assert azure.admin.get(url + "x").status_code == 404
    assert azure.admin.get(url).json()["state"] == "Succeeded"
    azure.group("rg-after")
    until(lambda: receiver.events)
    assert receiver.subjects() == ["rg-after"]
    azure.admin.delete(f"/_sim/events/{azure.subscription}")


def test_a_hook_that_cannot_be_is_refused(azure: Azure, receiver: Receiver) -> None:
    """No endpoint, no such schema, nobody there."""
    path = f"/_sim/events/{azure.subscription}"
    scope = f"/subscriptions/{azure.subscription}"
    wrong: list[Any] = [
        {"scope": scope},
        {"scope": "/", "endpoint": receiver.url},
        {"scope": scope, "endpoint": "ftp://host"},
        {"scope": scope, "endpoint": receiver.url, "schema": "Custom"},
        {"scope": scope, "endpoint": receiver.url, "eventTypes": "all"},
        {"scope": scope, "endpoint": "http://127.0.0.1:9/closed"},
        [],
    ]
    assert [azure.admin.put(path, json=body).status_code for body in wrong] == [400] * len(wrong)
    assert azure.subscription not in azure.admin.get("/_sim/events").text


def test_what_is_not_accepted_comes_again(azure: Azure, told: Receiver) -> None:
    """After a 503 the same event, with its count of attempts; requests go on meanwhile."""
    told.status = lambda number: 503 if number < 3 else 200
    azure.group()
    until(lambda: _hook(azure)["delivered"] == 1, seconds=30)
    assert len(told.events) == 3
    assert len({event["id"] for event in told.events}) == 1
    counts = [headers["aeg-delivery-count"] for _, headers, _ in told.requests if "aeg-delivery-count" in headers]
    assert counts[-3:] == ["0", "1", "2"]
    assert (_hook(azure)["retried"], _hook(azure)["waiting"]) == (1, 0)


def test_what_is_hopeless_is_dropped(azure: Azure, told: Receiver) -> None:
    """A 400 is not tried again, and the next event comes all the same."""
    told.status = lambda number: 400 if number == 1 else 200
    azure.group("rg-lost")
    azure.group("rg-next")
    until(lambda: _hook(azure)["delivered"] == 1)
    assert told.subjects() == ["rg-lost", "rg-next"]
    assert _hook(azure)["dropped"] == 1


def _disturbed(azure: Azure, told: Receiver, action: Json, **rule: Any) -> list[str]:
    """The names of ten groups in the order in which their events came, with a last one as the end."""
    azure.fault(action, phase="event", path=azure.subscription, **rule)
    for number in range(10):
        azure.group(f"rg-{number}")
    azure.admin.delete("/_sim/faults")
    until(lambda: _hook(azure)["waiting"] == 0)
    azure.group("rg-end")
    until(lambda: "rg-end" in told.subjects())
    return told.subjects()[:-1]


def test_events_can_be_lost(azure: Azure, told: Receiver) -> None:
    """By chance, and repeatably: these of ten."""
    first = _disturbed(azure, told, {"type": "lose"}, probability=0.5, seed=3)
    assert 0 < len(first) < 10
    told.requests.clear()
    assert _disturbed(azure, told, {"type": "lose"}, probability=0.5, seed=3) == first


def test_events_can_come_twice(azure: Azure, told: Receiver) -> None:
    """With the same id."""
    found = _disturbed(azure, told, {"type": "duplicate", "copies": 3}, nth=1)
    assert found == ["rg-0"] * 3 + [f"rg-{number}" for number in range(1, 10)]
    assert len({event["id"] for event in told.events[:3]}) == 1


def test_events_can_come_late(azure: Azure, told: Receiver) -> None:
    """One is overtaken by all others."""
    found = _disturbed(azure, told, {"type": "late", "seconds": 1800}, nth=1)
    assert found == [f"rg-{number}" for number in range(1, 10)] + ["rg-0"]


def test_events_can_come_out_of_order(azure: Azure, told: Receiver) -> None:
    """All of them, in another order than they happened."""
    found = _disturbed(azure, told, {"type": "shuffle", "within": 1800}, seed=5)
    assert sorted(found) == [f"rg-{number}" for number in range(10)]
    assert found != sorted(found)


def test_a_slow_receiver_holds_nothing_up(azure: Azure, told: Receiver) -> None:
    """While one delivery hangs, requests are answered and operations end."""
    hanging, release = threading.Event(), threading.Event()

    def hang(_number: int) -> int:
        hanging.set()
        release.wait(30)
        return 200

    told.status = hang
    azure.group()
    assert hanging.wait(20)
    _nsg(azure).result()
    assert [event for event in told.events if "networkSecurityGroups" in event["subject"]] == []
    release.set()
    until(lambda: "nsg" in told.subjects())


def test_events_survive_a_restart(tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hook, and what was on its way to it, are there after a restart."""
    state = tmp_path / "arm.db"
    receiver.status = lambda _number: 503
    with running(Options(speed=FAST, state=state)) as simulator, connected(simulator, monkeypatch) as azure:
        _subscribe(azure, receiver)
        azure.group()
        until(lambda: receiver.events)
    receiver.status = lambda _number: 200
    with running(Options(speed=FAST, state=state)) as simulator, connected(simulator, monkeypatch) as again:
        until(lambda: again.admin.get("/_sim/events").json()["value"][0]["delivered"] == 1)
