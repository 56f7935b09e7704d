"""Image sources: the curated Marketplace images that a provider instance's region offers."""

import threading
import time
from collections import OrderedDict
from collections.abc import Sequence

import azure.durable_functions as df
import azure.functions as func

from shared import wiring
from shared.models.catalog_record import RECORD_ID
from shared.models.provider_instance import ProviderInstance
from shared.ports.azure import OfferedImage
from shared.requests.findings import Code, one_of
from shared.requests.image_sources import IMAGE_SOURCES, by_image
from shared.requests.problems import bad_parameter, not_found
from shared.states.enums import OsType
from triggers.http.answers import answers, fetch, json_response, parameter
from triggers.http.caller import org_of
from triggers.http.links import ROOT
from triggers.http.views import image_source_view

KEPT_SECONDS = 3600.0
"""The Marketplace gets new versions about once a month, and asking takes seconds."""
_MOST_REGIONS = 64

bp = df.Blueprint()


class _Offers:
    """What regions offer, remembered for an hour; of many regions the one asked for longest ago is forgotten."""

    def __init__(self) -> None:
        self._found: OrderedDict[tuple[str, str], tuple[float, Sequence[OfferedImage]]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, provider: ProviderInstance) -> Sequence[OfferedImage]:
        """What the region of a provider instance offers. Two callers may ask Azure at once; neither waits."""
        key = (str(provider.subscription_id), provider.region)
        with self._lock:
            asked_at, offers = self._found.get(key, (float("-inf"), ()))
            if time.monotonic() - asked_at < KEPT_SECONDS:
                self._found.move_to_end(key)
                return offers
        offers = wiring.images().offered_images(*key, [source.image for source in IMAGE_SOURCES])
        if not offers:  # every region offers some Windows: soon Azure may say so again
            return offers
        with self._lock:
            self._found[key] = (time.monotonic(), offers)
            while len(self._found) > _MOST_REGIONS:
                self._found.popitem(last=False)
        return offers

    def forget(self) -> None:
        """Ask Azure again."""
        with self._lock:
            self._found.clear()


offers = _Offers()


@bp.function_name("list_image_sources")
@bp.route(f"{ROOT}/image-sources", methods=["GET"])
@answers
def list_image_sources(req: func.HttpRequest) -> func.HttpResponse:
    """What can be imported into a provider instance, in the curated order."""
    org = org_of(req)
    os_type = _os_type(req)
    provider = fetch(ProviderInstance, "provider instance", org, _provider_id(req))
    offered = {by_image(image.publisher, image.offer, image.sku): image for image in offers.of(provider)}
    content = [
        image_source_view(source, offered[source])
        for source in IMAGE_SOURCES
        if source in offered and os_type in (None, source.os_type, source.os_type.family)
    ]
    return json_response({"content": content, "numberOfElements": len(content)})


def _provider_id(req: func.HttpRequest) -> str:
    value = parameter(req, "provider_instance_id", "providerInstanceId")
    if value is None:
        raise bad_parameter("provider_instance_id", "is required", Code.REQUIRED)
    if not RECORD_ID.fullmatch(value):
        raise not_found("provider instance")
    return value


def _os_type(req: func.HttpRequest) -> OsType | None:
    """A class of Windows, or a family: WINDOWS stands for all of its classes."""
    value = parameter(req, "os_type", "osType")
    if value is None:
        return None
    if value not in list(OsType):
        raise bad_parameter("os_type", one_of(list(OsType)))
    return OsType(value)
