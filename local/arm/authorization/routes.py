"""The paths of Microsoft.Authorization."""

from ..routing import Route
from . import wire

VERSIONS = frozenset({"2015-07-01", "2018-07-01", "2022-04-01"})

ROUTES = (Route("GET", "/{+scope}/providers/Microsoft.Authorization/permissions", wire.list_permissions, VERSIONS),)
