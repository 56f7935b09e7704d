"""Checking a request against what the org has: its provider instance, its images, and their names."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from shared import wiring
from shared.errors.catalogue import NotFound
from shared.models.image import NameReservation
from shared.models.provider_instance import ProviderInstance
from shared.requests.acceptance import Accepted, Ids
from shared.requests.copy_acceptance import accept_copy, check_copy
from shared.requests.copy_sources import find_origin
from shared.requests.findings import Code, Finding
from shared.requests.import_acceptance import accept_import, check_import
from shared.requests.models import AnyRequest, CopyRequest, ImportRequest
from shared.requests.problems import Problem, Refused, invalid
from shared.workflow.pace import Pace

Acceptance = Callable[[Ids, datetime, Pace], Accepted]
"""Makes the records and the job of a request that nothing speaks against."""


def check(request: AnyRequest) -> Acceptance:
    """Check the request against what the org has: its provider instance, its images, and their names.

    Raises:
        Refused: something speaks against it; 409 if that is nothing but the name.
    """
    checked = _check_provider(request)
    taken = name_finding(request.org_id, request.stream_name)
    if isinstance(checked, Sequence):
        raise Refused(invalid([*checked, taken] if taken else checked))
    if taken:
        raise name_in_use(taken)
    return checked


def _check_provider(request: AnyRequest) -> Acceptance | Sequence[Finding]:
    """Check what the provider instance allows."""
    provider_id = request.provider_instance_id
    try:
        provider = wiring.catalog().get(ProviderInstance, request.org_id, provider_id)
    except NotFound:
        message = f"the org has no provider instance {provider_id}: PUT it to provider-instances/{provider_id}"
        return [Finding(Code.UNKNOWN_PROVIDER_INSTANCE, message, "/providerInstanceId")]
    return _check_copy(request, provider) if isinstance(request, CopyRequest) else _check_import(request, provider)


def _check_import(request: ImportRequest, provider: ProviderInstance) -> Acceptance | Sequence[Finding]:
    return check_import(request, provider) or partial(accept_import, request, provider)


def _check_copy(request: CopyRequest, provider: ProviderInstance) -> Acceptance | Sequence[Finding]:
    findings = check_copy(request, provider)
    origin = find_origin(request, provider, wiring.catalog())
    if isinstance(origin, Finding):
        return [*findings, origin]
    return findings or partial(accept_copy, request, provider, origin)


def name_finding(org_id: str, name: str) -> Finding | None:
    """That an image of the org has the name."""
    try:
        taken = wiring.catalog().get(NameReservation, org_id, name.lower())
    except NotFound:
        return None
    message = f"the image {taken.image_id} has the name {taken.name} already: choose another"
    return Finding(Code.NAME_IN_USE, message, "/streamName")


def name_in_use(taken: Finding) -> Refused:
    """The refusal of a request whose name is taken."""
    return Refused(Problem(409, taken.code, taken.message, (taken,)))
