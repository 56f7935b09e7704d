"""What each error code of Azure means: whether it may pass, and what a person does about it.

From the error references of Azure Resource Manager, compute and network, and from what people report of them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.errors.azure import ErrorKind

_K = ErrorKind


@dataclass(frozen=True, slots=True)
class Rule:
    """What an error means.

    Attributes:
        kind: whether it may pass, and how.
        advice: what a person does about it; empty where Azure's own message says it, or nothing is to be done.
        wait: seconds that it lasts at least, where that is known.
    """

    kind: ErrorKind
    advice: str = ""
    wait: float | None = None


_BUY = (
    "Check that the subscription may buy from the Azure Marketplace (payment method, enterprise agreement, private "
    "offer), and that the plan's terms are accepted."
)
_OUR_MISTAKE = "This is a defect of the image catalog: please report it with the correlation id."
_NO_IMAGE = "Choose another image or version: `GET /image-sources` lists what the region has."
_NO_SIZE = "Choose another `vmSize`, or another region."
_QUOTA = "Ask for a higher quota (Azure portal, Quotas) or choose a smaller `vmSize`."
_GUEST = "The image does not start as Windows or Linux images on Azure must; choose another one."
_ROLE = "Give the image catalog's identity a role that allows it; a new assignment takes up to five minutes."
_SIGN_IN = "Check the managed identity of the image catalog, and that the subscription is in its tenant."
_CONSENT = (
    "Let an administrator of that tenant consent to the app registration in MULTI_TENANT_CLIENT_ID, and check that "
    "the managed identity is its federated credential."
)
_CORRECT = "Correct what Azure names, and send the request again."

RULES: Mapping[str, Rule] = {
    # What is asked for cannot be had.
    "MarketplacePurchaseEligibilityFailed": Rule(_K.PERMANENT, _BUY),
    "ResourcePurchaseValidationFailed": Rule(_K.PERMANENT, _BUY),
    "VMMarketplaceInvalidInput": Rule(_K.PERMANENT, _OUR_MISTAKE),
    "InvalidParameter": Rule(_K.PERMANENT, _CORRECT),
    "BadRequest": Rule(_K.PERMANENT, _CORRECT),
    "PropertyChangeNotAllowed": Rule(_K.PERMANENT, _OUR_MISTAKE),
    "PlatformImageNotFound": Rule(_K.PERMANENT, _NO_IMAGE),
    "ImageNotFound": Rule(_K.PERMANENT, _NO_IMAGE),
    "ArtifactNotFound": Rule(_K.PERMANENT, _NO_IMAGE),
    "ArtifactVersionNotFound": Rule(_K.PERMANENT, _NO_IMAGE),
    "NotFound": Rule(_K.PERMANENT),
    "ResourceNotFound": Rule(_K.PERMANENT),
    "SkuNotAvailable": Rule(_K.PERMANENT, _NO_SIZE),
    "NotAvailableForSubscription": Rule(_K.PERMANENT, _NO_SIZE),
    "QuotaExceeded": Rule(_K.PERMANENT, _QUOTA),
    "ResourceQuotaExceeded": Rule(_K.PERMANENT, _QUOTA),
    "PublicIPCountLimitReached": Rule(_K.PERMANENT, _QUOTA),
    "OperationNotAllowed": Rule(_K.PERMANENT),
    "OSProvisioningClientError": Rule(_K.PERMANENT, _GUEST),
    "VMExtensionProvisioningError": Rule(_K.PERMANENT, "The extension itself failed; its message says why."),
    "VMExtensionHandlerNonTransientError": Rule(_K.PERMANENT, "The extension itself failed; its message says why."),
    # Who we are, and what we may do.
    "AuthorizationFailed": Rule(_K.PERMANENT, _ROLE),
    "LinkedAuthorizationFailed": Rule(_K.PERMANENT, _ROLE),
    "RequestDisallowedByPolicy": Rule(_K.PERMANENT, "Ask who owns the Azure policy for an exemption."),
    "ScopeLocked": Rule(_K.PERMANENT, "Remove the lock, or use another subscription or resource group."),
    "SubscriptionNotAuthorizedForImage": Rule(_K.PERMANENT, _NO_IMAGE),
    "SubscriptionNotFound": Rule(_K.PERMANENT, _SIGN_IN),
    "InvalidAuthenticationToken": Rule(_K.PERMANENT, _SIGN_IN),
    "InvalidAuthenticationTokenTenant": Rule(_K.PERMANENT, _SIGN_IN),
    "ExpiredAuthenticationToken": Rule(_K.PERMANENT, _SIGN_IN),
    "AuthenticationFailed": Rule(_K.PERMANENT, _SIGN_IN),
    "SignInRefused": Rule(_K.PERMANENT, _CONSENT),  # ours, for what Microsoft Entra ID says of another tenant
    "MissingSubscriptionRegistration": Rule(
        _K.PERMANENT, "Register the resource provider: `az provider register --namespace <name>`."
    ),
    # No room right now.
    "AllocationFailed": Rule(_K.CAPACITY),
    "ZonalAllocationFailed": Rule(_K.CAPACITY),
    "OverconstrainedAllocationRequest": Rule(_K.CAPACITY),
    "OverconstrainedZonalAllocationRequest": Rule(_K.CAPACITY),
    # The platform's own trouble.
    "OSProvisioningTimedOut": Rule(_K.OUTAGE, wait=300.0),  # it often comes up a few minutes late
    "OSProvisioningInternalError": Rule(_K.OUTAGE),
    "VMStartTimedOut": Rule(_K.OUTAGE),
    "VMRedeploymentTimedOut": Rule(_K.OUTAGE),
    "VMExtensionProvisioningTimeout": Rule(_K.OUTAGE),
    "VMExtensionManagementInternalError": Rule(_K.OUTAGE),
    "VMAgentStatusCommunicationError": Rule(_K.OUTAGE),
    "ResourceUpdateBlockedOnPlatformUpdate": Rule(_K.OUTAGE),
    "NetworkingInternalOperationError": Rule(_K.OUTAGE),
    "InternalOperationError": Rule(_K.OUTAGE),
    "InternalServerError": Rule(_K.OUTAGE),
    "ServerTimeout": Rule(_K.OUTAGE),
    "GatewayTimeout": Rule(_K.OUTAGE),
    "StorageAccountTooBusy": Rule(_K.OUTAGE),
    "DiskImageNotReady": Rule(_K.OUTAGE),
    "GalleryReplicationJobsFailed": Rule(_K.OUTAGE),
    "ResourceGroupNotFound": Rule(_K.OUTAGE),  # a group just made is not known everywhere at once
    "Canceled": Rule(_K.OUTAGE),
    # Held by something that ends by itself.
    "Conflict": Rule(_K.BUSY),
    "AnotherOperationInProgress": Rule(_K.BUSY),
    "OperationPreempted": Rule(_K.BUSY),
    "ReferencedResourceNotProvisioned": Rule(_K.BUSY),
    "RetryableError": Rule(_K.BUSY),
    "ResourceGroupBeingDeleted": Rule(_K.BUSY),
    "InUseSubnetCannotBeDeleted": Rule(_K.BUSY),
    "InUseNetworkSecurityGroupCannotBeDeleted": Rule(_K.BUSY),
    "NicInUse": Rule(_K.BUSY),
    "PublicIPAddressCannotBeDeleted": Rule(_K.BUSY),
    "NicReservedForAnotherVm": Rule(_K.BUSY, wait=180.0),  # Azure keeps a NIC for its VM for so long
    "GalleryImageNotFound": Rule(_K.BUSY),  # right after it was published
    "ParentResourceNotFound": Rule(_K.BUSY),  # a gallery or definition just made is not known everywhere at once
    "CannotDeleteResource": Rule(_K.BUSY),  # what was in it is gone, but not everywhere at once
    # Too many requests.
    "TooManyRequests": Rule(_K.THROTTLED),
    "SubscriptionRequestsThrottled": Rule(_K.THROTTLED),
    "ResourceRequestsThrottled": Rule(_K.THROTTLED),
}
"""By Azure's error code."""

AFTER_ACCEPTANCE: Mapping[str, Rule] = {
    # Refused at once, the size is not for us. Failing later, there was no room for it.
    "SkuNotAvailable": Rule(_K.CAPACITY),
}
"""What codes mean that come from a long-running operation, where that differs."""

OVERLOADED: Mapping[str, Sequence[tuple[re.Pattern[str], str]]] = {
    "OperationNotAllowed": (
        (re.compile(r"quota|exceeding approved", re.IGNORECASE), "QuotaExceeded"),
        (re.compile(r"another operation|in progress|being (updated|deleted|modified)|marked for deletion",
                    re.IGNORECASE), "AnotherOperationInProgress"),
    ),
    "Conflict": (
        (re.compile(r"has a different .+ than the parent gallery image|OS State in the parent|already exists",
                    re.IGNORECASE), "InvalidParameter"),
    ),
}  # fmt: skip
"""Codes that say several things: what the message matches tells which code it should have been."""

BY_MESSAGE: Sequence[tuple[re.Pattern[str], str]] = (
    (re.compile(r"gallery replication jobs failed", re.IGNORECASE), "GalleryReplicationJobsFailed"),
    (re.compile(r"too many requests on source", re.IGNORECASE), "TooManyRequests"),
)
"""What people report with varying codes, or none: the message alone tells."""

BY_STATUS: Mapping[int, Rule] = {
    401: Rule(_K.PERMANENT, _SIGN_IN),
    403: Rule(_K.PERMANENT, _ROLE),
    408: Rule(_K.OUTAGE),
    412: Rule(_K.BUSY),  # somebody, perhaps an earlier try of ours, was quicker
    429: Rule(_K.THROTTLED),
    500: Rule(_K.OUTAGE),
    502: Rule(_K.OUTAGE),
    503: Rule(_K.OUTAGE),
    504: Rule(_K.OUTAGE),
}
"""For codes that are not in `RULES`; any other status is permanent."""
