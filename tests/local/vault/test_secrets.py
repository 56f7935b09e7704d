"""The vault as the real Key Vault client sees it."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.keyvault.secrets import SecretClient

from local.vault import VaultFiles, running_vault


def test_a_secret_comes_back_with_its_properties(client: SecretClient) -> None:
    """What set_secret was given is what get_secret returns."""
    ends = datetime(2031, 5, 4, 3, 2, 1, tzinfo=UTC)
    client.set_secret("vm-1", "s3cret", content_type="password", tags={"operation": "op-1"}, expires_on=ends)

    secret = client.get_secret("vm-1")

    assert (secret.value, secret.name) == ("s3cret", "vm-1")
    assert secret.properties.content_type == "password"
    assert secret.properties.tags == {"operation": "op-1"}
    assert secret.properties.expires_on == ends
    assert secret.properties.enabled is True
    assert secret.properties.recovery_level == "Recoverable+Purgeable"


def test_setting_again_adds_a_version(client: SecretClient) -> None:
    """The newest version is the default, an older one is still there by its version."""
    first = client.set_secret("vm-1", "one")
    second = client.set_secret("vm-1", "two")

    assert client.get_secret("vm-1").value == "two"
    assert client.get_secret("vm-1", first.properties.version).value == "one"
    versions = [item.version for item in client.list_properties_of_secret_versions("vm-1")]
    assert versions == [first.properties.version, second.properties.version]


def test_names_are_not_case_sensitive(client: SecretClient) -> None:
    """VM-1 and vm-1 are one secret."""
    client.set_secret("VM-1", "one")
    client.set_secret("vm-1", "two")

    assert client.get_secret("Vm-1").value == "two"
    assert len(list(client.list_properties_of_secrets())) == 1


def test_listing_pages_through_all_secrets_once(client: SecretClient) -> None:
    """More secrets than fit a page all arrive, without their values."""
    for number in range(7):
        client.set_secret(f"vm-{number}", f"value-{number}")

    pages = [[item.name for item in page] for page in client.list_properties_of_secrets(max_page_size=3).by_page()]

    assert [len(page) for page in pages] == [3, 3, 1]
    assert [name for page in pages for name in page] == [f"vm-{number}" for number in range(7)]


def test_an_unknown_secret_is_not_found(client: SecretClient) -> None:
    """The client raises ResourceNotFoundError, with Key Vault's code."""
    with pytest.raises(ResourceNotFoundError, match=r"secret with \(name/id\) vm-1 was not found") as caught:
        client.get_secret("vm-1")

    assert caught.value.error is not None
    assert caught.value.error.code == "SecretNotFound"


def test_an_unknown_version_is_not_found(client: SecretClient) -> None:
    """A version of another secret does not count."""
    client.set_secret("vm-1", "one")
    other = client.set_secret("vm-2", "two")

    with pytest.raises(ResourceNotFoundError):
        client.get_secret("vm-1", other.properties.version)


def test_a_disabled_secret_is_forbidden(client: SecretClient) -> None:
    """A secret set with enabled=False cannot be read."""
    client.set_secret("vm-1", "one", enabled=False)

    with pytest.raises(HttpResponseError, match="not allowed on a disabled secret") as caught:
        client.get_secret("vm-1")

    assert caught.value.status_code == 403


def test_a_deleted_secret_keeps_its_name_until_it_is_purged(client: SecretClient) -> None:
    """Delete hides the secret and blocks its name; purge frees it."""
    client.set_secret("vm-1", "one")
    poller = client.begin_delete_secret("vm-1")
    poller.wait()

    assert poller.result().recovery_id == f"{client.vault_url}/deletedsecrets/vm-1"
    with pytest.raises(ResourceNotFoundError):
        client.get_secret("vm-1")
    with pytest.raises(ResourceExistsError, match="deleted but recoverable state"):
        client.set_secret("vm-1", "two")
    assert [item.name for item in client.list_properties_of_secrets()] == []
    assert [item.name for item in client.list_deleted_secrets()] == ["vm-1"]

    client.purge_deleted_secret("vm-1")

    assert list(client.list_deleted_secrets()) == []
    assert client.set_secret("vm-1", "three").value == "three"


@pytest.mark.parametrize("action", ["begin_delete_secret", "get_deleted_secret", "purge_deleted_secret"])
def test_what_does_not_exist_cannot_be_deleted(client: SecretClient, action: str) -> None:
    """Deleting or purging an unknown secret is a 404."""
    with pytest.raises(ResourceNotFoundError):
        getattr(client, action)("vm-1")


def test_a_bad_name_is_refused(client: SecretClient) -> None:
    """Names have letters, digits and dashes."""
    with pytest.raises(HttpResponseError, match="invalid name: vm_1") as caught:
        client.set_secret("vm_1", "one")

    assert caught.value.status_code == 400


def test_a_value_that_is_too_long_is_refused_without_showing_it(client: SecretClient) -> None:
    """Key Vault's limit is 25 KiB, and the message does not repeat the value."""
    with pytest.raises(HttpResponseError, match="longer than 25600 bytes") as caught:
        client.set_secret("vm-1", "canary" * 5000)

    assert "canary" not in str(caught.value)


def test_what_is_not_simulated_fails_loudly(client: SecretClient) -> None:
    """An operation that the vault lacks is a 501 that names it, not a 404."""
    client.set_secret("vm-1", "one")

    with pytest.raises(HttpResponseError, match="no POST /secrets/vm-1/backup") as caught:
        client.backup_secret("vm-1")

    assert caught.value.status_code == 501


def test_secrets_outlive_the_process(vault_files: VaultFiles, connect_to: Callable[..., SecretClient]) -> None:
    """A vault that is started again on the same files has the same secrets."""
    with running_vault(vault_files) as url:
        connect_to(url).set_secret("vm-1", "one")

    with running_vault(vault_files) as url:
        assert connect_to(url).get_secret("vm-1").value == "one"
