"""Reading `assetDetails` of an import: the Marketplace image, the machine, and its administrator. Pure."""

import json
import re
from collections.abc import Iterator
from typing import Any

from pydantic import SecretStr

from shared.administrator import password_faults, username_faults
from shared.fields import Fields
from shared.findings import Code
from shared.models.requests import Administrator, ImportSource
from shared.states import AssetType, GpuType, OsType

LARGEST_DATA = 8 * 1024
"""Characters of `assetDetails.data` as JSON: it is kept in one column of a table."""
DEEPEST_DATA = 4

_IMAGE_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_VERSION = re.compile(r"latest|[0-9]{1,10}(\.[0-9]{1,10}){2}")
_VM_SIZE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{1,63}")
_GPU_SIZE = re.compile(r"(Standard_)?N[A-Z]*[0-9]", re.IGNORECASE)
_SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)|pwd|secret|token|credential|api[-_]?key|access[-_]?key|private[-_]?key"
    r"|connection[-_]?string|sas[-_]?(url|uri)|^sas$",
    re.IGNORECASE,
)
_LICENSES = {
    OsType.WINDOWS: ("None", "Windows_Client", "Windows_Server"),
    OsType.LINUX: ("None", "RHEL_BYOS", "SLES_BYOS", "RHEL_BASE", "RHEL_EUS", "SLES_STANDARD", "UBUNTU_PRO", "UBUNTU"),
}
_LONGEST_PASSWORD = 256


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


def read_import_source(details: Fields, os_type: OsType | None, gpu: GpuType) -> ImportSource | None:
    """Read `data`: the names of the Marketplace image, and what the machine should be like.

    Unknown keys are kept within limits; those that look like secrets are refused.
    """
    data = details.object("data", required=True)
    rule = "must consist of letters, digits, dots, dashes and underscores, at most 128"
    parts = {
        name: data.text(name, required=True, pattern=_IMAGE_PART, rule=rule) for name in ("publisher", "offer", "sku")
    }
    version = data.text("version", pattern=_VERSION, rule='must be "latest", or like 26100.4061.250604') or "latest"
    vm_size = _read_vm_size(data, gpu)
    license_type = _read_license(data, os_type)
    network, subnet = data.text("vNet", longest=512), data.text("subNet", longest=512)
    _check_kept(details, data)
    if not all(parts.values()):
        return None
    return ImportSource(
        **parts,
        version=version,
        vm_size=vm_size,
        license_type=license_type,
        virtual_network=network,
        subnet=subnet,
        data=dict(data.raw()),
    )


def _read_vm_size(data: Fields, gpu: GpuType) -> str | None:
    size = data.text("vmSize", pattern=_VM_SIZE, rule="must be the name of a VM size, such as Standard_D4s_v5")
    if size and gpu is not GpuType.NONE and not _GPU_SIZE.match(size):
        data.refuse("vmSize", Code.SIZE_WITHOUT_GPU, f"has no GPU, and gpuType says {gpu}: take a size of the N series")
    return size


def _read_license(data: Fields, os_type: OsType | None) -> str | None:
    license_type = data.text("licenseType", longest=64)
    allowed = _LICENSES[(os_type or OsType.WINDOWS).family]
    if license_type is None or os_type is None:
        return license_type
    if license_type not in allowed:
        data.refuse("licenseType", Code.INVALID_VALUE, f"must be one of: {', '.join(allowed)}")
        return None
    return license_type


def _check_kept(details: Fields, data: Fields) -> None:
    """What nobody knows is kept and shown again: so it must be small, flat and no secret."""
    kept = data.raw()
    if len(json.dumps(kept)) > LARGEST_DATA:
        details.refuse("data", Code.DATA_TOO_LARGE, f"must have at most {LARGEST_DATA} characters as JSON")
    if any(len(path) > DEEPEST_DATA for path in _paths(kept)):
        details.refuse("data", Code.DATA_TOO_LARGE, f"must not be nested deeper than {DEEPEST_DATA} levels")
    for path in _paths(kept):
        if _SECRET_NAME.search(path[-1]):
            details.refuse("data", Code.SECRET_NOT_ALLOWED, "looks like a secret, and data is shown again", below=path)


def _paths(value: Any, *path: str) -> Iterator[tuple[str, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        yield (*path, str(name))
        yield from _paths(item, *path, str(name))


def read_create_public_ip(details: Fields) -> bool:
    """Read `options`: no public IP address unless it is asked for."""
    options = details.object("options")
    wanted = options.flag("createPublicIp")
    options.tolerate_unknown()
    return bool(wanted)


def read_administrator(details: Fields, os_type: OsType | None) -> Administrator | None:
    """Read `vmInfo`; without an osType the rules for Windows hold, which most images are."""
    info = details.object("vmInfo", required=True)
    family = os_type or OsType.WINDOWS
    username = info.text("username", required=True)
    for fault in username_faults(username, family) if username else ():
        info.refuse("username", Code.INVALID_USERNAME, fault)
    password = _read_password(info)
    for fault in password_faults(password, family) if password else ():
        info.refuse("password", Code.WEAK_PASSWORD, fault)
    info.tolerate_unknown()
    if not (username and password):
        return None
    return Administrator(username=username, password=SecretStr(password))


def _read_password(info: Fields) -> str | None:
    """An array of characters, or of one whole string, is joined; a plain string is tolerated."""
    value = info.any("password", required=True)
    if isinstance(value, str):
        info.tolerate("password", Code.STRING_INSTEAD_OF_ARRAY, "should be an array of strings")
        value = [value]
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
        info.refuse("password", Code.INVALID_VALUE, "must be an array of strings")
        return None
    password = "".join(value)
    if not password:
        info.refuse("password", Code.REQUIRED, "is required")
    elif len(password) > _LONGEST_PASSWORD:
        info.refuse("password", Code.TOO_LONG, f"must have at most {_LONGEST_PASSWORD} characters")
        return None
    return password or None
