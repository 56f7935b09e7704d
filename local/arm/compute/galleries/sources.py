"""What a version can be made of: a virtual machine, or another version, in whichever subscription or tenant."""

from dataclasses import dataclass

from ... import ids
from ...authorization.model import check_linked
from ...calls import Call, Json
from ...errors import not_simulated
from ...store import Resource
from ...world import World
from ..model.guest import os_of
from . import definitions, errors, names, sharing

_MACHINE = "Microsoft.Compute/virtualMachines"
_MEMBERS = ("id", "virtualMachineId", "communityGalleryImageId")
_NOT_SIMULATED = ("microsoft.compute/images", "microsoft.compute/disks", "microsoft.compute/snapshots")
_NO_PLAN = "null"
_MACHINE_STATES = {True: "Generalized", False: "Specialized"}
# A machine of a security type fits definitions of these; that of a version must be the same. Assumed.
_FITTING = {
    "Standard": (definitions.STANDARD, "TrustedLaunchSupported"),
    "TrustedLaunch": ("TrustedLaunch", "TrustedLaunchSupported", "TrustedLaunchAndConfidentialVmSupported"),
}


@dataclass(frozen=True)
class Source:
    """What matters of a source; `fitting` are the security types of definitions that it goes into."""

    id: str
    captured: bool
    size_in_gb: int
    os_type: str
    os_state: str
    generation: str
    architecture: str
    security: str
    fitting: tuple[str, ...]
    plan: str


def find(world: World, call: Call, location: str, sent: Json) -> Source:
    """The source that a request names; the caller must be allowed to use it, and it must be in the region."""
    profile: Json = sent.get("storageProfile") or {}
    if profile.get("osDiskImage") or profile.get("dataDiskImages"):
        raise not_simulated("gallery image versions from disks")
    given = {name: str(value) for name, value in (profile.get("source") or {}).items() if value and name in _MEMBERS}
    if len(given) != 1:
        raise errors.source_count()
    ((member, text),) = given.items()
    if member == "communityGalleryImageId":
        return _of_version(world, location, sharing.community_version(world, text), text)
    try:
        parsed = ids.parse(text)
    except ValueError as problem:
        raise errors.source_kind(text) from problem
    if parsed.kind.lower() in _NOT_SIMULATED:
        raise not_simulated(f"gallery image versions from '{parsed.kind}'")
    if ids.same(parsed.kind, _MACHINE):
        check_linked(world, call, f"{_MACHINE}/write", text)
        return _of_machine(location, _existing(world, text))
    if member == "virtualMachineId" or not ids.same(parsed.kind, names.VERSION):
        raise errors.source_kind(text)
    check_linked(world, call, f"{names.VERSION}/read", text)
    return _of_version(world, location, _existing(world, text), text)


def check_fit(source: Source, definition: Resource) -> None:
    """Refuse a source that is something else than the definition says."""
    inner = definition.properties
    if source.os_state != inner["osState"]:
        raise errors.state_mismatch(source.id, source.os_state, inner["osState"])
    pairs = (
        ("OS type", source.os_type, inner["osType"]),
        ("Hypervisor generation", source.generation, inner["hyperVGeneration"]),
        ("architecture", source.architecture, inner["architecture"]),
        ("plan", source.plan, plan_text(inner.get("purchasePlan"))),
    )
    for what, found, wanted in pairs:
        if found != wanted:
            raise errors.mismatch(source.id, what, found, wanted)
    security = definitions.security_of(definition)
    if security not in source.fitting:
        raise errors.mismatch(source.id, "security type", source.security, security)


def plan_text(plan: Json | None) -> str:
    """A purchase plan in a form that can be compared and shown."""
    if not plan:
        return _NO_PLAN
    return ",".join(f"{member}:{plan.get(member)}".lower() for member in ("name", "publisher", "product"))


def _existing(world: World, source_id: str) -> Resource:
    found = world.store.find(source_id)
    if found is None:
        raise errors.source_missing(source_id)
    if found.state != "Succeeded":
        raise errors.source_not_ready(source_id, found.state)
    return found


def _of_machine(location: str, machine: Resource) -> Source:
    if machine.location != location:
        raise errors.source_missing(machine.id)
    security = (machine.properties.get("securityProfile") or {}).get("securityType", "Standard")
    return Source(
        id=machine.id,
        captured=True,
        size_in_gb=machine.properties["storageProfile"]["osDisk"]["diskSizeGB"],
        os_type=os_of(machine),
        os_state=_MACHINE_STATES[bool(machine.hidden.get("generalized"))],
        generation=machine.hidden["generation"],
        architecture="x64",
        security=security,
        fitting=_FITTING.get(security, (security,)),
        plan=plan_text(machine.body.get("plan")),
    )


def _of_version(world: World, location: str, version: Resource, named: str) -> Source:
    # What has succeeded is complete in all its regions.
    if location not in version.hidden["regions"]:
        raise errors.not_in_region(named, location)
    definition = world.require(str(ids.parse(version.id).parent))
    inner, security = definition.properties, definitions.security_of(definition)
    return Source(
        id=named,
        captured=False,
        size_in_gb=version.properties["storageProfile"]["osDiskImage"]["sizeInGB"],
        os_type=inner["osType"],
        os_state=inner["osState"],
        generation=inner["hyperVGeneration"],
        architecture=inner["architecture"],
        security=security,
        fitting=(security,),
        plan=plan_text(inner.get("purchasePlan")),
    )
