"""Resource ids: taken apart, compared, and put in the casing that ARM answers with."""

import re
from dataclasses import dataclass

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True)
class ResourceId:
    """The id of a resource in a resource group: ``.../providers/Microsoft.Network/virtualNetworks/v/subnets/s``."""

    subscription: str
    group: str
    namespace: str
    types: tuple[str, ...]
    names: tuple[str, ...]

    def __str__(self) -> str:
        pairs = "/".join(f"{kind}/{name}" for kind, name in zip(self.types, self.names, strict=True))
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.group}/providers/{self.namespace}/{pairs}"

    @property
    def kind(self) -> str:
        """The full type: ``Microsoft.Network/virtualNetworks/subnets``."""
        return "/".join((self.namespace, *self.types))

    @property
    def name(self) -> str:
        """The last name."""
        return self.names[-1]

    @property
    def parent(self) -> "ResourceId | None":
        """The resource this one is nested in, or None at the top."""
        if len(self.types) == 1:
            return None
        return ResourceId(self.subscription, self.group, self.namespace, self.types[:-1], self.names[:-1])

    def sibling(self, namespace: str, kind: str, name: str) -> "ResourceId":
        """A top-level resource of another type in the same resource group."""
        return ResourceId(self.subscription, self.group, namespace, (kind,), (name,))


def parse(text: str) -> ResourceId:
    """Take an id apart; ValueError says that it is not one of a resource in a resource group."""
    parts = text.strip("/").split("/")
    words = [part.lower() for part in parts[0:5:2]]
    if len(parts) < 8 or len(parts) % 2 or words != ["subscriptions", "resourcegroups", "providers"]:
        raise ValueError(f"not the id of a resource: {text!r}")
    return ResourceId(parts[1], parts[3], parts[5], tuple(parts[6::2]), tuple(parts[7::2]))


def group_id(subscription: str, group: str) -> str:
    """The id of a resource group."""
    return f"/subscriptions/{subscription}/resourceGroups/{group}"


def same(left: str, right: str) -> bool:
    """Whether two ids, or two names, are equal to Azure: casing never tells resources apart."""
    return left.lower() == right.lower()


def region(name: str) -> str:
    """'East US' and 'eastus' are the same place; this is the second form."""
    return name.replace(" ", "").lower()
