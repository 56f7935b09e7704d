"""A simulated Key Vault: the data plane for secrets, as far as the image catalog uses it.

It speaks to the real `azure-keyvault-secrets` client. What it lacks (recover, backup, update of properties) is
answered with 501. Secrets are encrypted at rest and never logged.
"""

from local.vault.server import VaultFiles, running_vault

__all__ = ["VaultFiles", "running_vault"]
