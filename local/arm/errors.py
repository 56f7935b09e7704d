"""ARM's error answers, and the codes of its front door.

Every code stands once, in a function that writes the message ARM writes. The codes of a resource provider are in the
`errors.py` beside it. Shape: ``{"error": {"code", "message", "target"?, "details"?}}``.
"""

from collections.abc import Iterable, Mapping

from .calls import Answer, Call, Json


class ArmError(Exception):
    """A refusal with its status and body; raised in the effect of an operation, it is that operation's failure."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        target: str | None = None,
        details: Iterable[Json] = (),
        headers: Mapping[str, str] | None = None,
        wrapped: bool = True,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.status, self.code, self.message = status, code, message
        self.target, self.details = target, list(details)
        self.headers, self.wrapped = dict(headers or {}), wrapped

    def document(self) -> Json:
        """The error object itself."""
        body: Json = {"code": self.code, "message": self.message}
        if self.target is not None:
            body["target"] = self.target
        if self.details:
            body["details"] = self.details
        return body

    def answer(self) -> Answer:
        """The response; the compute provider's throttling answers are not wrapped in `error`."""
        body = self.document()
        return Answer(self.status, {"error": body} if self.wrapped else body, dict(self.headers))


def authentication_missing() -> ArmError:
    """No bearer token came with the request."""
    challenge = 'Bearer authorization_uri="https://login.windows.net/common", error="invalid_token"'
    return ArmError(
        401,
        "AuthenticationFailed",
        "Authentication failed. The 'Authorization' header is missing.",
        headers={"WWW-Authenticate": challenge},
    )


def token_invalid(reason: str, code: str = "InvalidAuthenticationToken") -> ArmError:
    """A bearer token came, and cannot be used."""
    challenge = 'Bearer authorization_uri="https://login.windows.net/common", error="invalid_token"'
    return ArmError(401, code, reason, headers={"WWW-Authenticate": challenge})


def wrong_tenant(issued: str, tenant: str) -> ArmError:
    """The token is of another tenant than the subscription."""
    authority = f"https://login.windows.net/{tenant}"
    message = (
        f"The access token is from the wrong issuer 'https://sts.windows.net/{issued}/'. It must match the tenant "
        f"'https://sts.windows.net/{tenant}/' associated with this subscription. Please use the authority (URL) "
        f"'{authority}' to get the token."
    )
    challenge = f'Bearer authorization_uri="{authority}", error="invalid_token", error_description="Wrong issuer."'
    return ArmError(401, "InvalidAuthenticationTokenTenant", message, headers={"WWW-Authenticate": challenge})


def authorization_failed(client: Json, operation: str, scope: str) -> ArmError:
    """The caller's permissions do not cover the operation; `client` are the claims of its token."""
    return ArmError(
        403,
        "AuthorizationFailed",
        f"The client '{client['appid']}' with object id '{client['oid']}' does not have authorization to perform "
        f"action '{operation}' over scope '{scope}' or the scope is invalid. If access was recently granted, please "
        "refresh your credentials.",
    )


def linked_tenant(call: Call, action: str, linked: str, subscription: str) -> ArmError:
    """A write names a resource of another tenant, and no token for that one came with it."""
    return ArmError(
        403,
        "LinkedAuthorizationFailed",
        f"The client '{call.client['appid']}' with object id '{call.client['oid']}' has permission to perform action "
        f"'{action}' on scope '{linked}', however the current tenant '{call.client['tid']}' is not "
        f"authorized to access linked subscription '{subscription}'.",
    )


def linked_permission(call: Call, client: Json, action: str, linked: str) -> ArmError:
    """A write names a resource that the caller, known there by the claims `client`, may not use."""
    return ArmError(
        403,
        "LinkedAuthorizationFailed",
        f"The client '{client['appid']}' with object id '{client['oid']}' has permission to perform action "
        f"'{call.operation}' on scope '{call.path}'; however, it does not have permission to perform action(s) "
        f"'{action}' on the linked scope(s) '{linked}' (respectively) or the linked scope(s) are invalid.",
    )


def invalid_subscription(subscription: str) -> ArmError:
    """The subscription's id is not a GUID."""
    message = f"The provided subscription identifier '{subscription}' is malformed or invalid."
    return ArmError(400, "InvalidSubscriptionId", message)


def subscription_not_found(subscription: str) -> ArmError:
    """No such subscription (only with --strict-subscriptions)."""
    return ArmError(404, "SubscriptionNotFound", f"The subscription '{subscription}' could not be found.")


def not_registered(subscription: str, namespace: str) -> ArmError:
    """The subscription has not registered the resource provider."""
    return ArmError(
        409,
        "MissingSubscriptionRegistration",
        f"The subscription is not registered to use namespace '{namespace}'. "
        "See https://aka.ms/rps-not-found for how to register subscriptions.",
        details=[{"code": "MissingSubscriptionRegistration", "target": namespace, "message": subscription}],
    )


def missing_api_version() -> ArmError:
    """ARM answers nothing without an api-version."""
    message = "The api-version query parameter (?api-version=) is required for all requests."
    return ArmError(400, "MissingApiVersionParameter", message)


def invalid_api_version(version: str, supported: Iterable[str]) -> ArmError:
    """The api-version is no date, or one that ARM's own resources do not have."""
    known = ",".join(sorted(supported))
    message = f"The api-version '{version}' is invalid. The supported versions are '{known}'."
    return ArmError(400, "InvalidApiVersionParameter", message)


def no_registered_provider(kind: str, version: str, location: str, supported: Iterable[str]) -> ArmError:
    """A resource provider does not know the api-version for this type."""
    known = ", ".join(sorted(supported))
    return ArmError(
        400,
        "NoRegisteredProviderFound",
        f"No registered resource provider found for location '{location}' and API version '{version}' for type "
        f"'{kind}'. The supported api-versions are '{known}'.",
    )


def unknown_namespace(namespace: str, operation: str) -> ArmError:
    """The simulator has nothing of this resource provider."""
    message = f"The resource namespace '{namespace}' is invalid. The simulator does not serve '{operation}'."
    return ArmError(404, "InvalidResourceNamespace", message)


def unknown_type(namespace: str, version: str, operation: str) -> ArmError:
    """The simulator has the resource provider, but not this type or action."""
    return ArmError(
        404,
        "InvalidResourceType",
        f"The resource type could not be found in the namespace '{namespace}' for api version '{version}'. "
        f"The simulator does not serve '{operation}'.",
    )


def method_not_allowed(method: str, operation: str) -> ArmError:
    """The path exists, the verb on it does not."""
    message = (
        f"The requested resource does not support http method '{method}'. The simulator does not serve '{operation}'."
    )
    return ArmError(405, "MethodNotAllowed", message)


def invalid_content(reason: str) -> ArmError:
    """The body is not JSON, not an object, or lacks what every resource has."""
    return ArmError(
        400, "InvalidRequestContent", f"The request content was invalid and could not be deserialized: '{reason}'."
    )


def location_required() -> ArmError:
    """A tracked resource came without `location`."""
    return ArmError(400, "LocationRequired", "The location property is required for this definition.")


def location_not_available(location: str, kind: str, regions: Iterable[str]) -> ArmError:
    """The region does not exist, or does not have this type."""
    return ArmError(
        400,
        "LocationNotAvailableForResourceType",
        f"The provided location '{location}' is not available for resource type '{kind}'. "
        f"List of available regions for the resource type is '{','.join(regions)}'.",
    )


def location_mismatch(name: str, group: str, existing: str, wanted: str) -> ArmError:
    """A resource cannot move by being written with another location."""
    return ArmError(
        409,
        "InvalidResourceLocation",
        f"The resource '{name}' already exists in location '{existing}' in resource group '{group}'. A resource "
        "with the "
        f"same name cannot be created in location '{wanted}'. Please select a new resource name.",
    )


def group_not_found(group: str) -> ArmError:
    """No such resource group."""
    return ArmError(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")


def group_being_deleted(group: str) -> ArmError:
    """Nothing can be written into a group on its way out."""
    return ArmError(
        409,
        "ResourceGroupBeingDeleted",
        f"The resource group '{group}' is in deprovisioning state and cannot perform this operation.",
    )


def resource_not_found(kind: str, name: str, group: str) -> ArmError:
    """No such resource."""
    return ArmError(
        404,
        "ResourceNotFound",
        f"The Resource '{kind}/{name}' under resource group '{group}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    )


def resource_id_invalid(resource_id: str) -> ArmError:
    """What ought to be the id of a resource is none."""
    return ArmError(400, "InvalidResourceId", f"The resource id '{resource_id}' is not valid.")


def parent_not_found(parent: str) -> ArmError:
    """A nested resource whose parent does not exist."""
    message = f"Can not perform requested operation on nested resource. Parent resource '{parent}' not found."
    return ArmError(404, "ParentResourceNotFound", message)


def precondition_failed() -> ArmError:
    """If-Match or If-None-Match does not hold."""
    message = "The condition specified using HTTP conditional header(s) is not met."
    return ArmError(412, "PreconditionFailed", message)


def another_operation(target: str, url: str) -> ArmError:
    """Two writes on one resource."""
    return ArmError(
        409,
        "AnotherOperationInProgress",
        "Another operation on this or dependent resource is in progress. To retrieve status of the operation use "
        f"uri: {url}",
        details=[{"code": "AnotherOperationInProgress", "target": target, "message": url}],
    )


def operation_not_found(operation: str) -> ArmError:
    """The record of a long-running operation is gone, or never was."""
    return ArmError(404, "NotFound", f"The operation '{operation}' was not found.")


def operation_url_damaged() -> ArmError:
    """The simulator's own: a polling URL was cut or changed on its way through the caller."""
    return ArmError(400, "InvalidOperationUrl", "The signature of the operation's URL is incomplete or does not match.")


def subscription_throttled(kind: str, seconds: float) -> ArmError:
    """ARM's own limit per subscription and principal."""
    message = (
        f"Number of '{kind}' requests for the subscription exceeded the limit. Please try again after "
        f"'{seconds:.0f}' seconds."
    )
    return ArmError(429, "SubscriptionRequestsThrottled", message)


def not_simulated(what: str) -> ArmError:
    """The simulator's own: Azure can do this, the simulator cannot."""
    return ArmError(501, "NotSimulated", f"The simulator does not serve {what}.")
