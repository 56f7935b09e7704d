"""Access keys: who may call what. Made once, kept in a file beside the state file, compared in constant time.

The file is for the person at this machine to read, and to add named keys to. No key is ever logged or shown.
"""

import hmac
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.host.app import HTTP_TRIGGER, App
from local.host.errors import StateError

EXTENSIONS = ("durabletask", "eventgrid")
"""The extensions that have a webhook, and so a system key."""

DEFAULT = "default"
"""The name of the key that each function and the host begin with."""

_KEY_BYTES = 40

Named = Mapping[str, str]
"""Keys by name."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one host; `functions` by function name. Their text shows none of them."""

    master: str = field(repr=False)
    host: Named = field(repr=False)
    system: Named = field(repr=False)
    functions: Mapping[str, Named] = field(repr=False)

    def opens_all(self, key: str) -> bool:
        """Tell whether this is the master key."""
        return _is_one_of(key, [self.master])

    def opens_function(self, key: str, function: str) -> bool:
        """Tell whether a key calls a function: one of its own, one of the host's, or the master key."""
        return _is_one_of(key, [self.master, *self.host.values(), *self.functions.get(function, {}).values()])

    def opens_webhook(self, key: str, extension: str) -> bool:
        """Tell whether a key calls an extension's webhook: its system key, or the master key."""
        return _is_one_of(key, [self.master, *_known(self.system.get(system_key_name(extension)))])

    def of_extension(self, extension: str) -> str:
        """Return an extension's system key."""
        return self.system[system_key_name(extension)]


def system_key_name(extension: str) -> str:
    """Return the name of an extension's system key; extensions ignore case."""
    return f"{extension.lower()}_extension"


def key_file(state: Path) -> Path:
    """Return the path of the keys that go with a state file."""
    return state.with_name(f"{state.name}.keys.json")


def open_keys(path: Path, app: App) -> Keys:
    """Read the keys of a file, with new ones for what has none yet; nobody else on the machine may read it.

    Raises StateError for a file that holds something else.
    """
    document = _read(path)
    _complete(document, (each.name for each in app.functions if each.trigger.type == HTTP_TRIGGER))
    _write(path, document)
    return Keys(document["masterKey"], document["functionKeys"], document["systemKeys"], document["functions"])


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        raise StateError(f"the keys in {path} are not valid JSON; mend the file, or delete it for new keys") from None
    if not _is_sound(document):
        raise StateError(f"{path} does not hold keys as this host writes them; mend it, or delete it for new keys")
    return dict(document)


def _is_sound(document: object) -> bool:
    if not isinstance(document, dict) or not _is_key(document.get("masterKey")):
        return False
    named = [document.get("functionKeys"), document.get("systemKeys")]
    functions = document.get("functions")
    if not isinstance(functions, dict):
        return False
    named += functions.values()
    return all(isinstance(each, dict) and all(map(_is_key, each.values())) for each in named)


def _is_key(value: object) -> bool:
    """An empty key would open the door to whoever brings none."""
    return isinstance(value, str) and value != ""


def _complete(document: dict[str, Any], functions: Iterable[str]) -> None:
    document.setdefault("masterKey", _new_key())
    document.setdefault("functionKeys", {DEFAULT: _new_key()})
    system = document.setdefault("systemKeys", {})
    for extension in EXTENSIONS:
        system.setdefault(system_key_name(extension), _new_key())
    of_functions = document.setdefault("functions", {})
    for function in functions:
        of_functions.setdefault(function, {DEFAULT: _new_key()})


def _write(path: Path, document: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(document, file, indent=2)
        file.write("\n")
    draft.replace(path)


def _new_key() -> str:
    return secrets.token_urlsafe(_KEY_BYTES)


def _is_one_of(key: str, keys: Iterable[str]) -> bool:
    """Compare with every key in full, so that the time tells neither which one matched nor how much of it."""
    return any([hmac.compare_digest(key.encode(), each.encode()) for each in keys])  # noqa: C419 - all of them


def _known(key: str | None) -> list[str]:
    return [] if key is None else [key]
