"""What configures a host: host.json, and app settings the way Core Tools reads them."""

import json
import os
import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.host import timespans
from local.host.errors import SettingsError
from local.host.queues.settings import QueueSettings, read_queues

DEFAULT_ROUTE_PREFIX = "api"
DEFAULT_TASK_HUB = "TestHubName"
DEFAULT_FUNCTION_TIMEOUT = 30 * 60.0
"""Seconds; what the Functions host uses outside the Consumption plan."""

FUNCTIONS_PER_CORE = 10
"""Durable's default for maxConcurrentActivityFunctions and maxConcurrentEntityFunctions, for each core."""

_SETTING = re.compile(r"%([^%]+)%")
_HOST_ID = "AzureFunctionsWebHost__hostid"
_MAX_HOST_ID = 32


@dataclass(frozen=True, slots=True)
class HostSettings:
    """The part of host.json that this host obeys; `function_timeout` in seconds, None for no limit."""

    route_prefix: str = DEFAULT_ROUTE_PREFIX
    task_hub: str = DEFAULT_TASK_HUB
    function_timeout: float | None = DEFAULT_FUNCTION_TIMEOUT
    max_activities: int = FUNCTIONS_PER_CORE
    max_entities: int = FUNCTIONS_PER_CORE
    queues: QueueSettings = field(default_factory=QueueSettings)


def read_host_json(directory: Path) -> HostSettings:
    """Read `host.json` of an app folder; raises SettingsError where it is missing or wrong."""
    document = _read_json(directory / "host.json", "every function app has one")
    extensions = _section(document, "extensions", "host.json")
    durable = _section(extensions, "durableTask", "host.json")
    usual = FUNCTIONS_PER_CORE * (os.cpu_count() or 1)
    task_hub = durable.get("hubName") or os.environ.get("WEBSITE_SITE_NAME") or DEFAULT_TASK_HUB
    return HostSettings(
        route_prefix=str(_section(extensions, "http", "host.json").get("routePrefix", DEFAULT_ROUTE_PREFIX)).strip("/"),
        task_hub=resolve(task_hub, "host.json"),
        function_timeout=_timeout(document.get("functionTimeout")),
        max_activities=_count(durable, "maxConcurrentActivityFunctions", usual),
        max_entities=_count(durable, "maxConcurrentEntityFunctions", usual),
        queues=read_queues(_section(extensions, "queues", "host.json")),
    )


def host_id(directory: Path) -> str:
    """Return the id of the host that runs an app, at most 32 long: set, or of its site, or of machine and folder."""
    named = os.environ.get(_HOST_ID) or os.environ.get("WEBSITE_SITE_NAME")
    if not named:
        machine = "".join(mark for mark in platform.node() if mark.isalnum())
        named = f"{machine[:20]}-{_stable_hash(str(directory))}"
    return named.lower()[:_MAX_HOST_ID].rstrip("-")


def _stable_hash(text: str) -> int:
    """Return the hash that the Functions host makes of a folder, so that it finds what this host has kept."""
    value = 23
    for letter in text:
        value = (value * 31 + ord(letter)) & 0xFFFFFFFF
    return abs(value - (1 << 32) if value >> 31 else value)


def is_disabled(function: str) -> bool:
    """Tell whether an app setting such as `AzureWebJobs.NAME.Disabled` disables a function; names ignore case.

    `__` may stand for the dots where an environment cannot hold them, and so may `_`, as for the real host on Linux.
    """
    return is_on(*(f"AzureWebJobs{mark}{function}{mark}Disabled" for mark in (".", "__", "_")))


def is_on(*names: str) -> bool:
    """Tell whether one of these app settings is true or 1; their names ignore case."""
    wanted = {name.lower() for name in names}
    values = (value for name, value in os.environ.items() if name.lower() in wanted)
    return any(value.strip().lower() in ("true", "1") for value in values)


@contextmanager
def app_settings(directory: Path) -> Iterator[None]:
    """Put the Values of `local.settings.json` underneath the environment, for the time of the block.

    A variable that the environment has already is left alone, as Core Tools does.
    """
    path = directory / "local.settings.json"
    values: dict[str, str] = {}
    if path.exists():
        document = _read_json(path, "")
        if document.get("IsEncrypted"):
            raise SettingsError(f"{path.name} is encrypted; decrypt it with `func settings decrypt`")
        values = {name: str(value) for name, value in _section(document, "Values", path.name).items()}
    added = {name: value for name, value in values.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


def _read_json(path: Path, why: str) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise SettingsError(f"there is no {path.name} in {path.parent}; {why}") from None
    except ValueError as exc:
        raise SettingsError(f"{path} is not valid JSON: {exc}") from exc
    if not isinstance(document, dict):
        raise SettingsError(f"{path} does not hold a JSON object")
    return document


def _section(document: dict[str, Any], name: str, file: str) -> dict[str, Any]:
    section = document.get(name, {})
    if not isinstance(section, dict):
        raise SettingsError(f"{name} in {file} is not a JSON object")
    return section


def _count(section: dict[str, Any], name: str, default: int) -> int:
    value = section.get(name, default)
    if not isinstance(value, int) or value < 1:
        raise SettingsError(f"{name} in host.json is {value!r}, not a number from 1 on")
    return value


def resolve(text: str, where: str) -> str:
    """Replace `%NAME%` by the app setting of that name; raises SettingsError, naming `where`, if there is none."""

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in os.environ:
            raise SettingsError(f"{where} names the app setting {name}, which is not set")
        return os.environ[name]

    return _SETTING.sub(value, text)


def _timeout(text: object) -> float | None:
    if text is None:
        return DEFAULT_FUNCTION_TIMEOUT
    if str(text) == "-1":
        return None
    span = timespans.parse(str(text))
    if span is None:
        raise SettingsError(f"functionTimeout in host.json is {text!r}, not hh:mm:ss or -1")
    return span.total_seconds()
