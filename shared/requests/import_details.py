"""Reading `assetDetails` of an import: the Marketplace image, the machine, and its administrator. Pure."""

import re

from pydantic import SecretStr

from shared.arm_ids import VM_SIZE
from shared.requests.administrator import password_faults, username_faults
from shared.requests.asset_details import check_kept, without_ours
from shared.requests.fields import Fields, has_broken_unicode, join
from shared.requests.findings import Code
from shared.requests.models import Administrator, ImportSource
from shared.states.enums import GpuType, OsType

WRITTEN_BY_US = (
    "architecture",
    "exactVersion",
    "hyperVGeneration",
    "imageVersion",
    "networkInterfaceId",
    "osDiskId",
    "plan",
    "privateIpAddress",
    "publicIpAddress",
    "publicIpAddressId",
    "region",
    "resourceGroupId",
    "trustedLaunch",
    "vmId",
    "vmName",
    "vmResourceId",
)
"""Keys of `data` that tell what became of an import, so that no caller can say it; `vmSize` a caller may choose."""

_IMAGE_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_VERSION = re.compile(r"latest|[0-9]{1,10}(\.[0-9]{1,10}){2}")
_GPU_SIZE = re.compile(r"(Standard_)?N[A-Z]*[0-9]", re.IGNORECASE)
_LICENSES = {
    OsType.WINDOWS: ("None", "Windows_Client", "Windows_Server"),
    OsType.LINUX: ("None", "RHEL_BYOS", "SLES_BYOS", "RHEL_BASE", "RHEL_EUS", "SLES_STANDARD", "UBUNTU_PRO", "UBUNTU"),
}
_LONGEST_PASSWORD = 256


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
    check_kept(details, data)
    kept = without_ours(data, WRITTEN_BY_US)
    if not all(parts.values()):
        return None
    return ImportSource(
        **parts,
        version=version,
        vm_size=vm_size,
        license_type=license_type,
        virtual_network=network,
        subnet=subnet,
        data=dict(kept),
    )


def _read_vm_size(data: Fields, gpu: GpuType) -> str | None:
    size = data.text("vmSize", pattern=VM_SIZE, rule="must be the name of a VM size, such as Standard_D4s_v5")
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
    faults = password_faults(password, family) if password else ()
    for fault in faults:
        info.refuse("password", Code.WEAK_PASSWORD, fault)
    info.tolerate_unknown()
    if not (username and password) or faults:
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
    password = join(value)
    if not password:
        info.refuse("password", Code.REQUIRED, "is required")
    elif has_broken_unicode(password):
        info.refuse("password", Code.FORBIDDEN_CHARACTER, "must not hold broken Unicode")
        return None
    elif len(password) > _LONGEST_PASSWORD:
        info.refuse("password", Code.TOO_LONG, f"must have at most {_LONGEST_PASSWORD} characters")
        return None
    return password or None
