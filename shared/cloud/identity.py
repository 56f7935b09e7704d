"""Who we are to Azure: one credential in a process, and one more for each other tenant that has let us in.

In the cloud, as on the simulator, the platform offers an identity endpoint, and `ManagedIdentityCredential` asks
that one endpoint. `DefaultAzureCredential` would try half a dozen sources first, slowly, and would fall back to
whichever answers: an identity must not depend on what happens to be installed. A developer who runs the functions
against real Azure has no such endpoint; there, and only there, the chain that finds `az login` is right.

In another tenant a managed identity is nobody. There we sign in as an app registration that the tenant has let in;
the managed identity is its federated credential, so no secret is kept anywhere.
"""

import base64
import binascii
import json
import logging
import os
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from azure.core.credentials import TokenCredential

from shared.cloud.importing import IMPORTING
from shared.cloud.transport import transport

_log = logging.getLogger(__name__)

_ENDPOINTS = ("IDENTITY_ENDPOINT", "MSI_ENDPOINT")
"""What App Service and Azure Functions set where a managed identity is to be had."""
_EXCHANGE_AUDIENCES = {
    "login.microsoftonline.us": "api://AzureADTokenExchangeUSGov",
    "login.partner.microsoftonline.cn": "api://AzureADTokenExchangeChina",
}
"""What a token is asked for that stands in for a secret, by the authority's host, where it is not the usual."""
_EXCHANGE_AUDIENCE = "api://AzureADTokenExchange"
_CONNECT_SECONDS = 2.0
_READ_SECONDS = 5.0


@cache
def credential(client_id: str | None) -> TokenCredential:
    """The process's credential; `client_id` is that of a user-assigned managed identity, if it is one."""
    with IMPORTING:
        from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

    if any(os.environ.get(name) for name in _ENDPOINTS):
        # Whoever asks for a token has a retry of its own: waiting here would hold a worker for nothing.
        return ManagedIdentityCredential(
            client_id=client_id, transport=transport(_CONNECT_SECONDS, _READ_SECONDS), retry_total=1
        )
    _log.warning("No managed identity here: signing in as a developer, with DefaultAzureCredential")
    return DefaultAzureCredential(managed_identity_client_id=client_id)


@dataclass(frozen=True, slots=True)
class App:
    """An app registration of ours that other tenants may let in.

    Attributes:
        client_id: the app registration's own.
        federated: the client id of the managed identity that is its federated credential; None for the only one.
        authority: URL of where its tokens come from.
    """

    client_id: str
    federated: str | None
    authority: str

    @property
    def exchange_scope(self) -> str:
        """The scope of the managed identity's token that proves to the authority who we are."""
        host = urlsplit(self.authority).hostname or ""
        return f"{_EXCHANGE_AUDIENCES.get(host, _EXCHANGE_AUDIENCE)}/.default"


@cache
def credential_in(tenant_id: str, app: App) -> TokenCredential:
    """Our credential in another tenant."""
    with IMPORTING:
        from azure.identity import ClientAssertionCredential

    def assertion() -> str:
        return credential(app.federated).get_token(app.exchange_scope).token

    # This credential asks the authority for nothing but tokens: there is no instance discovery to switch off.
    return ClientAssertionCredential(
        tenant_id,
        app.client_id,
        assertion,
        authority=app.authority,
        transport=transport(_CONNECT_SECONDS, _READ_SECONDS),
        retry_total=1,
    )


def principal(token: str) -> str:
    """Whose token it is, for people: the ids that a role is assigned to. The token is not checked, only read."""
    try:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        object_id, client_id = claims["oid"], claims.get("appid") or claims.get("azp")
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        return "The image catalog's identity"
    named = f"object id {object_id}" + (f", client id {client_id}" if client_id else "")
    return f"The image catalog's identity ({named})"
