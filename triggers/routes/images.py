"""Images: create one, list them, read one and its history."""

from collections.abc import Sequence

import azure.durable_functions as df
import azure.functions as func

from shared import wiring
from shared.errors.catalogue import NotFound
from shared.models.history import HistoryEntry
from shared.models.image import Image, NameReservation
from shared.ports.catalog import Page, Query
from shared.requests.fields import STREAM_NAME
from triggers.accept import create, delete
from triggers.http.answers import (
    answers,
    answers_async,
    fetch,
    foreign_continuation,
    json_response,
    list_page,
    page_size,
    parameter,
    path_id,
    record_response,
)
from triggers.http.caller import org_of
from triggers.http.image_filters import ImageFilter, image_filter
from triggers.http.links import ROOT, Links
from triggers.http.views import history_view, image_view

bp = df.Blueprint()


@bp.function_name("create_image")
@bp.route(f"{ROOT}/images", methods=["POST"])
@bp.durable_client_input(client_name="client")
@answers_async
async def create_image(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Accept the creation of an image: 202, and the work goes on in the background."""
    return await create.create(req, client)


@bp.function_name("list_images")
@bp.route(f"{ROOT}/images", methods=["GET"])
@answers
def list_images(req: func.HttpRequest) -> func.HttpResponse:
    """A page of the org's images: by id, or by name where names are asked for."""
    org = org_of(req)
    wanted = image_filter(req)
    size = page_size(req)
    continuation = parameter(req, "continuation")
    page = _images(org, wanted, size, continuation)
    content = {
        "content": [image_view(image) for image in page.items],
        "size": size,
        "numberOfElements": len(page.items),
        "first": continuation is None,
        "last": page.continuation is None,
        "nextLink": Links.of(req, org).next_page(req, page.continuation),
    }
    return json_response(content)


@bp.function_name("get_image")
@bp.route(f"{ROOT}/images/{{image_id}}", methods=["GET"])
@answers
def get_image(req: func.HttpRequest) -> func.HttpResponse:
    """One image."""
    image = fetch(Image, "image", org_of(req), path_id(req, "image_id", "image"))
    return record_response(req, image, image_view(image))


@bp.function_name("delete_image")
@bp.route(f"{ROOT}/images/{{image_id}}", methods=["DELETE"])
@bp.durable_client_input(client_name="client")
@answers_async
async def delete_image(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Accept the deletion of an image: 202; work in progress is canceled first."""
    return await delete.delete(req, client, org_of(req), path_id(req, "image_id", "image"), None)


@bp.function_name("get_image_history")
@bp.route(f"{ROOT}/images/{{image_id}}/history", methods=["GET"])
@answers
def get_image_history(req: func.HttpRequest) -> func.HttpResponse:
    """What happened to an image, its versions and its copies, the newest first; also once it is deleted."""
    org, image_id = org_of(req), path_id(req, "image_id", "image")
    query = Query(size=page_size(req), continuation=parameter(req, "continuation"))
    page = list_page(HistoryEntry, image_id, query)
    if not page.items or any(entry.org_id != org for entry in page.items):
        fetch(Image, "image", org, image_id)
    content = {
        "value": [history_view(entry) for entry in page.items],
        "nextLink": Links.of(req, org).next_page(req, page.continuation),
    }
    return json_response(content)


def _images(org: str, wanted: ImageFilter, size: int, continuation: str | None) -> Page[Image]:
    if wanted.names is not None:
        return _with_names(org, wanted, wanted.names, size, continuation)
    if wanted.name_prefix is not None:
        return _by_name(org, wanted, size, continuation)
    page = list_page(Image, org, Query(equals=wanted.stored, size=size, continuation=continuation))
    return Page([image for image in page.items if wanted.admits(image)], page.continuation)


def _with_names(
    org: str, wanted: ImageFilter, names: Sequence[str], size: int, continuation: str | None
) -> Page[Image]:
    """The images of certain names; the continuation is the last name that was looked at."""
    if continuation is not None and continuation not in names:
        raise foreign_continuation()
    begin = 0 if continuation is None else names.index(continuation) + 1
    page = names[begin : begin + size]
    found = [image for name in page for image in _named(org, name) if wanted.admits(image)]
    return Page(found, page[-1] if names[begin + size :] else None)


def _by_name(org: str, wanted: ImageFilter, size: int, continuation: str | None) -> Page[Image]:
    """The images whose names begin so, in the order of their names: that of the reservations."""
    prefix = (wanted.name_prefix or "").lower()
    if not STREAM_NAME.fullmatch(prefix):
        return Page([])
    names = list_page(NameReservation, org, Query(row_prefix=prefix, size=size, continuation=continuation))
    found = [image for name in names.items for image in _with_id(org, name.image_id) if wanted.admits(image)]
    return Page(found, names.continuation)


def _named(org: str, name: str) -> Sequence[Image]:
    """The image of that very name, if there is one: names are reserved regardless of letter case."""
    try:
        return _with_id(org, wiring.catalog().get(NameReservation, org, name.lower()).image_id)
    except NotFound:
        return ()


def _with_id(org: str, image_id: str) -> Sequence[Image]:
    try:
        return (wiring.catalog().get(Image, org, image_id),)
    except NotFound:
        return ()
