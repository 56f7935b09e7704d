"""What is started, with which settings: Azurite, Resource Manager, Key Vault, Event Grid, the Functions host."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from local.azurite import AzuriteProcess, Ports
from local.certificates import BUNDLE_VARIABLES, Certificates, ensure_certificates
from local.child import Child
from local.run import samples
from local.run.events import subscribe
from local.run.ports import HOST, USUAL, choose_ports
from local.run.services import Services, announced_url

ROOT = Path(__file__).resolve().parents[2]
_TITLES = {
    "host": "Functions host",
    "arm": "Resource Manager",
    "vault": "Key Vault",
    "topic": "Event Grid topic",
    "blob": "Blob storage",
    "queue": "Queue storage",
    "table": "Table storage",
}
Say = Callable[[str], None]
_OWN_AZURE = ("AZURE_", "IDENTITY_", "MSI_", "ARM_")
"""Prefixes of variables that a developer may have set for the real Azure; none of them may reach the services."""


@dataclass(frozen=True)
class Options:
    """What the command line chose; paths are absolute."""

    speed: float
    once: bool
    usual_ports: bool
    app: Path
    data: Path

    @property
    def logs(self) -> Path:
        """The folder of the services' logs."""
        return self.data / "logs"


@dataclass(frozen=True)
class Stack:
    """Where the services answer."""

    host: str
    arm: str
    vault: str
    bundle: Path


class Builder:
    """Starts the services of one run, in order, and says so."""

    def __init__(self, options: Options, running: Services, state_lock: int, say: Say) -> None:
        self._options = options
        self._running = running
        self._state_lock = state_lock
        self._say = say

    async def start(self) -> Stack:
        """Start everything. Raises ServiceFailed, AzuriteError (not installed)."""
        options = self._options
        options.logs.mkdir(parents=True, exist_ok=True)
        certificates = ensure_certificates(options.data / "certificates")
        ports = self._ports()
        storage = Ports(ports["blob"], ports["queue"], ports["table"])
        azurite = AzuriteProcess(options.logs, options.data / "azurite", storage, [self._state_lock])
        arm = self._python("arm", _arm_arguments(options, certificates, ports["arm"]))
        vault = self._python("vault", _vault_arguments(options, certificates, ports["vault"]))
        topic = self._python("topic", ["--port", str(ports["topic"]), *_pem_arguments(certificates)])
        for child in (azurite.child, arm, vault, topic):
            self._running.start(child)
        connection = (await self._running.ready(azurite.child, azurite.poll)).connection_string
        self._say(f"  Storage           {', '.join(f'http://{HOST}:{port}' for port in storage)} (blob, queue, table)")
        arm_url = await self._answering(arm)
        vault_url = await self._answering(vault)
        topic_url = await self._answering(topic)
        settings = host_settings(connection, arm_url, vault_url, certificates.bundle, topic_url)
        host = self._python("host", _host_arguments(options, ports["host"]), settings | {"RESOURCE_EVENTS": "true"})
        self._running.start(host)
        host_url = await self._answering(host)
        await self._subscribe(arm_url, certificates, host_url)
        return Stack(host_url, arm_url, vault_url, certificates.bundle)

    async def _subscribe(self, arm_url: str, certificates: Certificates, host_url: str) -> None:
        """Let events of the sample's subscription wake operations."""
        subscription = samples.provider_instance()["subscriptionId"]
        if await subscribe(arm_url, certificates.authority, subscription, host_url):
            self._say(f"  Resource events   of the subscription {subscription}")

    def _ports(self) -> dict[str, int]:
        usual = self._options.usual_ports
        ports = choose_ports(self._options.data / "ports.json", usual=usual)
        for name, port in ports.items():
            if usual and port != USUAL[name]:
                self._say(f"  {_TITLES[name]} is on port {port}: {USUAL[name]} is taken, or was in the run before")
        return ports

    def _python(self, name: str, arguments: list[str], settings: dict[str, str] | None = None) -> Child:
        command = [sys.executable, "-m", f"local.{name}", *arguments]
        environment = inherited_environment() | (settings or {})
        return Child(name, command, self._options.logs, cwd=ROOT, env=environment, keep_fds=[self._state_lock])

    async def _answering(self, child: Child) -> str:
        url = await self._running.ready(child, partial(announced_url, child))
        self._say(f"  {_TITLES[child.name]:<17} {url}")
        return url


def inherited_environment() -> dict[str, str]:
    """Return this process's environment, without settings for the real Azure, and with no proxy for this machine."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(_OWN_AZURE)}
    for name in ("NO_PROXY", "no_proxy"):
        kept[name] = ",".join(filter(None, (kept.get(name), HOST, "localhost")))
    return kept


def host_settings(
    connection: str, arm_url: str, vault_url: str, bundle: Path, topic_url: str | None = None
) -> dict[str, str]:
    """Return the app settings; local.settings.sample.json has the same for Core Tools."""
    return {
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "AzureWebJobsStorage": connection,
        "ARM_ENDPOINT": arm_url,
        "ARM_AUDIENCE": "https://management.azure.com",
        "AZURE_AUTHORITY_HOST": arm_url,
        "KEY_VAULT_URL": vault_url,
        "KEY_VAULT_VERIFY_CHALLENGE_RESOURCE": "false",
        "IDENTITY_ENDPOINT": f"{arm_url}/msi/token",
        "IDENTITY_HEADER": "local",
        "PYTHON_THREADPOOL_THREAD_COUNT": "32",
        # Simulated time is fast, so the waits are short.
        "ARM_POLL_SECONDS": "0.2",
        "RETRY_BASE_SECONDS": "0.5",
        **({"EVENT_GRID_TOPIC_ENDPOINT": f"{topic_url}/api/events"} if topic_url else {}),
        **dict.fromkeys(BUNDLE_VARIABLES, str(bundle)),
    }


def _pem_arguments(certificates: Certificates) -> list[str]:
    return ["--certificate", str(certificates.certificate), "--private-key", str(certificates.private_key)]


def _arm_arguments(options: Options, certificates: Certificates, port: int) -> list[str]:
    state = options.data / "arm.sqlite"
    own = ["--port", str(port), "--state", str(state), "--speed", str(options.speed)]
    return [*own, *_pem_arguments(certificates)]


def _vault_arguments(options: Options, certificates: Certificates, port: int) -> list[str]:
    files = ["--state", str(options.data / "vault.sqlite"), "--key-file", str(options.data / "vault.key")]
    return ["--port", str(port), *files, *_pem_arguments(certificates)]


def _host_arguments(options: Options, port: int) -> list[str]:
    return ["--app", str(options.app), "--port", str(port), "--state", str(options.data / "host.sqlite")]
