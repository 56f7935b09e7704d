"""Versions of an image, and their copies."""

from collections.abc import Callable
from typing import TypeVar

import azure.durable_functions as df
import azure.functions as func

from shared.models.base import Record
from shared.models.image import Asset, Image, Version
from shared.ports.catalog import Query
from triggers.accept import delete
from triggers.http.answers import (
    answers,
    answers_async,
    fetch,
    json_response,
    list_page,
    page_size,
    parameter,
    path_id,
    record_response,
)
from triggers.http.caller import org_of
from triggers.http.links import ROOT, Links
from triggers.http.views import Json, asset_view, version_view

R = TypeVar("R", bound=Record)

_VERSIONS = f"{ROOT}/images/{{image_id}}/versions"
_COPIES = f"{_VERSIONS}/{{version_id}}/copies"

bp = df.Blueprint()


@bp.function_name("list_versions")
@bp.route(_VERSIONS, methods=["GET"])
@answers
def list_versions(req: func.HttpRequest) -> func.HttpResponse:
    """The versions of an image."""
    org = org_of(req)
    image = fetch(Image, "image", org, _image_id(req))
    return _page_response(req, org, Version, (image.id,), version_view)


@bp.function_name("get_version")
@bp.route(f"{_VERSIONS}/{{version_id}}", methods=["GET"])
@answers
def get_version(req: func.HttpRequest) -> func.HttpResponse:
    """One version."""
    version = fetch(Version, "version", org_of(req), _image_id(req), _version_id(req))
    return record_response(req, version, version_view(version))


@bp.function_name("delete_version")
@bp.route(f"{_VERSIONS}/{{version_id}}", methods=["DELETE"])
@bp.durable_client_input(client_name="client")
@answers_async
async def delete_version(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Accept the deletion of a version: 202; with the last one the image goes, too."""
    return await delete.delete(req, client, org_of(req), _image_id(req), _version_id(req))


@bp.function_name("list_copies")
@bp.route(_COPIES, methods=["GET"])
@answers
def list_copies(req: func.HttpRequest) -> func.HttpResponse:
    """The copies of a version."""
    org = org_of(req)
    version = fetch(Version, "version", org, _image_id(req), _version_id(req))
    return _page_response(req, org, Asset, (version.image_id, version.id), asset_view)


@bp.function_name("get_copy")
@bp.route(f"{_COPIES}/{{copy_id}}", methods=["GET"])
@answers
def get_copy(req: func.HttpRequest) -> func.HttpResponse:
    """One copy."""
    copy_id = path_id(req, "copy_id", "copy")
    asset = fetch(Asset, "copy", org_of(req), _image_id(req), _version_id(req), copy_id)
    return record_response(req, asset, asset_view(asset))


def _image_id(req: func.HttpRequest) -> str:
    return path_id(req, "image_id", "image")


def _version_id(req: func.HttpRequest) -> str:
    return path_id(req, "version_id", "version")


def _page_response(
    req: func.HttpRequest, org: str, kind: type[R], below: tuple[str, ...], view: Callable[[R], Json]
) -> func.HttpResponse:
    """A page of what is below an image or a version, in the shape of the list of images."""
    size = page_size(req)
    continuation = parameter(req, "continuation")
    page = list_page(kind, org, Query(below=below, size=size, continuation=continuation))
    content = {
        "content": [view(record) for record in page.items],
        "size": size,
        "numberOfElements": len(page.items),
        "first": continuation is None,
        "last": page.continuation is None,
        "nextLink": Links.of(req, org).next_page(req, page.continuation),
    }
    return json_response(content)
