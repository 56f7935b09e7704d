"""`GET /operations/orphans`: what the janitor found."""

from datetime import timedelta

import pytest

from shared.models.error_info import ErrorInfo
from shared.models.orphans import Orphan, OrphanKind, OrphanState, Sweep, SweepKind, Unread, Why
from tests import builders
from tests.builders import NOW, ORG, SUBSCRIPTION
from tests.unit.api.client import Api

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-img-0"


def orphan(identifier: str = "1", **overrides: object) -> Orphan:
    values: dict[str, object] = {
        "org_id": ORG,
        "id": identifier,
        "about": OrphanKind.RESOURCE,
        "found_by": SweepKind.GROUPS,
        "subscription_id": SUBSCRIPTION,
        "resource_id": GROUP,
        "why": Why.OPERATION_ENDED,
        "operation_id": "operation-1",
        "image_id": "image-1",
        "version_id": "",
        "first_seen_at": NOW,
        "last_seen_at": NOW + timedelta(hours=1),
        "remove_at": NOW + timedelta(hours=24),
    }
    return Orphan.model_validate(values | overrides)


def test_before_the_first_sweep_there_is_nothing_to_tell(api: Api) -> None:
    answer = api.get("operations/orphans")
    assert answer.status == 200
    assert answer.json == {"lastSweep": None, "value": [], "nextLink": None}


def test_a_finding_is_shown_with_all_that_is_known(api: Api) -> None:
    api.catalog.put(orphan(state=OrphanState.REMAINS, error=ErrorInfo(code="ScopeLocked", message="There is a lock.")))
    api.catalog.put(
        Sweep(
            org_id=ORG,
            began_at=NOW,
            ended_at=NOW + timedelta(seconds=3),
            removes=True,
            grace_seconds=3600,
            unread=(Unread(subscription_id=SUBSCRIPTION, code="AuthorizationFailed", message="No."),),
        )
    )
    answer = api.get("operations/orphans").json
    assert answer["lastSweep"] == {
        "beganAt": "2026-11-23T12:00:00Z",
        "endedAt": "2026-11-23T12:00:03Z",
        "removes": True,
        "graceSeconds": 3600,
        "unread": [{"subscriptionId": SUBSCRIPTION, "code": "AuthorizationFailed", "message": "No."}],
    }
    [found] = answer["value"]
    assert found.pop("error")["code"] == "ScopeLocked"
    assert found == {
        "id": "1",
        "kind": "RESOURCE",
        "why": "OPERATION_ENDED",
        "state": "REMAINS",
        "subscriptionId": SUBSCRIPTION,
        "resourceId": GROUP,
        "missing": [],
        "operationId": "operation-1",
        "imageId": "image-1",
        "versionId": None,
        "firstSeenAt": "2026-11-23T12:00:00Z",
        "lastSeenAt": "2026-11-23T13:00:00Z",
        "removeAt": "2026-11-24T12:00:00Z",
    }


def test_it_is_paged_as_other_lists_are(api: Api) -> None:
    for number in range(5):
        api.catalog.put(orphan(str(number)))
    found = []
    answer = api.get("operations/orphans", size="2")
    while True:
        found += [each["id"] for each in answer.json["value"]]
        if answer.json["nextLink"] is None:
            break
        answer = api.request("GET", answer.json["nextLink"])
    assert found == ["0", "1", "2", "3", "4"]
    assert api.get("operations/orphans", size="0").status == 400
    assert api.get("operations/orphans", continuation="?").status == 400


def test_an_org_sees_its_own_only(api: Api) -> None:
    api.catalog.put(orphan(org_id="another"))
    assert api.get("operations/orphans").json["value"] == []
    assert len(api.get("operations/orphans", org_id="another").json["value"]) == 1


@pytest.mark.parametrize("identifier", ["orphans", "Orphans"])
def test_no_operation_is_meant_by_it(api: Api, identifier: str) -> None:
    api.catalog.put(builders.operation(id=identifier))
    assert "lastSweep" in api.get(f"operations/{identifier}").json
    assert api.get("operations/orphanage").status == 404
