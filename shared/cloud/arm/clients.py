"""The SDK's clients for one subscription.

The management SDKs cost most of a second to import, so each is imported when a client of it is first needed. Built,
a client costs next to nothing, and all of them share their connections. The managed identity belongs to one tenant,
so nothing here depends on the tenant that a provider instance names.
"""

from enum import Enum
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from shared.cloud.identity import credential
from shared.cloud.transport import BrokenConnectionRetry, transport
from shared.models.steps import ImportJob
from shared.settings import Settings

if TYPE_CHECKING:
    from azure.core.rest import HttpResponse
    from azure.mgmt.compute import ComputeManagementClient
    from azure.mgmt.marketplaceordering import MarketplaceOrderingAgreements
    from azure.mgmt.resource.resources import ResourceManagementClient

_CONNECT_SECONDS = 5.0
_READ_SECONDS = 30.0
_SUBSCRIPTIONS = 256
"""Whose clients are kept."""


class Arm:
    """Azure Resource Manager, in one subscription."""

    def __init__(self, settings: Settings, subscription_id: str) -> None:
        self.endpoint = settings.arm_endpoint
        self.subscription_id = subscription_id
        self._settings = settings

    @cached_property
    def compute(self) -> "ComputeManagementClient":
        """Virtual machines and all that is theirs."""
        from azure.mgmt.compute import ComputeManagementClient

        return ComputeManagementClient(**self._options())

    @cached_property
    def resources(self) -> "ResourceManagementClient":
        """Resource groups, and any resource by its id."""
        from azure.mgmt.resource.resources import ResourceManagementClient

        return ResourceManagementClient(**self._options())

    @cached_property
    def marketplace(self) -> "MarketplaceOrderingAgreements":
        """The terms of Marketplace plans."""
        from azure.mgmt.marketplaceordering import MarketplaceOrderingAgreements

        return MarketplaceOrderingAgreements(**self._options())

    def get(self, url: str, options: dict[str, Any]) -> "HttpResponse":
        """One GET of a URL of Azure Resource Manager, whatever the answer."""
        from azure.core.rest import HttpRequest

        return self.resources.send_request(HttpRequest("GET", url), **options)

    def _options(self) -> dict[str, Any]:
        return {
            "credential": credential(self._settings.client_id),
            "subscription_id": self.subscription_id,
            "base_url": self.endpoint,
            "credential_scopes": [f"{self._settings.arm_audience}/.default"],
            "transport": transport(_CONNECT_SECONDS, _READ_SECONDS),
            # Only reads may be sent twice: a PUT whose answer got lost is looked for by the next try of its step.
            "retry_policy": BrokenConnectionRetry("GET"),
        }


class ArmClients:
    """The clients of every subscription that is asked for."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.subscription = lru_cache(maxsize=_SUBSCRIPTIONS)(self._subscription)

    def _subscription(self, subscription_id: str) -> Arm:
        return Arm(self._settings, subscription_id)


def about(job: ImportJob) -> dict[str, Any]:
    """The options of a call for a job: Azure's activity log will name our operation as the correlation id."""
    return {"headers": {"x-ms-correlation-request-id": job.operation_id}}


def text(value: str | None, otherwise: str = "") -> str:
    """The wire's text of what the SDK may give as an enum, whose `str()` would name its Python member."""
    return str(value.value) if isinstance(value, Enum) else value or otherwise
