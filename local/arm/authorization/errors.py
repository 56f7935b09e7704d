"""The error codes of Microsoft.Authorization."""

from ..errors import ArmError


def role_not_found(role: str) -> ArmError:
    """No such role definition."""
    message = f"The specified role definition with ID '{role}' does not exist."
    return ArmError(404, "RoleDefinitionDoesNotExist", message)


def assignment_not_found(name: str) -> ArmError:
    """No such role assignment."""
    return ArmError(404, "RoleAssignmentNotFound", f"The role assignment '{name}' is not found.")


def assignment_exists(name: str) -> ArmError:
    """The same principal has the same role on the same scope already."""
    message = f"The role assignment already exists. The ID of the existing role assignment is {name.replace('-', '')}."
    return ArmError(409, "RoleAssignmentExists", message)


def assignment_update() -> ArmError:
    """An assignment cannot become one of something else."""
    message = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
    return ArmError(400, "RoleAssignmentUpdateNotPermitted", message)


def invalid_name(name: str) -> ArmError:
    """An assignment is named by a GUID."""
    message = f"The role assignment ID '{name}' is not valid. The role assignment ID must be a GUID."
    return ArmError(400, "InvalidRoleAssignmentId", message)


def invalid_principal(principal: str) -> ArmError:
    """A principal is a GUID."""
    return ArmError(400, "InvalidPrincipalId", f"The Principal ID '{principal}' is not valid. It must be a GUID.")


def missing_property(name: str) -> ArmError:
    """A member that must be there is not."""
    return ArmError(400, "BadRequestFormat", f"The request was incorrectly formatted: '{name}' is missing.")


def unsupported_filter(text: str) -> ArmError:
    """A $filter that the provider does not have."""
    message = f"The filter '{text}' is not supported. Supported filters are either 'atScope()' or 'principalId eq "
    return ArmError(400, "UnsupportedQuery", message + "'{value}' or assignedTo('{value}')'.")
