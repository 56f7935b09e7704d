"""The paths of galleries."""

from ... import lro
from ...routing import Route
from . import shared_wire, wire

VERSIONS = frozenset(
    {"2022-03-03", "2022-08-03", "2023-07-03", "2024-03-03", "2025-03-03", "2026-03-03"},
)

_PROVIDER = "/providers/Microsoft.Compute"
_SUBSCRIPTION = "/subscriptions/{subscription}" + _PROVIDER
_GALLERIES = "/subscriptions/{subscription}/resourceGroups/{group}" + _PROVIDER + "/galleries"
_GALLERY = _GALLERIES + "/{gallery}"
_IMAGE = _GALLERY + "/images/{image}"
_VERSION = _IMAGE + "/versions/{version}"
_LOCATION = _SUBSCRIPTION + "/locations/{location}"
_OTHERS = (_LOCATION + "/sharedGalleries/{unique}", _LOCATION + "/communityGalleries/{public}")


def _of_others(path: str) -> tuple[Route, ...]:
    return (
        Route("GET", path, shared_wire.get_gallery, VERSIONS),
        Route("GET", path + "/images", shared_wire.list_images, VERSIONS),
        Route("GET", path + "/images/{image}", shared_wire.get_image, VERSIONS),
        Route("GET", path + "/images/{image}/versions", shared_wire.list_versions, VERSIONS),
        Route("GET", path + "/images/{image}/versions/{version}", shared_wire.get_version, VERSIONS),
    )


ROUTES = (
    Route("PUT", _GALLERY, wire.put_gallery, VERSIONS),
    Route("PATCH", _GALLERY, wire.patch_gallery, VERSIONS),
    Route("GET", _GALLERY, wire.get_gallery, VERSIONS),
    Route("DELETE", _GALLERY, wire.delete_gallery, VERSIONS),
    Route("POST", _GALLERY + "/share", wire.share_gallery, VERSIONS),
    Route("GET", _GALLERIES, wire.list_galleries, VERSIONS),
    Route("GET", _SUBSCRIPTION + "/galleries", wire.list_galleries, VERSIONS),
    Route("PUT", _IMAGE, wire.put_definition, VERSIONS),
    Route("PATCH", _IMAGE, wire.patch_definition, VERSIONS),
    Route("GET", _IMAGE, wire.get_definition, VERSIONS),
    Route("DELETE", _IMAGE, wire.delete_definition, VERSIONS),
    Route("GET", _GALLERY + "/images", wire.list_definitions, VERSIONS),
    Route("PUT", _VERSION, wire.put_version, VERSIONS),
    Route("PATCH", _VERSION, wire.patch_version, VERSIONS),
    Route("GET", _VERSION, wire.get_version, VERSIONS),
    Route("DELETE", _VERSION, wire.delete_version, VERSIONS),
    Route("GET", _IMAGE + "/versions", wire.list_versions, VERSIONS),
    Route("GET", _LOCATION + "/sharedGalleries", shared_wire.list_galleries, VERSIONS),
    *(route for path in _OTHERS for route in _of_others(path)),
    Route("GET", _LOCATION + "/capsOperations/{operation}", lro.poll, VERSIONS, polls=True),
)
