"""The error codes of Microsoft.Compute."""

from ..calls import Json
from ..errors import ArmError


def invalid_parameter(target: str, message: str) -> ArmError:
    """A member has a value that it cannot have."""
    return ArmError(400, "InvalidParameter", message, target=target)


def missing_parameter(target: str) -> ArmError:
    """A member that must be there is not."""
    return invalid_parameter(target, f"Required parameter '{target}' is missing (null).")


def bad_request(message: str) -> ArmError:
    """Members that do not go together."""
    return ArmError(400, "BadRequest", message)


def image_not_found(publisher: str, offer: str, sku: str, version: str) -> ArmError:
    """No such image for a machine."""
    return ArmError(
        404,
        "PlatformImageNotFound",
        f"The platform image '{publisher}:{offer}:{sku}:{version}' is not available. Verify that all fields in the "
        "storage profile are correct. For more details about storage profile information, please refer to "
        "https://aka.ms/storageprofile",
        target="imageReference",
    )


def gallery_image_not_found(image: str, location: str) -> ArmError:
    """No such version in a gallery, or none that is in the machine's region yet."""
    message = f"The gallery image {image} is not available in {location} region. Please contact image owner to "
    message += "replicate to this region, or change your requested region."
    return ArmError(404, "GalleryImageNotFound", message, target="imageReference")


def image_deprecated(publisher: str, offer: str, sku: str) -> ArmError:
    """No new machine is made from a deprecated image."""
    message = f"VM Image from publisher: {publisher} with - Offer: {offer}, Sku: {sku} is deprecated."
    return ArmError(400, "ImageVersionDeprecated", message)


def artifact_not_found() -> ArmError:
    """Nothing under this path of the image catalogue."""
    return ArmError(404, "NotFound", "Artifact: VMImage was not found.")


def extension_not_found(publisher: str, kind: str, location: str) -> ArmError:
    """No such kind of extension."""
    return ArmError(
        404,
        "ArtifactNotFound",
        f"The VM extension with publisher '{publisher}' and type '{kind}' could not be found in location '{location}'.",
    )


def extension_version_not_found(publisher: str, kind: str, version: str) -> ArmError:
    """The kind of extension exists, not in this version."""
    message = f"Artifact version '{version}' was not found for the extension '{publisher}.{kind}'."
    return ArmError(404, "ArtifactVersionNotFound", message)


def extension_duplicate(name: str, handler: str, os: str) -> ArmError:
    """One extension of a kind for each machine."""
    return bad_request(
        f"Multiple VMExtensions per handler not supported for OS type '{os}'. VMExtension '{name}' with handler "
        f"'{handler}' already added or specified in input."
    )


def plan_missing() -> ArmError:
    """The image is sold under a plan that the request does not name."""
    return ArmError(
        400,
        "VMMarketplaceInvalidInput",
        "Creating a virtual machine from Marketplace image or a custom image sourced from a Marketplace image requires "
        "Plan information in the request.",
    )


def plan_wrong(what: str) -> ArmError:
    """The request names a plan that is not the image's."""
    return ArmError(400, "VMMarketplaceInvalidInput", f"The purchase plan information is invalid: {what}")


def terms_not_accepted(publisher: str, offer: str, plan: str) -> ArmError:
    """The subscription did not accept the terms of the plan."""
    ordered = f"publisher '{publisher}', offer '{offer}', sku '{plan}'"
    message = (
        "You have not accepted the legal terms on this subscription for this plan. Before the subscription can "
        "be used, "
        f"you need to accept the legal terms of the image ({ordered})."
    )
    detail = {"code": "UserError", "message": message, "target": ordered}
    return ArmError(
        400,
        "MarketplacePurchaseEligibilityFailed",
        "Marketplace purchase eligibilty check returned errors. See inner errors for details.",
        details=[detail],
    )


def size_unknown(size: str, location: str) -> ArmError:
    """The region has no such size."""
    message = f"The value {size} provided for the VM size is not valid. It is not available in location {location}."
    return invalid_parameter("vmSize", message)


def size_not_available(size: str, location: str) -> ArmError:
    """The subscription may not use the size here."""
    return ArmError(
        409,
        "SkuNotAvailable",
        f"The requested VM size for resource 'Following SKUs have failed for Capacity Restrictions: {size}' is "
        "currently "
        f"not available in location '{location}'. Please try another size or deploy to a different location or "
        "different "
        "zone. See https://aka.ms/azureskunotavailable for details.",
    )


def generation_mismatch(size: str, generation: str) -> ArmError:
    """The size cannot boot the image."""
    return bad_request(
        f"The selected VM size '{size}' cannot boot Hypervisor Generation '{generation.removeprefix('V')}'. If "
        "this was a "
        "Create operation please check that the Hypervisor Generation of the Image matches the Hypervisor "
        "Generation of "
        "the selected VM Size."
    )


def trusted_launch(what: str) -> ArmError:
    """TrustedLaunch does not go with the image or the size."""
    return bad_request(f"Use of TrustedLaunch setting is not supported for the provided {what}.")


def quota_exceeded(family: str, location: str, limit: int, usage: int, required: int) -> ArmError:
    """More cores than the subscription may have."""
    return ArmError(
        409,
        "OperationNotAllowed",
        f"Operation could not be completed as it results in exceeding approved {family} Cores quota. Additional "
        "details - "
        f"Deployment Model: Resource Manager, Location: {location}, Current Limit: {limit}, Current Usage: {usage}, "
        f"Additional Required: {required}, (Minimum) New Limit Required: {usage + required}. Submit a request for "
        "Quota "
        "increase at https://aka.ms/ProdportalCRP.",
    )


def change_not_allowed(target: str) -> ArmError:
    """An existing machine cannot be given another value here."""
    name = target.rsplit(".", 1)[-1]
    return ArmError(409, "PropertyChangeNotAllowed", f"Changing property '{target}' is not allowed.", target=name)


def not_allowed(message: str) -> ArmError:
    """The machine's state forbids the operation."""
    return ArmError(409, "OperationNotAllowed", message)


def not_running(machine: str) -> ArmError:
    """Extensions and run commands need a running machine."""
    return not_allowed(f"Cannot modify extensions in the VM when the VM is not running. VM: {machine}.")


def run_command_busy() -> ArmError:
    """One action run command at a time."""
    message = (
        "Run command extension execution is in progress. Please wait for completion before invoking a run command."
    )
    return ArmError(409, "Conflict", message)


def disk_attached(disk: str, machine: str) -> ArmError:
    """A disk that a machine holds."""
    return not_allowed(f"Disk {disk} is attached to VM {machine}.")


def agent_silent(machine: str) -> Json:
    """The failure of an operation that waited for the guest agent."""
    return {
        "code": "VMAgentStatusCommunicationError",
        "message": f"VM '{machine}' has not reported status for VM agent or extensions. Please verify the VM has "
        "a running "
        "VM agent, and can establish outbound connections to Azure storage.",
    }


def extension_failed(name: str, handler: str, reason: str) -> Json:
    """The failure of an extension's own work."""
    publisher, _, kind = handler.rpartition(".")
    return {
        "code": "VMExtensionProvisioningError",
        "message": f"VM has reported a failure when processing extension '{name}' (publisher '{publisher}' and type "
        f"'{kind}'). Error message: '{reason}'.",
    }
