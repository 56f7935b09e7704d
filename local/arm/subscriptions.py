"""What a subscription is set to: tenant, registered providers, permissions, quotas, accepted terms."""

from .calls import Json

DEFAULT_SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
DEFAULT_TENANT = "00000000-0000-0000-0000-0000000000aa"


def new_settings() -> Json:
    """A subscription's settings before anyone changed them.

    `registered` lists namespaces; `permissions` are the entries of Microsoft.Authorization/permissions for every
    caller; `quotas` maps "family" or "region/family" to a limit; `terms` maps "publisher/offer/plan" to accepted.
    """
    namespaces = ["Microsoft.Compute", "Microsoft.Network", "Microsoft.MarketplaceOrdering"]
    everything = {"actions": ["*"], "notActions": [], "dataActions": [], "notDataActions": []}
    return {
        "tenant": DEFAULT_TENANT,
        "registered": [*namespaces, "Microsoft.Resources", "Microsoft.Authorization"],
        "permissions": [everything],
        "quotas": {},
        "terms": {},
    }


def terms_key(publisher: str, offer: str, plan: str) -> str:
    """How accepted terms are remembered."""
    return f"{publisher}/{offer}/{plan}".lower()
