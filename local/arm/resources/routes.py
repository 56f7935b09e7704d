"""The paths of Microsoft.Resources."""

from .. import lro
from ..routing import Route
from . import wire

VERSIONS = frozenset({"2016-02-01", "2020-10-01", "2021-04-01", "2022-09-01", "2024-03-01", "2024-07-01", "2025-04-01"})

_SUBSCRIPTION = "/subscriptions/{subscription}"
_GROUP = _SUBSCRIPTION + "/resourceGroups/{group}"
_PROVIDER = _SUBSCRIPTION + "/providers/{namespace}"

ROUTES = (
    Route("PUT", _GROUP, wire.put_group, VERSIONS),
    Route("PATCH", _GROUP, wire.patch_group, VERSIONS),
    Route("GET", _GROUP, wire.get_group, VERSIONS),
    Route("DELETE", _GROUP, wire.delete_group, VERSIONS),
    Route("GET", _SUBSCRIPTION + "/resourceGroups", wire.list_groups, VERSIONS),
    Route("GET", _GROUP + "/resources", wire.list_resources, VERSIONS),
    Route("GET", _SUBSCRIPTION + "/resources", wire.list_resources, VERSIONS),
    Route("GET", _SUBSCRIPTION + "/operationresults/{operation}", lro.result, VERSIONS, polls=True),
    Route("GET", _SUBSCRIPTION + "/providers", wire.list_providers, VERSIONS),
    Route("GET", _PROVIDER, wire.get_provider, VERSIONS),
    Route("POST", _PROVIDER + "/register", wire.register, VERSIONS),
)
