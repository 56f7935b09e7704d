"""Who we are to Azure: one credential in a process.

In the cloud, as on the simulator, the platform offers an identity endpoint, and `ManagedIdentityCredential` asks
that one endpoint. `DefaultAzureCredential` would try half a dozen sources first, slowly, and would fall back to
whichever answers: an identity must not depend on what happens to be installed. A developer who runs the functions
against real Azure has no such endpoint; there, and only there, the chain that finds `az login` is right.
"""

import logging
import os
from functools import cache

from azure.core.credentials import TokenCredential

from shared.cloud.transport import transport

_log = logging.getLogger(__name__)

_ENDPOINTS = ("IDENTITY_ENDPOINT", "MSI_ENDPOINT")
"""What App Service and Azure Functions set where a managed identity is to be had."""
_CONNECT_SECONDS = 2.0
_READ_SECONDS = 5.0


@cache
def credential(client_id: str | None) -> TokenCredential:
    """The process's credential; `client_id` is that of a user-assigned managed identity, if it is one."""
    from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

    if any(os.environ.get(name) for name in _ENDPOINTS):
        # Whoever asks for a token has a retry of its own: waiting here would hold a worker for nothing.
        return ManagedIdentityCredential(
            client_id=client_id, transport=transport(_CONNECT_SECONDS, _READ_SECONDS), retry_total=1
        )
    _log.warning("No managed identity here: signing in as a developer, with DefaultAzureCredential")
    return DefaultAzureCredential(managed_identity_client_id=client_id)
