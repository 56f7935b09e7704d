"""The paths of Microsoft.MarketplaceOrdering."""

from ..routing import Route
from . import wire

VERSIONS = frozenset({"2015-06-01", "2021-01-01"})

_AGREEMENT = (
    "/subscriptions/{subscription}/providers/Microsoft.MarketplaceOrdering/offerTypes/virtualmachine"
    "/publishers/{publisher}/offers/{offer}/plans/{plan}/agreements/current"
)

ROUTES = (
    Route("GET", _AGREEMENT, wire.get_agreement, VERSIONS),
    Route("PUT", _AGREEMENT, wire.put_agreement, VERSIONS),
)
