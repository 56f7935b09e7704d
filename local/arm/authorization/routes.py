"""The paths of Microsoft.Authorization."""

from ..routing import Route
from . import wire

VERSIONS = frozenset({"2015-07-01", "2018-07-01", "2022-04-01"})

_PROVIDER = "/{+scope}/providers/Microsoft.Authorization"
_ASSIGNMENT = _PROVIDER + "/roleAssignments/{name}"

ROUTES = (
    Route("GET", _PROVIDER + "/permissions", wire.list_permissions, VERSIONS, public=True),
    Route("GET", _PROVIDER + "/roleAssignments", wire.list_assignments, VERSIONS),
    Route("GET", _ASSIGNMENT, wire.get_assignment, VERSIONS),
    Route("PUT", _ASSIGNMENT, wire.put_assignment, VERSIONS),
    Route("DELETE", _ASSIGNMENT, wire.delete_assignment, VERSIONS),
    Route("GET", _PROVIDER + "/roleDefinitions", wire.list_definitions, VERSIONS),
    Route("GET", _PROVIDER + "/roleDefinitions/{name}", wire.get_definition, VERSIONS),
)
