"""The store of secrets."""

from typing import Protocol


class SecretStore(Protocol):
    """Where secrets are kept for as long as an operation needs them. Methods may raise `SecretUnavailable`."""

    def put(self, name: str, value: str) -> None:
        """Keep a secret; `name` has letters, digits and dashes."""
        ...

    def get(self, name: str) -> str:
        """The secret.

        Raises:
            SecretUnavailable: there is none of that name, or the store is away.
        """
        ...

    def delete(self, name: str) -> None:
        """Forget a secret; one that is gone already is fine."""
        ...
