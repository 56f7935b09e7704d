"""Reads the body of `POST /images`: into a request, or into everything that is wrong with it at once. Pure.

Where the API page contradicts itself or real clients, what they send is accepted and listed as a warning; a
caller that prefers strict handling gets a finding instead. docs/api.md has the table.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.requests.fields import Fields, check_characters
from shared.requests.findings import Code, Finding, Notes, one_of
from shared.requests.image_fields import ImageFields
from shared.requests.models import AnyRequest
from shared.requests.secret_texts import PASSWORD, check_texts
from shared.states.enums import Action

_DESCRIPTIONS = frozenset({"streamDescription", "versionDescription"})
_NOT_YET = "import-custom-vm"


@dataclass(frozen=True, slots=True)
class Parsed:
    """A request that was read.

    Attributes:
        request: None if there is something wrong with the body.
        findings: everything that is wrong.
        warnings: the oddities that were tolerated.
    """

    request: AnyRequest | None
    findings: Sequence[Finding]
    warnings: Sequence[Finding]


def parse_image_request(
    body: Mapping[str, Any],
    *,
    now: datetime,
    action: str | None = None,
    org_id: str | None = None,
    strict: bool = False,
) -> Parsed:
    """Read a body.

    Args:
        body: the JSON object.
        now: the time, since some dates must be in the future.
        action: the query parameter; None is "import".
        org_id: the org to take if the body names none, from the caller's token or the query.
        strict: whether oddities are findings.
    """
    notes = Notes(strict)
    if set(body) == {"imageCatalogRequest"}:
        notes.refuse(Code.WRAPPED_BODY, "send what is in imageCatalogRequest as the body itself", "")
        return Parsed(None, notes.findings, notes.warnings)
    check_characters(body, notes, line_breaks_in=_DESCRIPTIONS, joined=PASSWORD)
    reading = ImageFields(Fields(body, notes), now, org_id)
    request = reading.request(_read_action(action, notes))
    check_texts(body, notes, reading.password)
    return Parsed(None if notes.findings else request, notes.findings, notes.warnings)


def _read_action(action: str | None, notes: Notes) -> Action | None:
    if not action:
        return Action.IMPORT
    if action == _NOT_YET:
        notes.refuse(Code.UNSUPPORTED_ACTION, f"{_NOT_YET} is not supported", parameter="action")
        return None
    if action not in list(Action):
        notes.refuse(Code.INVALID_VALUE, one_of(list(Action)), parameter="action")
        return None
    return Action(action)
