"""The paths of Microsoft.Network."""

from .. import lro
from ..routing import Route
from . import forms, wire
from .shapes import INTERFACE, NETWORK, PUBLIC_ADDRESS, SECURITY_GROUP

VERSIONS = frozenset(
    {"2024-01-01", "2024-03-01", "2024-05-01", "2024-07-01", "2024-10-01", "2025-01-01", "2025-03-01", "2025-05-01"}
    | {"2025-07-01", "2025-09-01", "2026-01-01", "2026-03-01"}
)

_SUBSCRIPTION = "/subscriptions/{subscription}"
_LOCATION = _SUBSCRIPTION + "/providers/Microsoft.Network/locations/{location}"
_NESTED = {SECURITY_GROUP: "securityRules", NETWORK: "subnets"}


def _type_routes(kind: str) -> list[Route]:
    group = f"{_SUBSCRIPTION}/resourceGroups/{{group}}/providers/{kind}"
    return [
        Route("PUT", group + "/{name}", wire.put(kind), VERSIONS, form=forms.TYPES[kind]),
        Route("PATCH", group + "/{name}", wire.patch_tags(kind), VERSIONS, form=forms.TYPES[kind]),
        Route("GET", group + "/{name}", wire.get(kind), VERSIONS),
        Route("DELETE", group + "/{name}", wire.delete(kind), VERSIONS),
        Route("GET", group, wire.listing(kind), VERSIONS),
        Route("GET", f"{_SUBSCRIPTION}/providers/{kind}", wire.listing(kind), VERSIONS),
    ]


def _nested_routes(kind: str, collection: str) -> list[Route]:
    parent = f"{_SUBSCRIPTION}/resourceGroups/{{group}}/providers/{kind}/{{name}}/{collection}"
    return [
        Route("PUT", parent + "/{part}", wire.put_nested(kind), VERSIONS, form=forms.NESTED[kind]),
        Route("GET", parent + "/{part}", wire.get_nested(kind), VERSIONS),
        Route("DELETE", parent + "/{part}", wire.delete_nested(kind), VERSIONS),
        Route("GET", parent, wire.list_nested(kind), VERSIONS),
    ]


ROUTES = (
    *(route for kind in (SECURITY_GROUP, NETWORK, PUBLIC_ADDRESS, INTERFACE) for route in _type_routes(kind)),
    *(route for kind, collection in _NESTED.items() for route in _nested_routes(kind, collection)),
    Route("GET", _LOCATION + "/usages", wire.list_usages, VERSIONS),
    Route("GET", _LOCATION + "/operations/{operation}", lro.poll, VERSIONS, polls=True),
    Route("GET", _LOCATION + "/operationResults/{operation}", lro.result, VERSIONS, polls=True),
)
