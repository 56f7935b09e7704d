"""The error codes of Microsoft.MarketplaceOrdering."""

from ..errors import ArmError


def unknown_plan(publisher: str, offer: str, plan: str) -> ArmError:
    """No image is sold under this plan."""
    return ArmError(
        400,
        "BadRequest",
        f"Unable to find legal terms for this offer. Publisher: '{publisher}', offer: '{offer}', plan: '{plan}'.",
    )


def altered_terms(member: str) -> ArmError:
    """The agreement that is accepted is not the one that was offered."""
    message = f"The terms to accept differ from the ones offered in '{member}'; get the agreement and send it back."
    return ArmError(400, "BadRequest", message, target=member)
