"""What we may do, by Azure's own account: the permissions API, and how its answer is to be read."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from azure.core.exceptions import HttpResponseError

from shared.cloud.arm.core.clients import Arm, about
from shared.cloud.identity import principal
from shared.workflow.jobs.job import Job

_API_VERSION = "2022-04-01"


def may(arm: Arm, job: Job, action: str, scope: str) -> bool:
    """Whether our roles allow an action on a scope that exists; deny assignments are not seen here.

    Raises:
        HttpResponseError: Azure does not say; status 403 where we have no role at all.
    """
    url = f"{arm.endpoint}{scope}/providers/Microsoft.Authorization/permissions?api-version={_API_VERSION}"
    entries: list[Mapping[str, Any]] = []
    while url:
        response = arm.get(url, about(job))
        if response.status_code != 200:
            raise HttpResponseError(response=response)
        page = response.json()
        entries += page["value"]
        url = page.get("nextLink")
    return allows(entries, action)


def allows(entries: Iterable[Mapping[str, Any]], action: str) -> bool:
    """Whether any entry allows an action; what an entry's `notActions` take away, another entry may give.

    Case does not matter, and `*` stands for any characters, slashes included.
    """

    def covers(patterns: Iterable[str]) -> bool:
        expressions = (".*".join(map(re.escape, pattern.split("*"))) for pattern in patterns)
        return any(re.fullmatch(expression, action, re.IGNORECASE) for expression in expressions)

    return any(covers(entry.get("actions") or ()) and not covers(entry.get("notActions") or ()) for entry in entries)


def who(arm: Arm) -> str:
    """Who we are to Azure, for people."""
    return principal(arm.credential.get_token(arm.scope).token)
