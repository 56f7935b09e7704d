"""What the vault must not let through: requests without a token, and secrets in its files and output."""

import logging
import stat
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.keyvault.secrets import SecretClient

from local.vault import VaultFiles
from local.vault.store import Properties, SecretStore, VaultKeyError

CANARY = "canary-7f3a-Passw0rd!"


def test_the_secret_is_not_in_the_files(client: SecretClient, vault_files: VaultFiles) -> None:
    """No file of the vault has the secret in clear, and only the owner can read the key."""
    client.set_secret("vm-1", CANARY)
    client.begin_delete_secret("vm-1").wait()

    files = [path for path in vault_files.state.parent.iterdir() if path.is_file()]

    assert vault_files.state in files
    assert not [path.name for path in files if CANARY.encode() in path.read_bytes()]
    assert stat.S_IMODE(vault_files.key_file.stat().st_mode) == 0o600


def test_the_secret_is_not_in_the_logs(client: SecretClient, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing that the vault or the client logs, at any level, has the secret."""
    with caplog.at_level(logging.DEBUG):
        client.set_secret("vm-1", CANARY)
        client.get_secret("vm-1")

    assert caplog.records
    assert CANARY not in caplog.text


def test_a_request_without_a_token_is_challenged(get: Callable[..., httpx.Response]) -> None:
    """The answer says for which resource a token is needed, as the SDK expects it."""
    response = get("/secrets?api-version=7.6")

    assert response.status_code == 401
    assert 'resource="https://vault.azure.net"' in response.headers["WWW-Authenticate"]
    assert response.json()["error"]["code"] == "Unauthorized"


def test_a_token_for_another_service_is_refused(vault_url: str, connect_to: Callable[..., SecretClient]) -> None:
    """A token for ARM does not open the vault."""
    client = connect_to(vault_url, audience="https://management.azure.com")

    with pytest.raises(ClientAuthenticationError, match="Invalid audience"):
        client.get_secret("vm-1")


def test_an_expired_token_is_refused(vault_url: str, connect_to: Callable[..., SecretClient]) -> None:
    """The claim `exp` counts."""
    client = connect_to(vault_url, lifetime=-60)

    with pytest.raises(ClientAuthenticationError, match="expired"):
        client.get_secret("vm-1")


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "e30.W10.", "e30.gICA."])
def test_a_broken_token_is_refused(get: Callable[..., httpx.Response], token: str) -> None:
    """What is not a JSON Web Token is a 401, not a crash."""
    response = get("/secrets?api-version=7.6", token)

    assert response.status_code == 401


@pytest.mark.parametrize("query", ["", "?api-version=latest"])
def test_the_api_version_is_required(
    get: Callable[..., httpx.Response], make_token: Callable[..., str], query: str
) -> None:
    """A request without a version, or with none that could be one, is a 400."""
    response = get(f"/secrets{query}", make_token())

    assert (response.status_code, response.json()["error"]["code"]) == (400, "BadParameter")


def test_another_key_does_not_open_the_state(tmp_path: Path) -> None:
    """The vault refuses to start with a key that is not the state's."""
    store = SecretStore(tmp_path / "state", tmp_path / "key")
    store.set("vm-1", CANARY, Properties())
    store.close()

    with pytest.raises(VaultKeyError, match="not the key"):
        SecretStore(tmp_path / "state", tmp_path / "other-key")
