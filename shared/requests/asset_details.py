"""Reading what the `assetDetails` of every action have: their type, and `data` that is kept and shown again. Pure."""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from shared.requests.fields import Fields
from shared.requests.findings import Code
from shared.requests.secret_texts import is_secret_name
from shared.states.enums import AssetType

LARGEST_DATA = 8 * 1024
"""Characters of `assetDetails.data` as JSON: it is kept in one column of a table."""
DEEPEST_DATA = 4


def read_asset_type(details: Fields, expected: AssetType) -> None:
    """Check `type`, for which `assetType` is tolerated; both may be absent."""
    kind = details.choice("type", AssetType)
    other = details.choice("assetType", AssetType)
    if other is not None:
        details.tolerate("assetType", Code.ALTERNATIVE_NAME, "is called type in a request")
    if kind and other and kind is not other:
        details.refuse("assetType", Code.CONTRADICTION, f"says {other}, and type says {kind}")
    for name, value in (("type", kind), ("assetType", other)):
        if value is not None and value is not expected:
            details.refuse(name, Code.INVALID_VALUE, f"must be {expected} for this action")


def check_kept(details: Fields, data: Fields) -> None:
    """What nobody knows is kept and shown again: so it must be small, flat and no secret."""
    kept = data.raw()
    if len(json.dumps(kept)) > LARGEST_DATA:
        details.refuse("data", Code.DATA_TOO_LARGE, f"must have at most {LARGEST_DATA} characters as JSON")
    if any(len(path) > DEEPEST_DATA for path in _paths(kept)):
        details.refuse("data", Code.DATA_TOO_LARGE, f"must not be nested deeper than {DEEPEST_DATA} levels")
    for path in _paths(kept):
        if is_secret_name(path[-1]):
            details.refuse("data", Code.SECRET_NOT_ALLOWED, "looks like a secret, and data is shown again", below=path)


def without_ours(data: Fields, written_by_us: Collection[str]) -> Mapping[str, Any]:
    """What is kept of `data`: all of it but the keys that the service itself writes."""
    for name in written_by_us:
        if data.given(name):
            data.tolerate(name, Code.IGNORED_FIELD, "is written by the service, and is ignored")
    return {name: value for name, value in data.raw().items() if name not in written_by_us}


def _paths(value: Any, *path: str) -> Iterator[tuple[str, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        yield (*path, str(name))
        yield from _paths(item, *path, str(name))
