"""Image definitions: what all versions of an image have in common, most of it fixed for good."""

import re

from ... import ids
from ...calls import Call, Json
from ...operations import Operation
from ...store import Resource
from ...tracked import existing
from ...world import World
from ..errors import missing_parameter
from . import errors, galleries, names, publishing

# From this api-version on a definition is, unless it says otherwise, of generation 2 and fit for Trusted Launch.
_TRUSTED_LAUNCH_SINCE = "2025-03-03"
SECURITY_TYPE = "SecurityType"
STANDARD = "Standard"
_LEGAL = {
    "osType": ("Windows", "Linux"),
    "osState": ("Generalized", "Specialized"),
    "hyperVGeneration": ("V1", "V2"),
    "architecture": ("x64", "Arm64"),
}
_FEATURES = (SECURITY_TYPE, "DiskControllerTypes", "IsAcceleratedNetworkSupported", "IsHibernateSupported")
_SECURITY_TYPES = (
    *(STANDARD, "TrustedLaunchSupported", "TrustedLaunch", "ConfidentialVMSupported", "ConfidentialVM"),
    "TrustedLaunchAndConfidentialVmSupported",
)
_PARTS = {"publisher": 128, "offer": 64, "sku": 64}
_PART = re.compile(r"[\w.-]*[\w-]", re.ASCII)
_FIXED = ("osType", "osState", "hyperVGeneration", "architecture", "identifier", "purchasePlan")
_FREE = (
    *("description", "eula", "privacyStatementUri", "releaseNoteUri", "endOfLifeDate", "recommended", "disallowed"),
    "allowUpdateImage",
)


def put(world: World, call: Call, definition_id: str) -> tuple[Operation, Resource, bool]:
    """Create or replace a definition; returns the operation, the definition, and whether it is new."""
    names.check_name(names.DEFINITION, ids.parse(definition_id).name)
    found = existing(world, call, definition_id)
    sent: Json = call.document.get("properties") or {}
    for member in ("osType", "osState", "identifier"):
        if not sent.get(member):
            raise missing_parameter(f"galleryImage.properties.{member}")
    inner = _inner(call, sent)
    if found:
        _check_change(found.properties, inner, sent)
    else:
        _check_identifier_is_free(world, definition_id, inner["identifier"])
    return galleries.write(world, call, definition_id, found, inner)


def patch(world: World, call: Call, definition: Resource) -> Operation:
    """Change a definition's tags, or what of it may change."""
    world.unlock(call, definition)
    sent: Json = definition.properties | (call.document.get("properties") or {})
    inner = _inner(call, sent)
    _check_change(definition.properties, inner, sent)
    return galleries.rewrite(world, call, definition, inner)


def security_of(definition: Resource) -> str:
    """The security type, Standard if nothing is said of it."""
    found = _features(definition.properties)
    return found.get(SECURITY_TYPE, STANDARD)


def _inner(call: Call, sent: Json) -> Json:
    modern = call.api_version >= _TRUSTED_LAUNCH_SINCE
    inner: Json = {"architecture": "x64", "hyperVGeneration": "V2" if modern else "V1"}
    inner |= {name: sent[name] for name in (*_FIXED, *_FREE) if sent.get(name) is not None}
    for member, legal in _LEGAL.items():
        if inner[member] not in legal:
            raise errors.invalid_value(f"galleryImage.properties.{member}", inner[member], legal)
    _check_identifier(inner["identifier"])
    _check_plan(inner.get("purchasePlan"))
    _check_recommendation(inner.get("recommended") or {})
    if "endOfLifeDate" in inner:
        publishing.moment(inner["endOfLifeDate"])
    if inner["architecture"] == "Arm64" and inner["hyperVGeneration"] != "V2":
        raise errors.invalid_value("galleryImage.properties.hyperVGeneration", "V1", ("V2",))
    features = _features(sent)
    if modern and inner["hyperVGeneration"] == "V2":
        features.setdefault(SECURITY_TYPE, "TrustedLaunchSupported")
    _check_features(features, inner["hyperVGeneration"])
    if features:
        inner["features"] = [{"name": name, "value": value} for name, value in features.items()]
    return inner


def _features(inner: Json) -> dict[str, str]:
    return {str(each.get("name")): str(each.get("value")) for each in inner.get("features") or []}


def _check_features(features: dict[str, str], generation: str) -> None:
    for name in features:
        if name not in _FEATURES:
            raise errors.invalid_value("galleryImage.properties.features.name", name, _FEATURES)
    security = features.get(SECURITY_TYPE, STANDARD)
    legal = _SECURITY_TYPES if generation == "V2" else (STANDARD,)
    if security not in legal:
        raise errors.invalid_value("galleryImage.properties.features.SecurityType", security, legal)


def _check_identifier(identifier: Json) -> None:
    for name, longest in _PARTS.items():
        value = str(identifier.get(name) or "")
        if len(value) > longest or not _PART.fullmatch(value):
            message = (
                f"Asset name galleryImage.properties.identifier.{name} is not valid. It cannot be empty. Allowed "
                "characters are uppercase or lowercase letters, digits, hyphen(-), period (.), underscore (_). Names "
                f"are not allowed to end with period(.). The length of the name cannot exceed {longest} characters."
            )
            raise errors.invalid_name(message)


def _check_plan(plan: Json | None) -> None:
    if plan is None:
        return
    for member in ("name", "publisher", "product"):
        if not plan.get(member):
            raise missing_parameter(f"galleryImage.properties.purchasePlan.{member}")


def _check_recommendation(recommended: Json) -> None:
    for member in ("vCPUs", "memory"):
        limits = recommended.get(member) or {}
        if limits.get("min", 0) > limits.get("max", limits.get("min", 0)):
            message = f"The minimum value of {member} must not be greater than the maximum value of {member}."
            raise errors.invalid_name(message)


def _check_identifier_is_free(world: World, definition_id: str, identifier: Json) -> None:
    gallery = str(ids.parse(definition_id).parent)
    for other in world.store.nested(gallery):
        if other.kind == names.DEFINITION:
            theirs = other.properties["identifier"]
            if all(ids.same(theirs[part], identifier[part]) for part in _PARTS):
                raise errors.identifier_taken(other.name, identifier)


def _check_change(current: Json, wanted: Json, sent: Json) -> None:
    for member in _FIXED:
        if member in sent and wanted.get(member) != current.get(member):
            raise errors.change_not_allowed(f"galleryImage.properties.{member}")
    # What a write does not name of the fixed things stays, whatever the api-version's defaults.
    wanted |= {member: current[member] for member in _FIXED if member in current}
    if "features" not in sent:
        wanted.pop("features", None)
        wanted |= {"features": current["features"]} if "features" in current else {}
    if _features(wanted) != _features(current) and not wanted.get("allowUpdateImage"):
        raise errors.change_not_allowed("galleryImage.properties.features")
