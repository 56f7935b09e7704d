"""Who calls, and for which org.

Behind App Service authentication a caller's claims are in the header X-MS-CLIENT-PRINCIPAL, which App Service
itself sets and nobody can forge; one claim names the org. Without it (on one machine, or with function keys
alone) the org is what the request says.
"""

import base64
import binascii
import json
from collections.abc import Sequence

import azure.functions as func

from shared import wiring
from shared.requests.fields import ORG_ID
from shared.requests.findings import Code
from shared.requests.problems import Problem, Refused, bad_parameter
from triggers.http.answers import parameter

PRINCIPAL_HEADER = "X-MS-CLIENT-PRINCIPAL"


def org_of(req: func.HttpRequest) -> str:
    """The org of a read: the caller's own, which `org_id` may repeat.

    Raises:
        Refused: 400 no org is named, or none that could be; 401 nobody is signed in; 403 it is another's org.
    """
    orgs = claimed_orgs(req)
    stated = stated_org(req)
    check_org(orgs, stated)
    org = stated or only(orgs)
    if org is None:
        raise bad_parameter("org_id", "is required", Code.REQUIRED)
    return org


def stated_org(req: func.HttpRequest) -> str | None:
    """The org in the query, by either of the names clients use."""
    stated = parameter(req, "org_id", "orgId")
    if stated is not None and not ORG_ID.fullmatch(stated):
        raise bad_parameter("org_id", "must have 1 to 128 letters, digits and any of . _ : @ -")
    return stated


def only(orgs: Sequence[str] | None) -> str | None:
    """The org of a caller who has just one."""
    return orgs[0] if orgs and len(orgs) == 1 else None


def check_org(orgs: Sequence[str] | None, stated: str | None) -> None:
    """Refuse a signed-in caller who names an org of others."""
    if orgs is not None and stated is not None and stated not in orgs:
        raise Refused(Problem(403, Code.ORG_MISMATCH, f"The caller does not belong to the org {stated}."))


def claimed_orgs(req: func.HttpRequest) -> Sequence[str] | None:
    """The orgs of the signed-in caller; None where nobody signs in.

    Raises:
        Refused: 401 where signing in is required and nobody did; 403 where the caller's claims name no org.
    """
    settings = wiring.settings()
    header = req.headers.get(PRINCIPAL_HEADER)
    if not header:
        if settings.require_principal:
            raise _unauthenticated("Sign in: a bearer token is required.")
        return None
    orgs = [value for value in _claims(header, settings.org_claim) if ORG_ID.fullmatch(value)]
    if not orgs:
        raise Refused(Problem(403, Code.ORG_MISMATCH, f"The caller's token has no claim {settings.org_claim}."))
    return orgs


def _claims(header: str, claim: str) -> list[str]:
    """The values of a claim; the shape is {"claims": [{"typ", "val"}]}, in base64."""
    try:
        principal = json.loads(base64.b64decode(header))
        found = [(item["typ"], item["val"]) for item in principal["claims"]]
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _unauthenticated(f"The header {PRINCIPAL_HEADER} can't be read.") from error
    return [value for kind, value in found if kind == claim and isinstance(value, str)]


def _unauthenticated(detail: str) -> Refused:
    return Refused(Problem(401, Code.UNAUTHENTICATED, detail, headers={"WWW-Authenticate": "Bearer"}))
