"""What the vault refuses, in Key Vault's words.

* VaultError
  - BadParameter
  - Unauthorized
  - SecretNotFound
  - DeletedSecretNotFound
  - SecretDisabled
  - NameIsDeleted
  - NotSimulated

Codes and texts as the service sends them, read from reports of its users.
"""

from typing import Any, ClassVar


class VaultError(Exception):
    """A refusal: its text is the message for the client, and never holds a secret."""

    status: ClassVar[int]
    code: ClassVar[str]
    inner_code: ClassVar[str | None] = None

    def body(self) -> dict[str, Any]:
        """Return the response's body."""
        error: dict[str, Any] = {"code": self.code, "message": str(self)}
        if self.inner_code is not None:
            error["innererror"] = {"code": self.inner_code}
        return {"error": error}

    def headers(self) -> dict[str, str]:
        """Return the headers that belong to this refusal."""
        return {}


class BadParameter(VaultError):
    """The request itself is wrong."""

    status = 400
    code = "BadParameter"


class Unauthorized(VaultError):
    """There is no token, or not one for this vault; the answer says where to get one."""

    status = 401
    code = "Unauthorized"

    def __init__(self, message: str, challenge: str) -> None:
        super().__init__(message)
        self._challenge = challenge

    def headers(self) -> dict[str, str]:
        """Return the challenge that the client's credential answers."""
        return {"WWW-Authenticate": self._challenge}


class SecretNotFound(VaultError):
    """No secret has this name, or none this version."""

    status = 404
    code = "SecretNotFound"

    def __init__(self, identifier: str) -> None:
        super().__init__(
            f"A secret with (name/id) {identifier} was not found in this key vault. If you recently deleted this "
            "secret you may be able to recover it using the correct recovery command. For help resolving this issue, "
            "please see https://go.microsoft.com/fwlink/?linkid=2125182"
        )


class DeletedSecretNotFound(VaultError):
    """No deleted secret has this name."""

    status = 404
    code = "SecretNotFound"

    def __init__(self, name: str) -> None:
        super().__init__(f"Deleted Secret not found: {name}")


class SecretDisabled(VaultError):
    """The secret exists, but was set with `enabled` false."""

    status = 403
    code = "Forbidden"
    inner_code = "SecretDisabled"

    def __init__(self) -> None:
        super().__init__("Operation get is not allowed on a disabled secret.")


class NameIsDeleted(VaultError):
    """A deleted secret keeps its name until it is purged."""

    status = 409
    code = "Conflict"
    inner_code = "ObjectIsDeletedButRecoverable"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Secret {name} is currently in a deleted but recoverable state, and its name cannot be reused; "
            "in this state, the secret can only be recovered or purged."
        )


class NotSimulated(VaultError):
    """Key Vault has this operation, the simulator does not."""

    status = 501
    code = "NotImplemented"

    def __init__(self, operation: str) -> None:
        super().__init__(f"The simulated vault has no {operation}")
