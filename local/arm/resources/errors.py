"""The error codes of Microsoft.Resources."""

from ..errors import ArmError


def invalid_group_name(name: str) -> ArmError:
    """The name has characters, a length or an end that ARM does not take."""
    return ArmError(
        400,
        "InvalidResourceGroup",
        f"The provided resource group name '{name}' is invalid: it has at most 90 characters, which are alphanumeric, "
        "periods, underscores, hyphens and parenthesis, and does not end with a period.",
    )


def deletion_blocked(group: str, blocked: dict[str, str]) -> ArmError:
    """Something in the group is still used from outside of it; `blocked` maps ids to reasons."""
    details = [{"code": "ResourceDeletionBlocked", "target": key, "message": why} for key, why in blocked.items()]
    return ArmError(
        409,
        "ResourceGroupDeletionBlocked",
        f"Deletion of resource group '{group}' failed as resources with identifiers '{','.join(blocked)}' could not be "
        "deleted. The provisioning state of the resource group will be rolled back.",
        details=details,
    )


def provider_not_found(namespace: str) -> ArmError:
    """No such resource provider."""
    return ArmError(404, "InvalidResourceNamespace", f"The resource namespace '{namespace}' is invalid.")


def invalid_filter(text: str) -> ArmError:
    """A $filter that ARM, or this simulator, does not understand."""
    return ArmError(400, "InvalidFilterInQueryString", f"Invalid $filter '{text}' specified in the query string.")
