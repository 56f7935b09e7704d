"""The error codes of galleries; messages as Azure's troubleshooting guide for galleries has them."""

from collections.abc import Iterable

from ...calls import Json
from ...errors import ArmError

_REPLICATION = "GalleryReplicationJobsFailed"


def invalid_name(message: str) -> ArmError:
    """A gallery, definition or version has a name that it cannot have."""
    return ArmError(400, "InvalidParameter", message, target="name")


def out_of_range(target: str, value: object, least: int, most: int) -> ArmError:
    """A number is too small or too large."""
    message = f"The value '{value}' of parameter '{target}' is out of range. "
    message += f"The value must be between '{least}' and '{most}', inclusive."
    return ArmError(400, "InvalidParameter", message, target=target)


def invalid_value(target: str, value: object, legal: Iterable[str]) -> ArmError:
    """A member has none of the values that it can have."""
    message = f"The value '{value}' of parameter '{target}' is invalid. Allowed values are: {', '.join(legal)}."
    return ArmError(400, "InvalidParameter", message, target=target)


def change_not_allowed(path: str) -> ArmError:
    """Something that is fixed since the creation."""
    message = f"Changing property '{path}' is not allowed."
    return ArmError(409, "PropertyChangeNotAllowed", message, target=path.rsplit(".", 1)[-1])


def nested_resources() -> ArmError:
    """A gallery, or a definition, that is not empty."""
    return ArmError(409, "CannotDeleteResource", "Can not delete resource before nested resources are deleted.")


def identifier_taken(name: str, identifier: Json) -> ArmError:
    """Two definitions of a gallery cannot have one publisher, offer and sku."""
    named = f"publisher:{identifier['publisher']}, offer:{identifier['offer']}, sku:{identifier['sku']}"
    message = f"Gallery image: {name} identified by ({named}) already exists. "
    return ArmError(409, "Conflict", message + "Choose a different publisher, offer, sku combination.")


def quota_exceeded(what: str, location: str, limit: int) -> ArmError:
    """The subscription has as many of these in the region as it may."""
    message = f"Operation could not be completed as it results in exceeding approved {what} quota. "
    message += f"Location: {location}, Current Limit: {limit}, Current Usage: {limit}, Additional Required: 1."
    return ArmError(409, "QuotaExceeded", message)


def source_missing(source: str) -> ArmError:
    """What a version is to be made of does not exist, or is somewhere else."""
    message = f"Source {source} is not found. Please check source exists, and is in the same region as gallery image "
    return ArmError(404, "NotFound", message + "version being created.")


def source_kind(source: str) -> ArmError:
    """The source is nothing that a version can be made of."""
    message = (
        f"The source id: {source} must either be a managed image, virtual machine or another gallery image version"
    )
    return ArmError(400, "InvalidParameter", message, target="source.id")


def source_count() -> ArmError:
    """No source, or more than one."""
    message = (
        "The gallery artifact version source can only be specified either directly under storageProfile or within "
        "individual OS or data disks. One and only one source type (user image, snapshot, disk, virtual machine) can "
        "be provided."
    )
    return ArmError(400, "InvalidParameter", message, target="source")


def source_not_ready(source: str, state: str) -> ArmError:
    """The source is still being made, or could not be."""
    message = f"Source {source} is in provisioning state '{state}', it must be 'Succeeded'."
    return ArmError(409, "Conflict", message)


def not_in_region(image: str, region: str) -> ArmError:
    """The version has no replica there."""
    message = f"The gallery image {image} is not available in {region} region. Please contact image owner to replicate "
    message += "to this region, or change your requested region."
    return ArmError(404, "GalleryImageNotFound", message, target="imageReference")


def mismatch(source: str, what: str, found: str, wanted: str) -> ArmError:
    """The source and the definition do not go together: generation, OS type, architecture, security type, plan."""
    message = f"The resource with id '{source}' has a different {what} ['{found}'] than the parent gallery image "
    return ArmError(409, "Conflict", message + f"{what} ['{wanted}']")


def state_mismatch(source: str, found: str, wanted: str) -> ArmError:
    """A generalized source for a specialized definition, or the other way round."""
    message = f"Cannot create Gallery Image Version from: {source} since the OS State in the parent gallery image "
    return ArmError(409, "Conflict", message + f"('{wanted}') is not '{found}'.")


def too_large(source: str, size: int, most: int) -> ArmError:
    """Larger images only exist shallow."""
    message = f"The OS disk size {size} GB of source {source} exceeds the maximum of {most} GB for replication."
    return ArmError(400, "InvalidParameter", message, target="sizeInGB")


def location_not_published(regions: Iterable[str], location: str) -> ArmError:
    """The version's own region is not among its target regions."""
    message = f"Gallery image version publishing profile regions '{', '.join(regions)}' must contain the location of "
    return ArmError(400, "InvalidParameter", message + f"image version '{location}'.", target="targetRegions")


def duplicate_regions() -> ArmError:
    """A region is named twice."""
    message = "Duplicate regions are not allowed in target publishing regions."
    return ArmError(400, "InvalidParameter", message, target="targetRegions")


def end_of_life_past() -> ArmError:
    """The end of life is over already, or no date."""
    return ArmError(400, "InvalidParameter", "EndOfLifeDate must be set to a future date.", target="endOfLifeDate")


def region_kept(region: str) -> ArmError:
    """A replica whose deletion the safety profile forbids."""
    message = (
        f"Removing the replicated region '{region}' is not allowed, because "
        "safetyProfile.allowDeletionOfReplicatedLocations is false."
    )
    return ArmError(409, "OperationNotAllowed", message, target="targetRegions")


def life_not_over(version: str) -> ArmError:
    """A version that its safety profile keeps until its end of life."""
    message = f"Gallery image version '{version}' cannot be deleted before its end of life date, because "
    message += "safetyProfile.blockDeletionBeforeEndOfLife is true."
    return ArmError(409, "DeleteGalleryImageVersionBlockedBeforeEndOfLife", message)


def replication_failed(failed: dict[str, str]) -> ArmError:
    """Regions could not be copied to; `failed` maps their names to reasons."""
    regions = ", ".join(f"{{region:{region}, detail:{why}}}" for region, why in failed.items())
    return ArmError(
        409,
        _REPLICATION,
        "Gallery replication jobs failed in one or more regions. The failing regions' details are as follows: "
        f"'{regions}'. If retry does not work, then please do an update by removing the failed regions and update "
        "again by adding them back.",
        details=[{"code": _REPLICATION, "target": region, "message": why} for region, why in failed.items()],
    )


def share_not_allowed(permissions: str) -> ArmError:
    """The gallery's sharing profile does not go with the operation."""
    message = f"The sharing operation is not allowed for a gallery whose sharing permission is '{permissions}'."
    return ArmError(400, "BadRequest", message, target="sharingProfile.permissions")
