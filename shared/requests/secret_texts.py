"""What looks like a secret where none belongs: most of a request is kept, and shown again. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from shared.requests.fields import texts
from shared.requests.findings import Code, Notes, pointer_to

PASSWORD = ("assetDetails", "vmInfo", "password")
"""The one place in a body where a secret belongs."""
_ANYWHERE = re.compile(
    r"passw(or)?d|passphrase|passcode|pwd|secret|token|credential"
    r"|(api|access|private|account|storage|shared)[-_]?key|connection[-_]?string|sas[-_]?(url|uri)",
    re.IGNORECASE,
)
"""What no harmless name contains."""
_WORDS = frozenset({"authorization", "bearer", "pass", "pw"})
"""What harmless names may begin with: a passive node is no pass."""
_WHOLE_NAMES = frozenset({"sas", "sig"})
"""Signatures, if they are the whole name: elsewhere SIG is a Shared Image Gallery."""
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SIGNED_URL = re.compile(r"[?&]sig=", re.IGNORECASE)


def is_secret_name(name: str) -> bool:
    """Whether a field of that name probably holds a secret; its words are told by camelCase, dashes and underscores.

    >>> [is_secret_name(name) for name in ("adminPass", "storage_key", "passive", "sigName")]
    [True, True, False, False]
    """
    words = {word.lower() for word in _WORD.findall(name)}
    return bool(_ANYWHERE.search(name)) or bool(words & _WORDS) or name.lower() in _WHOLE_NAMES


def check_texts(body: Mapping[str, Any], notes: Notes, password: str | None) -> None:
    """Note every text that repeats the password, or is a URL with a signature.

    A pointer ends before a name that repeats the password, so that no answer does.
    """
    for path, text in _outside_of_the_password(body):
        if password and password in text:
            shown = next((index for index, step in enumerate(path) if password in str(step)), len(path))
            message = "repeats the administrator's password, and is shown again"
            notes.refuse(Code.SECRET_NOT_ALLOWED, message, pointer_to(*path[:shown]))
        elif _SIGNED_URL.search(text):
            message = "holds a URL with a signature, and is shown again"
            notes.refuse(Code.SECRET_NOT_ALLOWED, message, pointer_to(*path))


def _outside_of_the_password(body: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    return ((path, text) for path, text in texts(body) if path[: len(PASSWORD)] != PASSWORD)
