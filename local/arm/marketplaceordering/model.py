"""Agreements: the terms of a plan, and whether the subscription accepted them."""

import base64
import hashlib

from ..calls import Json
from ..catalogue import Image
from ..ids import same
from ..subscriptions import terms_key
from ..world import World
from . import errors

# What an acceptance must repeat from the offer.
ECHOED = ("licenseTextLink", "privacyPolicyLink", "marketplaceTermsLink", "signature")


def sold(world: World, publisher: str, offer: str, plan: str) -> Image:
    """The image sold under a plan; 400 when there is none."""
    for image in world.catalogue.images:
        if image.plan and same(image.plan, plan) and same(image.publisher, publisher) and same(image.offer, offer):
            return image
    raise errors.unknown_plan(publisher, offer, plan)


def agreement(world: World, subscription: str, image: Image) -> Json:
    """The inner document of a plan's agreement."""
    plan = str(image.plan)
    signature = hashlib.sha512(f"{image.publisher}/{image.offer}/{plan}".encode()).digest()
    terms = f"https://mpcprodsa.blob.core.windows.net/legalterms/{image.publisher}:24{image.offer}:24{plan}"
    return {
        "publisher": image.publisher,
        "product": image.offer,
        "plan": plan,
        "licenseTextLink": f"{terms}.txt",
        "privacyPolicyLink": f"https://www.example.com/{image.publisher}/privacy",
        "marketplaceTermsLink": "https://mpcprodsa.blob.core.windows.net/marketplaceterms/3EDEF.txt",
        "retrieveDatetime": world.stamp(),
        "signature": base64.b32encode(signature).decode().rstrip("="),
        "accepted": accepted(world, subscription, image),
    }


def accepted(world: World, subscription: str, image: Image) -> bool:
    """Whether the subscription accepted the terms of an image."""
    key = terms_key(image.publisher, image.offer, str(image.plan))
    return bool(world.settings(subscription)["terms"].get(key))


def accept(world: World, subscription: str, image: Image, *, accept_them: bool) -> None:
    """Record a yes, or take it back."""
    settings = world.settings(subscription)
    settings["terms"][terms_key(image.publisher, image.offer, str(image.plan))] = accept_them
    world.store.save_subscription(subscription, settings)
