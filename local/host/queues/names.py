"""Names of queues, as bindings give them."""

import re

from local.host.app import Binding, Function
from local.host.errors import AppError
from local.host.settings import resolve
from local.host.storage import DEFAULT_CONNECTION

_NAME = re.compile(r"[a-z0-9](?:-?[a-z0-9]){2,62}")
_MAX_NAME = 63
_POISON = "-poison"


def connection_of(binding: Binding) -> str:
    """Return the name of the setting that says how to connect."""
    return str(binding.properties.get("connection") or DEFAULT_CONNECTION)


def queue_of(function: Function, binding: Binding) -> str:
    """Return the queue's name, its settings filled in; raises HostError where it cannot be one."""
    given = resolve(str(binding.properties["queueName"]), f"function {function.name}")
    name = given.lower()
    if not _is_valid(name):
        raise AppError(
            f"function {function.name}: {given!r} is not the name of a queue:"
            " 3 to 63 letters, digits and single hyphens between them"
        )
    return name


def poison_queue_of(name: str) -> str | None:
    """Return the queue for messages that keep failing; None for such a queue itself, or if its name got too long."""
    poison = name + _POISON
    return None if name.endswith(_POISON) or not _is_valid(poison) else poison


def _is_valid(name: str) -> bool:
    return len(name) <= _MAX_NAME and _NAME.fullmatch(name) is not None
