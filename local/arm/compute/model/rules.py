"""What a virtual machine must be to be created: the image, its plan, the size, the account."""

import re
from dataclasses import dataclass

from ... import ids
from ...calls import Call, Json
from ...catalogue import Image, Size
from ...errors import not_simulated
from ...ids import same
from ...marketplaceordering.model import accepted
from ...world import World
from .. import errors
from ..disks import errors as disk_errors
from . import disks, gallery_images
from .quota import check_cores

_PASSWORD_LENGTH = range(12, 124)
_PASSWORD_CLASSES = (r"[a-z]", r"[A-Z]", r"\d", r"[\W_]")
_PASSWORD_CLASSES_NEEDED = 3
_PASSWORDS_REFUSED = {
    *("abc@123", "iloveyou!", "P@$$w0rd", "P@ssw0rd", "P@ssword123", "Pa$$word", "pass@word1", "Password!"),
    *("Password1", "Password22"),
}
# Azure's list of names that no administrator may have.
_USERS_REFUSED = {
    *("1", "123", "a", "actuser", "adm", "admin", "admin1", "admin2", "administrator", "aspnet", "backup", "console"),
    *(
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
    ),
    *("test2", "test3", "user", "user1", "user2", "user3", "user4", "user5"),
}
_WINDOWS_USER_LENGTH = 20
_LINUX_USER_LENGTH = 64
_WINDOWS_NAME_LENGTH = 15
_LINUX_NAME_LENGTH = 64
_WINDOWS_NAME = re.compile(r"(?!\d+$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?")
_LINUX_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9-])?")
_TRUSTED_LAUNCH = "TrustedLaunch"


@dataclass(frozen=True)
class Blueprint:
    """What a valid request comes down to; `version` is empty for a machine that boots from a disk that is there."""

    image: Image
    version: str
    size: Size


def check_new(world: World, call: Call, machine_id: str) -> Blueprint:
    """Check a request for a new machine as a whole; ArmError tells the first thing that is wrong."""
    sent, machine = call.document, ids.parse(machine_id)
    location, inner = sent["location"], sent.get("properties") or {}
    os_disk = (inner.get("storageProfile") or {}).get("osDisk") or {}
    if unmanaged := {"vhd", "image"} & set(os_disk):
        raise not_simulated(f"osDisk.{min(unmanaged)}, unmanaged disks")
    reference = (inner.get("storageProfile") or {}).get("imageReference") or {}
    if os_disk.get("createOption") == disks.ATTACH:
        if reference:
            raise disk_errors.not_with_attach("imageReference")
        image, version, specialized = disks.boot_image(world, machine_id, location, os_disk), "", True
    elif reference.get("id"):
        image, version, specialized = gallery_images.find(world, call, location, reference["id"])
    else:
        (image, version), specialized = _image(world, location, reference), False
    _check_plan(world, machine.subscription, image, sent.get("plan"))
    size = check_size(world, location, (inner.get("hardwareProfile") or {}).get("vmSize"), image.generation)
    _check_security(inner.get("securityProfile") or {}, image, size)
    if specialized and inner.get("osProfile"):
        raise disk_errors.not_with_attach("osProfile")
    if not specialized:
        _check_account(inner.get("osProfile"), image.os, machine.name)
    check_cores(world, machine.subscription, location, size)
    return Blueprint(image, version, size)


def check_size(world: World, location: str, name: str | None, generation: str) -> Size:
    """A size that the region has, the subscription may use, and that boots the generation."""
    if not name:
        raise errors.missing_parameter("hardwareProfile.vmSize")
    size = world.catalogue.size(location, name)
    if size is None:
        raise errors.size_unknown(name, location)
    if location in size.restricted_in:
        raise errors.size_not_available(size.name, location)
    if generation not in size.generations:
        raise errors.generation_mismatch(size.name, generation)
    return size


def _image(world: World, location: str, reference: Json) -> tuple[Image, str]:
    if other := next(
        (member for member in ("sharedGalleryImageId", "communityGalleryImageId") if member in reference), None
    ):
        raise not_simulated(f"machines from an imageReference.{other}")
    names = [str(reference.get(member, "")) for member in ("publisher", "offer", "sku", "version")]
    if not all(names):
        raise errors.missing_parameter("imageReference")
    publisher, offer, sku, wanted = names
    found = world.catalogue.select_images(location, publisher=publisher, offer=offer, sku=sku)
    version = found[0].version(wanted) if found else None
    if version is None:
        raise errors.image_not_found(*names)
    if found[0].deprecation["imageState"] == "Deprecated":
        raise errors.image_deprecated(publisher, offer, sku)
    return found[0], version


def _check_plan(world: World, subscription: str, image: Image, plan: Json | None) -> None:
    if image.plan is None:
        if plan:
            raise errors.plan_wrong(f"the image '{image.offer}:{image.sku}' has no purchase plan.")
        return
    if not plan:
        raise errors.plan_missing()
    wanted = {"publisher": image.publisher, "product": image.offer, "name": image.plan}
    for member, value in wanted.items():
        if not same(str(plan.get(member, "")), value):
            raise errors.plan_wrong(f"plan.{member} must be '{value}'.")
    if not accepted(world, subscription, image):
        raise errors.terms_not_accepted(image.publisher, image.offer, image.plan)


def _check_security(profile: Json, image: Image, size: Size) -> None:
    kind = profile.get("securityType", "Standard")
    if kind == "Standard":
        if profile.get("uefiSettings"):
            raise errors.bad_request("uefiSettings need a securityType other than Standard.")
        return
    if kind != _TRUSTED_LAUNCH:
        raise not_simulated(f"the security type '{kind}'")
    if image.generation != "V2" or not image.supports_trusted_launch:
        raise errors.trusted_launch("image. Please select Trusted Launch Supported Gen2 OS Image")
    if not size.trusted_launch:
        raise errors.trusted_launch(f"size '{size.name}'")


def _check_account(profile: Json | None, os: str, machine: str) -> None:
    if not profile:
        raise errors.missing_parameter("osProfile")
    windows = os == "Windows"
    _check_user(profile.get("adminUsername"), _WINDOWS_USER_LENGTH if windows else _LINUX_USER_LENGTH)
    _check_computer_name(profile.get("computerName") or machine, windows=windows)
    password = profile.get("adminPassword")
    linux = profile.get("linuxConfiguration") or {}
    keys = (linux.get("ssh") or {}).get("publicKeys")
    if windows and not password:
        raise errors.missing_parameter("adminPassword")
    if not windows and not password and not keys:
        message = "Authentication using either SSH or by user name and password must be enabled in Linux profile."
        raise errors.invalid_parameter("linuxConfiguration", message)
    if password is not None:
        _check_password(str(password))


def _check_user(name: str | None, longest: int) -> None:
    if not name:
        raise errors.missing_parameter("adminUsername")
    if name.lower() in _USERS_REFUSED or len(name) > longest or name.endswith("."):
        raise errors.invalid_parameter("adminUsername", "The Admin Username specified is not allowed.")


def _check_computer_name(name: str, *, windows: bool) -> None:
    longest, pattern = (_WINDOWS_NAME_LENGTH, _WINDOWS_NAME) if windows else (_LINUX_NAME_LENGTH, _LINUX_NAME)
    if len(name) > longest or not pattern.fullmatch(name):
        os = "Windows" if windows else "Linux"
        message = (
            f"{os} computer name cannot be more than {longest} characters long, be entirely numeric, or contain the "
            "following characters: ` ~ ! @ # $ % ^ & * ( ) = + _ [ ] { } \\ | ; : . ' \" , < > / ?."
        )
        raise errors.invalid_parameter("computerName", message)


def _check_password(password: str) -> None:
    classes = sum(bool(re.search(pattern, password)) for pattern in _PASSWORD_CLASSES)
    if len(password) not in _PASSWORD_LENGTH or classes < _PASSWORD_CLASSES_NEEDED or password in _PASSWORDS_REFUSED:
        message = (
            "The supplied password must be between 12-123 characters long and must satisfy at least 3 of password "
            "complexity requirements from the following: 1) Contains an uppercase character 2) Contains a lowercase "
            "character 3) Contains a numeric digit 4) Contains a special character 5) Control characters are not "
            "allowed"
        )
        raise errors.invalid_parameter("adminPassword", message)
