"""The sample requests of `samples/`, made ready to send."""

import json
import secrets
import string
from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
PASSWORD_LENGTH = 24
_IMPORT = "import-windows-11.json"
_CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "-_!#%+:=?@")


def provider_instance() -> dict[str, Any]:
    """Return the body that creates the provider instance."""
    return _read("provider-instance.json")


def org_id() -> str:
    """Return the org that the samples belong to."""
    return str(_read(_IMPORT)["orgId"])


def windows_import(taken: Collection[str], today: date) -> dict[str, Any]:
    """Return the body of an import: a name that is not `taken`, and a password made for it alone."""
    body = _read(_IMPORT)
    body["streamName"] = free_name(f"{body['streamName']}-{today:%Y%m%d}", taken)
    body["assetDetails"]["vmInfo"]["password"] = list(new_password())
    return body


def free_name(stem: str, taken: Collection[str]) -> str:
    """Return `stem` with the lowest number that makes it new; names differ by more than case."""
    known = {name.casefold() for name in taken}
    number = 1
    while f"{stem}-{number}".casefold() in known:
        number += 1
    return f"{stem}-{number}"


def new_password() -> str:
    """Return a password that Azure accepts: every class of characters is in it."""
    characters = [secrets.choice(alphabet) for alphabet in _CLASSES]
    everything = "".join(_CLASSES)
    characters += [secrets.choice(everything) for _ in range(PASSWORD_LENGTH - len(characters))]
    secrets.SystemRandom().shuffle(characters)
    return "".join(characters)


def _read(name: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((SAMPLES / name).read_text())
    return body
