"""The whole service in processes of its own, as `make run` has it: for end-to-end tests and benchmarks."""

import ssl
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import psutil

from local.azurite import running_azurite
from local.certificates import Certificates, ensure_certificates
from local.child import Child
from local.run.events import hook
from local.run.services import announced_url
from local.run.stack import host_settings, inherited_environment
from tests import functions_host

ROOT = Path(__file__).parents[2]
API = "/imagemgmt/v1"
PASSWORD = "Canary-7-Battery-Staple"
START_SECONDS = 60.0
MULTI_TENANT_APP = "00000000-0000-0000-0000-00000000a44a"

T = TypeVar("T")
Json = dict[str, Any]


def wait_until(look: Callable[[], T | None], what: str, seconds: float = 60.0) -> T:
    """Look again and again until there is something true to see.

    Raises:
        AssertionError: there was not, for so many seconds; Microsoft's engine has longer.
    """
    seconds += functions_host.LOST_MESSAGE_SECONDS
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain: {what}"
        time.sleep(0.02)


def coming_back(ask: Callable[[], httpx.Response]) -> httpx.Response:
    """Ask again while the answer is 503, as it says: one Azurite serves app and Microsoft's engine, and may be busy."""
    for _ in range(functions_host.TRIES - 1):
        response = ask()
        if response.status_code != 503:
            return response
        time.sleep(float(response.headers["Retry-After"]))
    return ask()


@dataclass
class Stack:
    """Azurite (given), the simulated ARM and Key Vault, and a host with the application.

    `settings` are added to the host's environment; `host` is the module that runs it; `topic` says whether there is
    an Event Grid topic; `arm_options` are more of the simulator's. The folder keeps state and logs.
    """

    folder: Path
    azurite: str
    speed: float = 600.0
    settings: dict[str, str] = field(default_factory=dict)
    host: str = functions_host.MODULE
    topic: bool = False
    arm_options: tuple[str, ...] = ()
    children: dict[str, Child] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)

    @cached_property
    def certificates(self) -> Certificates:
        return ensure_certificates(self.folder / "certificates")

    @cached_property
    def arm(self) -> httpx.Client:
        """The simulator's admin endpoint."""
        context = ssl.create_default_context(cafile=self.certificates.authority)
        return httpx.Client(base_url=self.urls["arm"], verify=context, timeout=30)

    @cached_property
    def api(self) -> httpx.Client:
        """The service's API; the host may be restarted on the same port."""
        return httpx.Client(base_url=self.urls["host"] + API, timeout=30)

    def events(self, image_id: str) -> list[Json]:
        """What the topic was sent about an image, in the order in which it came."""
        context = ssl.create_default_context(cafile=self.certificates.authority)
        answer = httpx.get(f"{self.urls['topic']}/_topic/events", verify=context)
        return [event for event in answer.json()["value"] if event["data"]["imageId"] == image_id]

    def disturb_topic(self, **fault: Any) -> None:
        """Let the next requests to the topic go wrong, see `local.topic.app`."""
        context = ssl.create_default_context(cafile=self.certificates.authority)
        assert httpx.post(f"{self.urls['topic']}/_topic/faults", json=fault, verify=context).status_code == 201

    def start(self) -> None:
        tls = ["--certificate", str(self.certificates.certificate), "--private-key", str(self.certificates.private_key)]
        state = str(self.folder / "arm.sqlite")
        self._launch("arm", ["-m", "local.arm", "--state", state, "--speed", str(self.speed), *self.arm_options, *tls])
        self._await("arm")
        vault = ["--state", str(self.folder / "vault.sqlite"), "--key-file", str(self.folder / "vault.key")]
        self._launch("vault", ["-m", "local.vault", "--port", "0", *vault, *tls])
        self._await("vault")
        if self.topic:
            self._launch("topic", ["-m", "local.topic", *tls])
            self._await("topic")
        self.start_host()

    def start_host(self) -> None:
        """Start the host, on the port it had before if it was started before, and wait until it answers."""
        self.launch_host()
        self.await_host()

    def launch_host(self, name: str = "host", *options: str) -> None:
        """Start the host, or a further one with options of its own, and don't wait."""
        port = self.urls.get(name, ":0").rpartition(":")[2]
        command = ["-m", self.host, "--app", str(ROOT), "--port", port, "--state", str(self.host_state), *options]
        self._launch(name, command, self.environment)

    def await_host(self, name: str = "host") -> None:
        """Wait until the host answers."""
        self._await(name)

    def kill_host(self, name: str = "host") -> None:
        """End the host as a crash does: first what it is made of, so that no half of it answers for the other."""
        host = psutil.Process(self.children[name].pid)
        for each in (*host.children(), host):
            each.kill()
        self.children[name].stop()

    @property
    def host_state(self) -> Path:
        """The state file of the durable engine, or that with the name of its task hub."""
        return self.folder / "host.sqlite"

    @property
    def environment(self) -> dict[str, str]:
        bundle = self.certificates.bundle
        usual = host_settings(self.azurite, self.urls["arm"], self.urls["vault"], bundle, self.urls.get("topic"))
        quick = {"ARM_POLL_SECONDS": "0.05", "RETRY_BASE_SECONDS": "0.1", "FAILED_KEEP_SECONDS": "0"}
        extra = {"MULTI_TENANT_CLIENT_ID": MULTI_TENANT_APP, **functions_host.SETTINGS}
        return usual | quick | extra | self.settings

    def stop(self) -> None:
        for client in ("arm", "api"):
            if client in self.__dict__:
                getattr(self, client).close()
        for child in reversed(self.children.values()):
            child.stop()

    def log(self, name: str = "host") -> str:
        return self.children[name].log.read_text(errors="replace")

    def _launch(self, name: str, command: list[str], environment: dict[str, str] | None = None) -> None:
        child = Child(
            name, [sys.executable, *command], self.folder, cwd=ROOT, env=inherited_environment() | (environment or {})
        )
        child.start()
        self.children[name] = child

    def _await(self, name: str) -> None:
        child = self.children[name]

        def announced() -> str | None:
            assert child.exit_status is None, f"{name} did not start:\n{child.log_tail()}"
            return announced_url(child)

        self.urls[name] = wait_until(announced, f"{name} to start", START_SECONDS)


@contextmanager
def running_stack(folder: Path, azurite: str | None = None, **options: Any) -> Iterator[Stack]:
    """A stack for the time of the block; with a storage emulator of its own if none is given.

    A stack's timers go through all that is in its tables, so what others left there would cost it time.
    """
    with ExitStack() as cleanup:
        if azurite is None:
            azurite = cleanup.enter_context(running_azurite()).connection_string
        stack = Stack(folder, azurite, **options)
        cleanup.callback(stack.stop)
        stack.start()
        yield stack


@dataclass
class Tenant:
    """An org with a subscription of its own, so that tests keep out of each other's way."""

    stack: Stack
    org: str = field(default_factory=lambda: f"org-{uuid4().hex[:12]}")
    subscription: str = field(default_factory=lambda: str(uuid4()))

    def set_up(self, **overrides: Any) -> "Tenant":
        """PUT the provider instance."""
        body = {
            "displayName": "Desktops",
            "subscriptionId": self.subscription,
            "tenantId": "00000000-0000-0000-0000-0000000000aa",
            "region": "eastus",
            "subnetId": f"/subscriptions/{self.subscription}/resourceGroups/rg-desktops/providers/Microsoft.Network"
            "/virtualNetworks/vnet-desktops/subnets/desktops",
            "rdpSourceAddressRanges": ["10.0.0.0/8"],
            "maxRunningBuilds": 1000,  # nobody waits, unless a test is about that
            **overrides,
        }
        self.ok("PUT", "/provider-instances/desktops", json=body)
        return self

    def hear(self, schema: str = "CloudEventSchemaV1_0") -> "Tenant":
        """Let Azure's events of the subscription reach the host."""
        body = {**hook(self.subscription, self.stack.urls["host"]), "schema": schema}
        answer = self.stack.arm.put(f"/_sim/events/{self.subscription}", json=body)
        assert answer.json()["state"] == "Succeeded", answer.text
        return self

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        params = {"org_id": self.org, **options.pop("params", {})}
        return self.stack.api.request(method, path, params=params, **options)

    def ok(self, method: str, path: str, **options: Any) -> Json:
        response = coming_back(lambda: self.request(method, path, **options))
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        body: Json = response.json()
        return body

    def import_body(self, **overrides: Any) -> Json:
        data = {"publisher": "MicrosoftWindowsDesktop", "offer": "windows-11", "sku": "win11-24h2-avd"}
        body = {
            "assetDetails": {
                "data": {**data, "version": "latest", **overrides.pop("data", {})},
                "options": {"createPublicIp": False, **overrides.pop("options", {})},
                "type": "AZURE_VM_IN_RG",
                "vmInfo": {"username": "builder", "password": list(PASSWORD)},
            },
            "gpuType": "NONE",
            "orgId": self.org,
            "os": "Windows 11 Enterprise multi-session, 24H2",
            "osType": "WVD",
            "providerInstanceId": "desktops",
            "providerLabel": "AZURE",
            "sourceStreamType": "AZURE_MARKET_PLACE",
            "streamDescription": "From an end-to-end test",
            "streamName": f"Image-{uuid4().hex[:8]}",
            "versionDescription": "The first",
            "versionSource": "0.0",
            "versionType": "MAJOR",
        }
        return {**body, **overrides}

    def submit(self, **overrides: Any) -> "Import":
        response = self.request("POST", "/images", json=self.import_body(**overrides))
        assert response.status_code == 202, response.text
        return Import(self, response.json(), response.headers["Operation-Location"])

    def fault(self, action: Json, **rule: Any) -> Json:
        """Disturb calls of this subscription only; `path` is what follows it. Returns what to `mend`."""
        path = f"{self.subscription}.*{rule.pop('path', '')}"
        answer = self.stack.arm.post("/_sim/faults", json={"action": action, "path": path, **rule})
        assert answer.status_code == 201, answer.text
        fault: Json = answer.json()["value"][0]
        return fault

    def mend(self, fault: Json) -> None:
        """Let a disturbance end."""
        answer = self.stack.arm.delete(f"/_sim/faults/{fault['id']}")
        assert answer.is_success, answer.text

    def machines(self) -> list[str]:
        """The ids of our virtual machines."""
        return [each for each in self.inventory() if each.lower().split("/")[-2] == "virtualmachines"]

    def inventory(self) -> list[str]:
        """The ids of what exists in the subscription beyond its seeds."""
        answer = self.stack.arm.get("/_sim/inventory", params={"subscription": self.subscription}).json()
        ids = [resource["id"] for resource in answer["value"]]
        return [each for each in ids if "/rg-img-" in each.lower()]

    def calls(self) -> list[Json]:
        """The calls to ARM so far, for this subscription."""
        answer = self.stack.arm.get("/_sim/calls", params={"path": self.subscription}).json()
        return list(answer["calls"])


@dataclass
class Import:
    """An import that was accepted: the create response, and where its operation is."""

    tenant: Tenant
    created: Json
    operation_location: str

    @property
    def operation(self) -> Json:
        response = coming_back(lambda: self.tenant.stack.api.get(self.operation_location))
        assert response.status_code == 200, response.text
        body: Json = response.json()
        return body

    def ended(self, seconds: float = 60.0) -> Json:
        """The operation, once it has ended."""

        def look() -> Json | None:
            operation = self.operation
            return operation if operation["status"] in ("Succeeded", "Failed", "Canceled") else None

        return wait_until(look, f"operation {self.operation_location} to end", seconds)

    @property
    def image(self) -> Json:
        return self.tenant.ok("GET", f"/images/{self.created['streamId']}")

    @property
    def version(self) -> Json:
        return self.tenant.ok("GET", f"/images/{self.created['streamId']}/versions/{self.created['versionId']}")

    @property
    def copy(self) -> Json:
        path = f"/images/{self.created['streamId']}/versions/{self.created['versionId']}/copies"
        return self.tenant.ok("GET", f"{path}/{self.created['assetId']}")

    @property
    def history(self) -> list[Json]:
        """The transitions, the oldest first."""
        page = self.tenant.ok("GET", f"/images/{self.created['streamId']}/history", params={"size": "100"})
        return list(reversed(page["value"]))
