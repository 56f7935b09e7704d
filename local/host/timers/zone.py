"""The time zone that schedules are in: that of the host, which an app setting may name."""

import os
from datetime import UTC, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from local.host.errors import SettingsError

_SETTINGS = ("WEBSITE_TIME_ZONE", "TZ")
_SYSTEM = Path("/etc/localtime")


def local_zone() -> tzinfo:
    """Return the zone of WEBSITE_TIME_ZONE, else of TZ, else of the machine.

    The names are those of the IANA database, as for a function app on Linux; raises SettingsError for another.
    """
    for setting in _SETTINGS:
        name = os.environ.get(setting)
        if name:
            return _named(setting, name)
    if not _SYSTEM.exists():
        return UTC
    with _SYSTEM.open("rb") as file:
        return ZoneInfo.from_file(file, key="local")


def _named(setting: str, name: str) -> tzinfo:
    try:
        return ZoneInfo(name.removeprefix(":"))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise SettingsError(
            f"the app setting {setting} is {name!r}, which is no time zone of the IANA database (Europe/Berlin, say)"
        ) from None
