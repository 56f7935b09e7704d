"""Dead letters: events that asked for an image and were refused."""

import azure.durable_functions as df
import azure.functions as func

from shared.models.dead_letter import DeadLetter
from shared.ports.catalog import Query
from triggers.http.answers import answers, json_response, list_page, page_size, parameter
from triggers.http.caller import org_of
from triggers.http.links import ROOT, Links
from triggers.http.views import dead_letter_view

bp = df.Blueprint()


@bp.function_name("list_dead_letters")
@bp.route(f"{ROOT}/dead-letters", methods=["GET"])
@answers
def list_dead_letters(req: func.HttpRequest) -> func.HttpResponse:
    """A page of the org's dead letters, in no particular order."""
    org = org_of(req)
    query = Query(size=page_size(req), continuation=parameter(req, "continuation"))
    page = list_page(DeadLetter, org, query)
    content = {
        "value": [dead_letter_view(letter) for letter in page.items],
        "nextLink": Links.of(req, org).next_page(req, page.continuation),
    }
    return json_response(content)
