"""Requests to Microsoft.MarketplaceOrdering, and their answers."""

from ..calls import Answer, Call, Json
from ..catalogue import Image
from ..world import World
from . import errors, model


def get_agreement(world: World, call: Call) -> Answer:
    """GET the terms of a plan."""
    return Answer(200, _document(world, call, _image(world, call)))


def put_agreement(world: World, call: Call) -> Answer:
    """PUT the terms back with `accepted`; all that makes them up must be as it was offered."""
    image = _image(world, call)
    sent: Json = call.document.get("properties") or {}
    offered = model.agreement(world, call.params["subscription"], image)
    for member in model.ECHOED:
        if sent.get(member) != offered[member]:
            raise errors.altered_terms(member)
    model.accept(world, call.params["subscription"], image, accept_them=bool(sent.get("accepted")))
    return Answer(200, _document(world, call, image))


def _image(world: World, call: Call) -> Image:
    return model.sold(world, call.params["publisher"], call.params["offer"], call.params["plan"])


def _document(world: World, call: Call, image: Image) -> Json:
    subscription = call.params["subscription"]
    provider = f"/subscriptions/{subscription}/providers/Microsoft.MarketplaceOrdering"
    return {
        "id": f"{provider}/offertypes/virtualmachine/publishers/{image.publisher}/offers/{image.offer}"
        f"/plans/{image.plan}/agreements/current",
        "name": image.plan,
        "type": "Microsoft.MarketplaceOrdering/offertypes",
        "properties": model.agreement(world, subscription, image),
    }
