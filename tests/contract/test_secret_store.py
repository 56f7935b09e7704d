"""What every SecretStore does: the fake in memory and Key Vault answer alike."""

import time

import pytest
from azure.keyvault.secrets import SecretClient

from shared.cloud.identity import credential
from shared.cloud.key_vault import KeyVaultSecretStore
from shared.errors.services import SecretUnavailable
from shared.ports.secrets import SecretStore
from shared.settings import Settings
from tests.builders import new_id
from tests.conftest import ArmSimulator
from tests.fakes import FakeSecretStore

PASSWORD = "P\"ä'ss wörd\\1 {}"


def vault(url: str) -> KeyVaultSecretStore:
    return KeyVaultSecretStore.from_settings(Settings(key_vault_url=url, verify_key_vault_challenge=False))


@pytest.fixture(name="client")
def _client(key_vault: str, simulator: ArmSimulator) -> SecretClient:
    """The vault as an administrator sees it."""
    return SecretClient(key_vault, credential(None), verify_challenge_resource=False)


@pytest.fixture(name="secrets", params=["memory", "key vault"])
def _secrets(request: pytest.FixtureRequest) -> SecretStore:
    if request.param == "memory":
        return FakeSecretStore()
    request.getfixturevalue("simulator")  # its managed identity gives the tokens
    return vault(request.getfixturevalue("key_vault"))


@pytest.fixture(name="name")
def _name() -> str:
    return f"vm-{new_id()}"


def test_a_secret_comes_back_as_it_was_put(secrets: SecretStore, name: str) -> None:
    secrets.put(name, PASSWORD)
    assert secrets.get(name) == PASSWORD


def test_a_second_put_replaces_the_first(secrets: SecretStore, name: str) -> None:
    secrets.put(name, "first")
    secrets.put(name, "second")
    assert secrets.get(name) == "second"


def test_a_secret_that_is_not_there_is_unavailable(secrets: SecretStore, name: str) -> None:
    with pytest.raises(SecretUnavailable, match=name):
        secrets.get(name)


def test_a_deleted_secret_is_gone_and_deleting_it_again_is_fine(secrets: SecretStore, name: str) -> None:
    secrets.put(name, PASSWORD)
    secrets.delete(name)
    secrets.delete(name)
    with pytest.raises(SecretUnavailable):
        secrets.get(name)


def test_deleting_what_never_was_is_fine(secrets: SecretStore, name: str) -> None:
    secrets.delete(name)


def test_in_the_vault_a_secret_expires_and_is_purged_when_deleted(
    key_vault: str, client: SecretClient, name: str
) -> None:
    secrets = vault(key_vault)
    secrets.put(name, PASSWORD)
    expires = client.get_secret(name).properties.expires_on
    assert expires is not None
    assert 3600 < expires.timestamp() - time.time() <= 24 * 3600
    secrets.delete(name)
    assert name not in [secret.name for secret in client.list_deleted_secrets()]


def test_a_secret_whose_deleter_died_before_purging_it_is_purged(
    key_vault: str, client: SecretClient, name: str
) -> None:
    secrets = vault(key_vault)
    secrets.put(name, PASSWORD)
    client.begin_delete_secret(name)
    secrets.delete(name)
    assert name not in [secret.name for secret in client.list_deleted_secrets()]


def test_a_vault_that_is_away_is_named_without_the_secret(simulator: ArmSimulator, name: str) -> None:
    secrets = vault("https://127.0.0.1:1")
    for call in (lambda: secrets.put(name, PASSWORD), lambda: secrets.get(name), lambda: secrets.delete(name)):
        with pytest.raises(SecretUnavailable, match=name) as caught:
            call()
        assert PASSWORD not in str(caught.value)
