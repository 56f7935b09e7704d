"""Simulators, and the real SDK clients pointed at them."""

import ssl
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import httpx
import pytest
from azure.core.exceptions import HttpResponseError
from azure.identity import ManagedIdentityCredential
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.marketplaceordering import MarketplaceOrderingAgreements
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient

from local.arm.options import Options
from local.arm.server import Simulator, running
from tests.local.arm.specifications import FOLDER, Specifications
from tests.local.arm.trust import ANSWERS, Recorder, record_raw

Json = dict[str, Any]

LOCATION = "eastus"
GROUP = "rg-test"
MACHINE = "vm-test"
PASSWORD = "Correct-Horse-7-Battery"
WINDOWS_11 = {"publisher": "MicrosoftWindowsDesktop", "offer": "windows-11", "sku": "win11-24h2-avd"}
# Half a simulated hour in a second.
FAST = 1800.0


@dataclass
class Azure:
    """The SDK clients of one subscription, and the simulator's admin endpoint.

    The clients are typed as Any: tests send JSON as it stands on the wire, where the SDK's signatures want models.
    """

    simulator: Simulator
    subscription: str = field(default_factory=lambda: str(uuid.uuid4()))

    @cached_property
    def credential(self) -> ManagedIdentityCredential:
        return ManagedIdentityCredential()

    @cached_property
    def compute(self) -> Any:
        return ComputeManagementClient(self.credential, self.subscription, **self.options)

    @cached_property
    def network(self) -> Any:
        return NetworkManagementClient(self.credential, self.subscription, **self.options)

    @cached_property
    def resources(self) -> Any:
        return ResourceManagementClient(self.credential, self.subscription, **self.options)

    @cached_property
    def marketplace(self) -> Any:
        return MarketplaceOrderingAgreements(self.credential, self.subscription, **self.options)

    @property
    def options(self) -> Json:
        """A client's settings: no retries of its own, so that a test sees each answer."""
        scopes = ["https://management.azure.com/.default"]
        options = {"base_url": self.simulator.url, "credential_scopes": scopes, "retry_total": 0}
        return options | {"polling_interval": 0.05, "per_call_policies": [Recorder()]}

    @cached_property
    def admin(self) -> httpx.Client:
        context = ssl.create_default_context(cafile=str(self.simulator.ca_file))
        hooks = {"response": [record_raw]}
        return httpx.Client(base_url=self.simulator.url, verify=context, timeout=30, event_hooks=hooks)

    def raw(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A request as it stands on the wire, with a token."""
        token = self.credential.get_token("https://management.azure.com/.default").token
        headers = {"Authorization": f"Bearer {token}"} | options.pop("headers", {})
        return self.admin.request(method, path, headers=headers, **options)

    def fault(self, action: Json, **rule: Any) -> int:
        answer = self.admin.post("/_sim/faults", json={"action": action} | rule)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["value"][0]["id"])

    def clock(self, **change: Any) -> Json:
        answer = self.admin.post("/_sim/clock", json=change)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def created_while_frozen(self) -> None:
        """A machine that is there since a moment ago, while time stands still."""
        self.group()
        machines = self.compute.virtual_machines
        machines.begin_create_or_update(GROUP, MACHINE, machine_body(self.subscription), polling=False)
        while machines.get(GROUP, MACHINE).provisioning_state == "Creating":
            self.clock(step=5)

    def settings(self, **change: Any) -> None:
        answer = self.admin.patch(f"/_sim/subscriptions/{self.subscription}", json=change)
        assert answer.status_code == 200, answer.text

    def group(self, name: str = GROUP, location: str = LOCATION) -> str:
        self.resources.resource_groups.create_or_update(name, {"location": location, "tags": {"made": "by test"}})
        return name

    def machine(self, name: str = MACHINE, group: str = GROUP, **changes: Any) -> Any:
        """A machine that is there, made of `machine_body`."""
        self.group(group)
        body = machine_body(self.subscription, name, **changes)
        return self.compute.virtual_machines.begin_create_or_update(group, name, body).result()

    def agent(self, name: str = MACHINE, group: str = GROUP) -> str | None:
        """What the guest agent says of itself, or None while nothing runs."""
        view = self.compute.virtual_machines.instance_view(group, name)
        return str(view.vm_agent.statuses[0].display_status) if view.vm_agent else None

    def ready_machine(self, name: str = MACHINE, **changes: Any) -> Any:
        """A machine with a guest agent that reports."""
        machine = self.machine(name, **changes)
        until(lambda: self.agent(name) == "Ready")
        return machine

    def power(self, name: str = MACHINE) -> str:
        """The power state."""
        statuses = self.compute.virtual_machines.instance_view(GROUP, name).statuses
        return next(str(status.code) for status in statuses if status.code.startswith("PowerState/"))

    def command(self, name: str, machine: str = MACHINE) -> Any:
        """The instance view of a managed run command that has ended."""
        commands = self.compute.virtual_machine_run_commands

        def ended() -> Any:
            view = commands.get_by_virtual_machine(GROUP, machine, name, expand="instanceView").instance_view
            return view if view.execution_state not in ("Pending", "Running") else None

        return until(ended)

    def inventory(self) -> dict[str, Json]:
        """All that exists in the subscription, by id in lower case."""
        listed = self.admin.get("/_sim/inventory", params={"subscription": self.subscription}).json()["value"]
        return {each["id"].lower(): each for each in listed}

    def close(self) -> None:
        for name in ("compute", "network", "resources", "marketplace", "credential", "admin"):
            if name in self.__dict__:
                self.__dict__[name].close()


def seeded_subnet(subscription: str) -> Json:
    """A reference to the subnet that every subscription begins with."""
    scope = f"/subscriptions/{subscription}/resourceGroups/rg-desktops/providers/Microsoft.Network"
    return {"id": f"{scope}/virtualNetworks/vnet-desktops/subnets/desktops"}


def machine_body(subscription: str, name: str = MACHINE, **changes: Any) -> Json:
    """The body of a Windows machine with inline network interface; `changes` replace members of `properties`."""
    subnet = seeded_subnet(subscription)
    address = {
        "name": f"{name}-ip",
        "sku": {"name": "Standard"},
        "properties": {"publicIPAllocationMethod": "Static", "deleteOption": "Delete"},
    }
    configuration = {
        "name": f"{name}-nic",
        "properties": {
            "primary": True,
            "deleteOption": "Delete",
            "ipConfigurations": [
                {"name": "main", "properties": {"subnet": subnet, "publicIPAddressConfiguration": address}}
            ],
        },
    }
    location, tags = changes.pop("location", LOCATION), changes.pop("tags", {"assetId": "a-1"})
    plan = changes.pop("plan", None)
    inner = {
        "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
        "storageProfile": {
            "imageReference": WINDOWS_11 | {"version": "latest"},
            "osDisk": {"name": f"{name}-os", "createOption": "FromImage", "deleteOption": "Delete"},
        },
        "osProfile": {"computerName": name, "adminUsername": "desktopadmin", "adminPassword": PASSWORD},
        "networkProfile": {"networkApiVersion": "2022-11-01", "networkInterfaceConfigurations": [configuration]},
    } | changes
    return {"location": location, "tags": tags, "properties": inner} | ({"plan": plan} if plan else {})


def code_of(call: Callable[[], Any]) -> str:
    """The ARM error code that a call ends with."""
    with pytest.raises(HttpResponseError) as caught:
        call()
    return str(caught.value.error.code) if caught.value.error else f"no code: {caught.value}"


def until(reached: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Ask again until the answer is true, and give up loudly."""
    deadline = time.monotonic() + seconds
    while not (found := reached()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return found


@pytest.fixture(scope="session", name="simulator")
def _simulator() -> Iterator[Simulator]:
    with running(Options(speed=FAST)) as simulator:
        yield simulator


@pytest.fixture(name="azure")
def _azure(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Azure]:
    """A fresh subscription in the session's simulator; faults end with the test."""
    with connected(simulator, monkeypatch) as azure:
        yield azure
        azure.admin.delete("/_sim/faults")


@pytest.fixture(name="frozen")
def _frozen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Azure]:
    """A simulator of its own whose time stands still until it is stepped."""
    with running(Options(speed=FAST)) as simulator, connected(simulator, monkeypatch) as azure:
        azure.clock(frozen=True)
        yield azure


@contextmanager
def connected(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Azure]:
    """An `Azure` on a simulator, with the environment that the identity client needs."""
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{simulator.url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "any")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(simulator.ca_file))
    azure = Azure(simulator)
    try:
        yield azure
    finally:
        azure.close()


@pytest.fixture(scope="session", name="specifications")
def _specifications() -> Specifications:
    """The official specifications; tests that need them are skipped where they are absent."""
    if not FOLDER.is_dir():
        pytest.skip("the official specifications are not beside this checkout")
    return Specifications(FOLDER)


@pytest.fixture(scope="session", name="known")
def _known() -> Specifications | None:
    """The official specifications, or None where they are absent."""
    return Specifications(FOLDER) if FOLDER.is_dir() else None


@pytest.fixture(autouse=True)
def _trusted(known: Specifications | None) -> Iterator[None]:
    """Whatever a test is about: every answer it got is one that the official specification of the operation allows."""
    ANSWERS.clear()
    yield
    found = [problem for answer in ANSWERS for problem in known.problems(answer)] if known else []
    assert found == []
