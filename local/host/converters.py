"""The SDK's own converters between what the host sends and what functions get and return."""

from typing import Any

import azure.functions as func


def converter(binding: str) -> Any:
    """Return the converter of a binding type: `decode(Datum, trigger_metadata=)`, `encode(value, expected_type=)`."""
    return func.get_binding_registry().get(binding)  # type: ignore[no-untyped-call] # the SDK left it without types
