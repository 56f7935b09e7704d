"""What stands in for Azure in tests: started once in a session, at the first test that needs it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.arm.options import Options
from local.arm.server import running
from local.azurite import AzuriteError, running_azurite
from local.certificates import BUNDLE_VARIABLES, Certificates, ensure_certificates
from local.vault import VaultFiles, running_vault
from shared.cloud.identity import credential

SIMULATED_SPEED = 600.0
"""Simulated seconds per second: an import of ten minutes takes one."""


class ArmSimulator:
    """A simulator of Azure Resource Manager, and its admin endpoint."""

    def __init__(self, url: str, admin: httpx.Client) -> None:
        self.url = url
        self._admin = admin

    def admin(self, method: str, path: str, body: Any = None) -> Any:
        """One request to `/_sim`; its JSON answer, or None."""
        response = self._admin.request(method, f"/_sim/{path}", json=body)
        response.raise_for_status()
        return response.json() if response.content else None


@pytest.fixture(name="azurite", scope="session")
def _azurite() -> Iterator[str]:
    """The connection string of a storage emulator; tests keep apart by partitions of their own."""
    try:
        with running_azurite() as azurite:
            yield azurite.connection_string
    except AzuriteError as error:
        pytest.fail(str(error))


@pytest.fixture(name="certificates", scope="session")
def _certificates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Certificates]:
    """Certificates for 127.0.0.1, which the HTTP clients of this process trust from now on."""
    certificates = ensure_certificates(tmp_path_factory.mktemp("certificates"))
    with pytest.MonkeyPatch.context() as environment:
        for name in BUNDLE_VARIABLES:
            environment.setenv(name, str(certificates.bundle))
        yield certificates


@pytest.fixture(name="simulator", scope="session")
def _simulator(certificates: Certificates) -> Iterator[ArmSimulator]:
    """Azure Resource Manager; tests keep apart by subscriptions of their own. Its identity endpoint is ours, too."""
    options = Options(speed=SIMULATED_SPEED, certificate=certificates.certificate, private_key=certificates.private_key)
    with (
        running(options) as simulator,
        httpx.Client(base_url=simulator.url) as admin,
        pytest.MonkeyPatch.context() as environment,
    ):
        environment.setenv("IDENTITY_ENDPOINT", f"{simulator.url}/msi/token")
        environment.setenv("IDENTITY_HEADER", "tests")
        credential.cache_clear()  # of whoever this process was before
        yield ArmSimulator(simulator.url, admin)


@pytest.fixture(name="key_vault", scope="session")
def _key_vault(certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a simulated Key Vault; its tokens come from the simulator's managed identity."""
    folder: Path = tmp_path_factory.mktemp("vault")
    files = VaultFiles(folder / "state", folder / "key", certificates.certificate, certificates.private_key)
    with running_vault(files) as url:
        yield url
