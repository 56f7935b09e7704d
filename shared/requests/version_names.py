"""How `versionSource` and `versionType` decide a version's name.

Source: the API page ("0.0 if you want version to start from 1.0.0"); the counting of MINOR and PATCH is
inferred, and the result is always a legal gallery version name (Major.Minor.Patch, 32-bit parts).
"""

import re

from shared.states.enums import VersionType

LARGEST_PART = 2**31 - 1
"""The largest number that Azure Compute Gallery allows in a version name."""

_SOURCE = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){0,2}", re.ASCII)


def parse_source(source: str) -> tuple[int, int, int]:
    """The three numbers of a version source; what is left out is 0, so "0", "0.0" and "0.0.0" are equal.

    Raises:
        ValueError: it is not one to three numbers with dots between, without leading zeros or suffixes, or a
            number is larger than 2147483647.
    """
    if len(source) > 32 or not _SOURCE.fullmatch(source):
        raise ValueError("must be one to three numbers with dots between them, such as 0.0 or 1.2.3")
    parts = [int(part) for part in source.split(".")]
    if max(parts) > LARGEST_PART:
        raise ValueError(f"has a number larger than {LARGEST_PART}")
    major, minor, patch = (*parts, 0, 0)[:3]
    return major, minor, patch


def next_version_name(source: str, kind: VersionType) -> str:
    """The name of the version that follows `source`.

    >>> next_version_name("0.0", VersionType.MAJOR)
    '1.0.0'

    Raises:
        ValueError: as for `parse_source`; or the number to be counted up is the largest there is.
    """
    major, minor, patch = parse_source(source)
    match kind:
        case VersionType.MAJOR:
            parts = (major + 1, 0, 0)
        case VersionType.MINOR:
            parts = (major, minor + 1, 0)
        case VersionType.PATCH:
            parts = (major, minor, patch + 1)
    if max(parts) > LARGEST_PART:
        raise ValueError(f"can't be counted up: a part of a version name is at most {LARGEST_PART}")
    return ".".join(map(str, parts))
