"""Azure's resource events: which resource one is about, and whose that may be. Pure.

An event is a hint and no more: nothing of it is believed but the resource's id, and that only names whom to wake.
"""

import re
from collections.abc import Sequence
from typing import Any

PREFIX = "Microsoft.Resources.Resource"
"""How the types of resource events begin: ResourceWriteSuccess, ResourceDeleteFailure, …"""
_LONGEST_ID = 2048
_GROUP = re.compile(r"/subscriptions/[^/]+/resourcegroups/[^/]+")
_ID = re.compile(rf"{_GROUP.pattern}(?:/[^/]+)*")


def resource_of(subject: Any, data: Any) -> str | None:
    """The id of the resource that an event is about, in lower case; None where it names none."""
    stated = data.get("resourceUri") if isinstance(data, dict) else None
    for given in (stated, subject):
        if isinstance(given, str) and len(given) <= _LONGEST_ID and _ID.fullmatch(given.lower()):
            return given.lower()
    return None


def owned_as(resource_id: str) -> Sequence[str]:
    """The ids under which a resource may be owned: its own, and its group's, which owns all that is in it."""
    group = _GROUP.match(resource_id.lower())
    return tuple(dict.fromkeys((resource_id.lower(), *([group[0]] if group else ()))))
