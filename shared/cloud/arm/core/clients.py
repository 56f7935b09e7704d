"""The SDK's clients for one subscription.

The management SDKs cost most of a second to import, so each is imported when a client of it is first needed. Built,
a client costs next to nothing, and all of them share their connections.

The managed identity belongs to one tenant, and so do the subscriptions that images are built in. Only the source of
a copy may be in another tenant; there we are an app registration which that tenant has let in.
"""

from enum import Enum
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from shared.cloud.arm.core.pacing import PacingPolicy, limits_of
from shared.cloud.identity import App, credential, credential_in
from shared.cloud.importing import IMPORTING
from shared.cloud.transport import BrokenConnectionRetry, transport
from shared.errors.azure import PermanentError
from shared.settings import Settings
from shared.workflow.jobs.job import Job
from shared.workflow.pace import Pace

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.core.rest import HttpResponse
    from azure.mgmt.compute import ComputeManagementClient
    from azure.mgmt.marketplaceordering import MarketplaceOrderingAgreements
    from azure.mgmt.resource.resources import ResourceManagementClient

_CONNECT_SECONDS = 5.0
_READ_SECONDS = 30.0
_SUBSCRIPTIONS = 256
"""Whose clients are kept."""


class Arm:
    """Azure Resource Manager, in one subscription.

    Attributes:
        credential: who we are there.
        scope: what its tokens are asked for.
        guest: who we are in another tenant, whose resources the calls refer to as well.
        limits: what Azure lets us ask there.
    """

    def __init__(
        self,
        settings: Settings,
        subscription_id: str,
        credential: "TokenCredential",
        guest: "TokenCredential | None" = None,
        tenant_id: str = "",
    ) -> None:
        self.endpoint = settings.arm_endpoint
        self.subscription_id = subscription_id
        self.credential = credential
        self.scope = f"{settings.arm_audience}/.default"
        self.guest = guest
        tempo = settings.pace.retry_seconds / Pace().retry_seconds
        self.limits = limits_of(settings.arm_endpoint, subscription_id, tenant_id, tempo)

    @cached_property
    def compute(self) -> "ComputeManagementClient":
        """Virtual machines and all that is theirs."""
        with IMPORTING:
            from azure.mgmt.compute import ComputeManagementClient

        return ComputeManagementClient(**self._options())

    @cached_property
    def resources(self) -> "ResourceManagementClient":
        """Resource groups, and any resource by its id."""
        with IMPORTING:
            from azure.mgmt.resource.resources import ResourceManagementClient

        return ResourceManagementClient(**self._options())

    @cached_property
    def marketplace(self) -> "MarketplaceOrderingAgreements":
        """The terms of Marketplace plans."""
        with IMPORTING:
            from azure.mgmt.marketplaceordering import MarketplaceOrderingAgreements

        return MarketplaceOrderingAgreements(**self._options())

    def get(self, url: str, options: dict[str, Any]) -> "HttpResponse":
        """One GET of a URL of Azure Resource Manager, whatever the answer."""
        with IMPORTING:
            from azure.core.rest import HttpRequest

        return self.resources.send_request(HttpRequest("GET", url), **options)

    def _options(self) -> dict[str, Any]:
        with IMPORTING:
            from azure.mgmt.core.policies import AuxiliaryAuthenticationPolicy

        guests = [AuxiliaryAuthenticationPolicy([self.guest], self.scope)] if self.guest else []
        return {
            "credential": self.credential,
            "subscription_id": self.subscription_id,
            "base_url": self.endpoint,
            "credential_scopes": [self.scope],
            "transport": transport(_CONNECT_SECONDS, _READ_SECONDS),
            # Only reads may be sent twice: a PUT whose answer got lost is looked for by the next try of its step.
            "retry_policy": BrokenConnectionRetry("GET"),
            "per_call_policies": [PacingPolicy(self.limits)],
            "per_retry_policies": guests,
        }


class ArmClients:
    """The clients of every subscription that is asked for."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.subscription = lru_cache(maxsize=_SUBSCRIPTIONS)(self._subscription)
        self.in_tenant = lru_cache(maxsize=_SUBSCRIPTIONS)(self._in_tenant)
        self.with_guest_of = lru_cache(maxsize=_SUBSCRIPTIONS)(self._with_guest_of)

    @property
    def reaches_other_tenants(self) -> bool:
        """Whether there is an app registration that other tenants may have let in."""
        return self._settings.multi_tenant_client_id is not None

    def _subscription(self, subscription_id: str) -> Arm:
        """A subscription in our own tenant."""
        return Arm(self._settings, subscription_id, credential(self._settings.client_id))

    def _in_tenant(self, subscription_id: str, tenant_id: str) -> Arm:
        """A subscription in another tenant.

        Raises:
            PermanentError: the deployment has no app registration for that.
        """
        return Arm(self._settings, subscription_id, self._guest(tenant_id), tenant_id=tenant_id)

    def _with_guest_of(self, subscription_id: str, tenant_id: str) -> Arm:
        """A subscription in our own tenant, for calls that refer to resources in another one.

        Raises:
            PermanentError: the deployment has no app registration for that.
        """
        ours = credential(self._settings.client_id)
        return Arm(self._settings, subscription_id, ours, self._guest(tenant_id))

    def _guest(self, tenant_id: str) -> "TokenCredential":
        client_id = self._settings.multi_tenant_client_id
        if client_id is None:
            raise cross_tenant_not_configured(tenant_id)
        return credential_in(tenant_id, App(client_id, self._settings.client_id, self._settings.authority))


def cross_tenant_not_configured(tenant_id: str) -> PermanentError:
    """What to set up so that sources in another tenant can be read."""
    return PermanentError(
        "CrossTenantNotConfigured",
        f"The source is in another tenant ({tenant_id}), and the image catalog is set up for its own only. Make a "
        "multi-tenant app registration with the function app's user-assigned managed identity as its federated "
        "credential, name it in MULTI_TENANT_CLIENT_ID, and let an administrator of the other tenant consent to it.",
    )


def about(job: Job) -> dict[str, Any]:
    """The options of a call for a job: Azure's activity log will name our operation as the correlation id."""
    return {"headers": {"x-ms-correlation-request-id": job.operation_id}}


def text(value: str | None, otherwise: str = "") -> str:
    """The wire's text of what the SDK may give as an enum, whose `str()` would name its Python member."""
    return str(value.value) if isinstance(value, Enum) else value or otherwise
