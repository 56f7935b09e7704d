"""What a subscription is set to: tenant, registered providers, access, quotas, accepted terms."""

from .calls import Json

DEFAULT_SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
DEFAULT_TENANT = "00000000-0000-0000-0000-0000000000aa"
# The group that all managed identities are in, and the role it has on a new subscription.
MANAGED_IDENTITIES = "00000000-0000-0000-0000-0000000000f0"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
_FIRST_ASSIGNMENT = "00000000-0000-0000-0000-0000000000f1"


def new_settings(subscription: str) -> Json:
    """A subscription's settings before anyone changed them.

    `registered` lists namespaces; `assignments` are those of roles, `propagation` the seconds until a change of them
    counts; `permissions`, if not None, are the entries of Microsoft.Authorization/permissions that every caller has in
    place of all roles; `quotas` maps "family" or "region/family" to a limit; `terms` maps "publisher/offer/plan" to
    accepted; `lag` says for how many seconds a new resource is missing from a GET of it, and from listings.
    """
    namespaces = ["Microsoft.Compute", "Microsoft.Network", "Microsoft.MarketplaceOrdering"]
    first = {"name": _FIRST_ASSIGNMENT, "scope": f"/subscriptions/{subscription}", "role": OWNER}
    first |= {"principalId": MANAGED_IDENTITIES, "principalType": "Group", "createdOn": "2024-01-01T00:00:00Z"}
    return {
        "tenant": DEFAULT_TENANT,
        "registered": [*namespaces, "Microsoft.Resources", "Microsoft.Authorization"],
        "assignments": [first | {"from": 0.0, "until": None}],
        "propagation": 0.0,
        "permissions": None,
        "quotas": {},
        "terms": {},
        "lag": {"get": 0.0, "list": 0.0},
    }


def terms_key(publisher: str, offer: str, plan: str) -> str:
    """How accepted terms are remembered."""
    return f"{publisher}/{offer}/{plan}".lower()
