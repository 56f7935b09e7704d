"""Administrators' passwords in Azure Key Vault, for as long as an operation needs them."""

import time
from datetime import UTC, datetime, timedelta
from typing import Self

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError, ResourceNotFoundError
from azure.keyvault.secrets import SecretClient

from shared.cloud.identity import credential
from shared.cloud.transport import BrokenConnectionRetry, transport
from shared.errors.services import SecretMissing, SecretUnavailable
from shared.settings import Settings

_CONNECT_SECONDS = 2.0
_READ_SECONDS = 5.0
_LIFETIME = timedelta(days=1)
"""After which a secret counts as expired, many times the longest operation: a mark for whoever cleans up by hand.

Key Vault does not delete what has expired, nor refuse to give it out; so its deletion is seen to."""
_CONTENT_TYPE = "text/plain; charset=utf-8"
_PURGE_PAUSES = (0.5, 1.0, 2.0)
"""Seconds between tries to purge. A vault takes a moment to delete a secret, and purges none before that."""
_WILL_NOT_PURGE = (400, 403)
"""Purge protection, or no permission to purge."""
_NOT_DELETED_YET = (404, 409)


class KeyVaultSecretStore:
    """A `SecretStore` in one vault. No message of ours holds a secret."""

    def __init__(self, client: SecretClient) -> None:
        self._client = client

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The vault of the settings."""
        return cls(
            SecretClient(
                settings.key_vault_url,
                credential(settings.client_id),
                verify_challenge_resource=settings.verify_key_vault_challenge,
                transport=transport(_CONNECT_SECONDS, _READ_SECONDS),
                retry_policy=BrokenConnectionRetry("GET", "PUT", "DELETE"),
            )
        )

    def put(self, name: str, value: str) -> None:
        """See `SecretStore.put`."""
        expires = datetime.now(UTC) + _LIFETIME
        try:
            self._client.set_secret(name, value, expires_on=expires, content_type=_CONTENT_TYPE)
        except AzureError as error:
            raise _unavailable(name, "kept", error) from error

    def get(self, name: str) -> str:
        """See `SecretStore.get`."""
        try:
            return self._client.get_secret(name).value or ""
        except ResourceNotFoundError as error:
            raise SecretMissing(f"The secret {name} is not in the vault any more.") from error
        except AzureError as error:
            raise _unavailable(name, "read", error) from error

    def delete(self, name: str) -> None:
        """See `SecretStore.delete`.

        A deleted secret is purged too, where the vault allows it. One that a vault will not purge, or is still busy
        deleting, can be read by nobody: the vault purges it at the end of its retention.
        """
        try:
            self._purge(name, _PURGE_PAUSES if self._delete(name) else ())
        except AzureError as error:
            raise _unavailable(name, "deleted", error) from error

    def _delete(self, name: str) -> bool:
        """Whether there was one to delete. If not, who deleted it may have died before purging it."""
        try:
            self._client.begin_delete_secret(name)
        except ResourceNotFoundError:
            return False
        return True

    def _purge(self, name: str, pauses: tuple[float, ...]) -> None:
        for pause in (*pauses, 0.0):
            try:
                self._client.purge_deleted_secret(name)
            except HttpResponseError as error:
                if error.status_code in _WILL_NOT_PURGE:
                    return
                if error.status_code not in _NOT_DELETED_YET:
                    raise
            else:
                return
            time.sleep(pause)


def _unavailable(name: str, wish: str, error: AzureError) -> SecretUnavailable:
    if isinstance(error, ResourceNotFoundError):
        return SecretUnavailable(f"There is no secret {name} in the vault.")
    if isinstance(error, ClientAuthenticationError) or getattr(error, "status_code", None) == 403:
        return SecretUnavailable(
            f"The secret {name} could not be {wish}: the vault does not let us in. The identity needs the role "
            "Key Vault Secrets Officer, and the vault must admit our network."
        )
    what = f"answers {error.status_code}" if isinstance(error, HttpResponseError) else "does not answer"
    return SecretUnavailable(f"The secret {name} could not be {wish}: the vault {what} ({type(error).__name__}).")
