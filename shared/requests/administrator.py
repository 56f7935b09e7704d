"""Azure's rules for the administrator of a new virtual machine, checked before anything is created. Pure.

Source: `osProfile` of the virtual machines REST reference (`adminUsername`, `adminPassword`). One rule is our own, and
stricter: that page allows a Windows password of 8 characters, here it takes 12, as in the Azure portal.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from shared.states.enums import OsType

_RESERVED_NAMES = frozenset(
    (
        "1",
        "123",
        "a",
        "actuser",
        "adm",
        "admin",
        "admin1",
        "admin2",
        "administrator",
        "aspnet",
        "backup",
        "console",
        "david",
        "guest",
        "john",
        "owner",
        "root",
        "server",
        "sql",
        "support",
        "support_388945a0",
        "sys",
        "test",
        "test1",
        "test2",
        "test3",
        "user",
        "user1",
        "user2",
        "user3",
        "user4",
        "user5",
    )
)
_KNOWN_PASSWORDS = frozenset(
    (
        "abc@123",
        "P@$$w0rd",
        "P@ssw0rd",
        "P@ssword123",
        "Pa$$word",
        "pass@word1",
        "Password!",
        "Password1",
        "Password22",
        "iloveyou!",
    )
)
_CLASSES = tuple(re.compile(pattern) for pattern in ("[a-z]", "[A-Z]", "[0-9]", r"[\W_]"))


@dataclass(frozen=True, slots=True)
class _Limits:
    longest_name: int
    name_pattern: re.Pattern[str]
    name_rule: str
    shortest_password: int
    longest_password: int


_WINDOWS = _Limits(
    longest_name=20,
    name_pattern=re.compile(r'[^\x00-\x1f\x7f"/\\\[\]:;|=,+*?<>@]+'),
    name_rule='must not contain any of " / \\ [ ] : ; | = , + * ? < > @',
    shortest_password=12,
    longest_password=123,
)
_LINUX = _Limits(
    longest_name=64,
    name_pattern=re.compile(r"[a-z_][a-z0-9_-]*"),
    name_rule="must begin with a lower-case letter or _, and consist of lower-case letters, digits, _ and -",
    shortest_password=6,
    longest_password=72,
)


def username_faults(username: str, os_type: OsType) -> Sequence[str]:
    """What is wrong with a username, as sentences; empty if it will do."""
    limits = _limits(os_type)
    faults = []
    if not 1 <= len(username) <= limits.longest_name:
        faults.append(f"must have 1 to {limits.longest_name} characters")
    elif not limits.name_pattern.fullmatch(username):
        faults.append(limits.name_rule)
    if username.lower() in _RESERVED_NAMES:
        faults.append("is a name that Azure reserves: choose another")
    if username.endswith(".") or username != username.strip():
        faults.append("must not end with a dot, nor begin or end with a space")
    return faults


def password_faults(password: str, os_type: OsType) -> Sequence[str]:
    """What is wrong with a password, as sentences that do not repeat it; empty if it will do."""
    limits = _limits(os_type)
    faults = []
    if not limits.shortest_password <= len(password) <= limits.longest_password:
        faults.append(f"must have {limits.shortest_password} to {limits.longest_password} characters")
    if sum(bool(kind.search(password)) for kind in _CLASSES) < 3:
        faults.append("must have three of: a lower-case letter, an upper-case letter, a digit, a special character")
    if password in _KNOWN_PASSWORDS:
        faults.append("is on Azure's list of refused passwords")
    return faults


def _limits(os_type: OsType) -> _Limits:
    return _LINUX if os_type is OsType.LINUX else _WINDOWS
