"""The built-in roles that matter to images, with Azure's own ids and actions (Azure's documentation of built-in roles).

Custom roles are not simulated; a subscription's setting `permissions` can stand in for one.
"""

from dataclasses import dataclass

from ..calls import Json
from ..ids import same
from ..subscriptions import OWNER

KIND = "Microsoft.Authorization/roleDefinitions"


@dataclass(frozen=True)
class Role:
    """A role: `id` is the GUID, the same in all tenants."""

    id: str
    name: str
    description: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()

    @property
    def permissions(self) -> Json:
        """The role as an entry of somebody's permissions."""
        actions = {"actions": list(self.actions), "notActions": list(self.not_actions)}
        return actions | {"dataActions": [], "notDataActions": []}

    @property
    def definition_id(self) -> str:
        """The id without a scope, as assignments name it."""
        return f"/providers/{KIND}/{self.id}"


_SHARE = "Microsoft.Compute/galleries/share/action"
ROLES = (
    Role(OWNER, "Owner", "Grants full access, and lets assign roles.", ("*",)),
    Role(
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        "Contributor",
        "Grants full access, but does not let assign roles or share image galleries.",
        ("*",),
        (
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
            "Microsoft.Blueprint/blueprintAssignments/write",
            "Microsoft.Blueprint/blueprintAssignments/delete",
            _SHARE,
        ),
    ),
    Role("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", "Lets view everything.", ("*/read",)),
    Role(
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        "User Access Administrator",
        "Lets manage access.",
        ("*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"),
    ),
    Role(
        "9980e02c-c2be-4d73-94e8-173b1dc7cf3c",
        "Virtual Machine Contributor",
        "Lets manage virtual machines, but not the network they are in.",
        (
            "Microsoft.Authorization/*/read",
            "Microsoft.Compute/availabilitySets/*",
            "Microsoft.Compute/locations/*",
            "Microsoft.Compute/virtualMachines/*",
            "Microsoft.Compute/virtualMachineScaleSets/*",
            "Microsoft.Compute/cloudServices/*",
            "Microsoft.Compute/disks/write",
            "Microsoft.Compute/disks/read",
            "Microsoft.Compute/disks/delete",
            "Microsoft.Network/locations/*",
            "Microsoft.Network/networkInterfaces/*",
            "Microsoft.Network/networkSecurityGroups/join/action",
            "Microsoft.Network/networkSecurityGroups/read",
            "Microsoft.Network/publicIPAddresses/join/action",
            "Microsoft.Network/publicIPAddresses/read",
            "Microsoft.Network/virtualNetworks/read",
            "Microsoft.Network/virtualNetworks/subnets/join/action",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
        ),
    ),
    Role(
        "85a2d0d9-2eba-4c9c-b355-11c2cc0788ab",
        "Compute Gallery Artifacts Publisher",
        "For publishing gallery artifacts.",
        (
            "Microsoft.Compute/galleries/*",
            "Microsoft.Compute/locations/capsOperations/read",
            "Microsoft.Compute/locations/communityGalleries/*",
            "Microsoft.Compute/locations/sharedGalleries/*",
            "Microsoft.Compute/images/*",
            "Microsoft.Compute/virtualMachines/write",
            "Microsoft.Compute/disks/write",
            "Microsoft.Authorization/*/read",
            "Microsoft.Insights/alertRules/*",
            "Microsoft.Resources/deployments/*",
            "Microsoft.Resources/subscriptions/resourceGroups/read",
        ),
        (_SHARE,),
    ),
    Role(
        "cf7c76d2-98a3-4358-a134-615aa78bf44d",
        "Compute Gallery Image Reader",
        "For reading gallery images.",
        ("Microsoft.Compute/galleries/images/read", "Microsoft.Compute/galleries/images/versions/read"),
    ),
    Role(
        "1ef6a3be-d0ac-425d-8c01-acb62866290b",
        "Compute Gallery Sharing Admin",
        "For sharing a gallery with another subscription or tenant, or with the public.",
        (_SHARE,),
    ),
)


def find(wanted: str) -> Role | None:
    """A role by its name, its GUID, or any id that ends in the GUID."""
    last = wanted.rstrip("/").rsplit("/", 1)[-1]
    return next((role for role in ROLES if same(role.id, last) or same(role.name, wanted)), None)
