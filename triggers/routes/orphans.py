"""What the janitor found: resources that no operation needs, and operations whose resources are gone."""

import azure.durable_functions as df
import azure.functions as func

from shared import wiring
from shared.errors.catalogue import NotFound
from shared.models.orphans import Orphan, Sweep
from shared.ports.catalog import Query
from triggers.http.answers import answers, json_response, list_page, page_size, parameter
from triggers.http.caller import org_of
from triggers.http.links import ROOT, Links
from triggers.http.views import Json, orphan_view, sweep_view

bp = df.Blueprint()


# The host tries routes in the order of function names: this one comes before `get_operation`, whose route would take
# "orphans" for an operation's id.
@bp.function_name("find_orphans")
@bp.route(f"{ROOT}/operations/orphans", methods=["GET"])
@answers
def find_orphans(req: func.HttpRequest) -> func.HttpResponse:
    """The org's findings, and when they were last looked for."""
    org = org_of(req)
    page = list_page(Orphan, org, Query(size=page_size(req), continuation=parameter(req, "continuation")))
    content = {
        "lastSweep": _last_sweep(org),
        "value": [orphan_view(orphan) for orphan in page.items],
        "nextLink": Links.of(req, org).next_page(req, page.continuation),
    }
    return json_response(content)


def _last_sweep(org: str) -> Json | None:
    try:
        return sweep_view(wiring.catalog().get(Sweep, org, Sweep.LAST))
    except NotFound:
        return None
