"""What becomes of the vault's refusals."""

from typing import Any, cast

import pytest
from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.keyvault.secrets import SecretClient

from shared.cloud.key_vault import KeyVaultSecretStore
from shared.errors.services import SecretUnavailable

PASSWORD = "Canary-9f4e-Passw0rd"


class Vault:
    """A client whose calls end as told; what is not told succeeds."""

    def __init__(self, **answers: list[AzureError | None]) -> None:
        self._answers = answers
        self.calls: list[str] = []

    def _call(self, name: str) -> None:
        self.calls.append(name)
        remaining = self._answers.get(name)
        if remaining and (error := remaining.pop(0)):
            raise error

    def set_secret(self, name: str, value: str, **options: Any) -> None:
        self._call("set_secret")

    def get_secret(self, name: str) -> None:
        self._call("get_secret")

    def begin_delete_secret(self, name: str) -> None:
        self._call("begin_delete_secret")

    def purge_deleted_secret(self, name: str) -> None:
        self._call("purge_deleted_secret")


@pytest.fixture(name="slept", autouse=True)
def _slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []
    monkeypatch.setattr("shared.cloud.key_vault.time.sleep", slept.append)
    return slept


def status(code: int) -> HttpResponseError:
    error = HttpResponseError("refused")
    error.status_code = code
    return error


def store(vault: Vault) -> KeyVaultSecretStore:
    return KeyVaultSecretStore(cast("SecretClient", vault))


@pytest.mark.parametrize("error", [status(429), status(503), AzureError("broken"), ClientAuthenticationError("no")])
def test_every_refusal_is_named_without_the_secret(error: AzureError) -> None:
    with pytest.raises(SecretUnavailable, match="vm-1") as caught:
        store(Vault(set_secret=[error])).put("vm-1", PASSWORD)
    assert PASSWORD not in str(caught.value)
    with pytest.raises(SecretUnavailable):
        store(Vault(get_secret=[error])).get("vm-1")
    with pytest.raises(SecretUnavailable):
        store(Vault(begin_delete_secret=[error])).delete("vm-1")


@pytest.mark.parametrize("error", [ClientAuthenticationError("no"), status(403)])
def test_who_may_not_enter_is_told_which_role_is_missing(error: AzureError) -> None:
    with pytest.raises(SecretUnavailable, match="Key Vault Secrets Officer"):
        store(Vault(set_secret=[error])).put("vm-1", PASSWORD)


def test_a_vault_that_is_still_deleting_is_asked_again_to_purge(slept: list[float]) -> None:
    vault = Vault(purge_deleted_secret=[status(409), status(404), None])
    store(vault).delete("vm-1")
    assert vault.calls.count("purge_deleted_secret") == 3
    assert slept == [0.5, 1.0]


def test_a_vault_that_keeps_deleting_is_left_to_its_retention(slept: list[float]) -> None:
    vault = Vault(purge_deleted_secret=[status(409)] * 10)
    store(vault).delete("vm-1")
    assert sum(slept) < 10


@pytest.mark.parametrize("refusal", [400, 403], ids=["purge protection", "no permission"])
def test_a_vault_that_will_not_purge_is_fine(refusal: int, slept: list[float]) -> None:
    store(Vault(purge_deleted_secret=[status(refusal)])).delete("vm-1")
    assert not slept


def test_what_is_gone_is_purged_once_more_and_not_waited_for(slept: list[float]) -> None:
    gone = ResourceNotFoundError("gone")
    vault = Vault(begin_delete_secret=[gone], purge_deleted_secret=[status(404)])
    store(vault).delete("vm-1")
    assert vault.calls == ["begin_delete_secret", "purge_deleted_secret"]


def test_a_purge_that_broke_is_not_passed_over() -> None:
    with pytest.raises(SecretUnavailable):
        store(Vault(purge_deleted_secret=[status(500)])).delete("vm-1")
