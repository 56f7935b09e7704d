"""Who may see what: every route, for strangers, for members of another org, and for hostile ids."""

import base64
import json
import logging
from typing import Any

import pytest

from shared.models.operation import Operation
from shared.settings import Settings
from tests.builders import ORG, PROVIDER, accepted, import_job
from tests.unit.api.client import ROUTES, Api, Route, import_body, provider_body

JOB = import_job()
IDS = {
    "image_id": JOB.image_id,
    "version_id": JOB.version_id,
    "copy_id": JOB.asset_id,
    "operation_id": JOB.operation_id,
    "provider_id": PROVIDER,
}
OF_ONE_RECORD = [route for route in ROUTES if "{" in route.template]
HOSTILE = ["a'b", "x%2Fy", "%00", "..", "a:b", "%F0%9F%98%80", "a%0D%0Ab", "x" * 300, "%23", "%3F", "a%5Cb"]


def principal(*orgs: str, claim: str = "org_id") -> dict[str, str]:
    claims = [{"typ": "name", "val": "me"}, *({"typ": claim, "val": org} for org in orgs)]
    return {"X-MS-CLIENT-PRINCIPAL": base64.b64encode(json.dumps({"claims": claims}).encode()).decode()}


def path_of(route: Route, **ids: str) -> str:
    return "/" + route.template.format(**{**IDS, **ids})


def send(api: Api, route: Route, path: str, headers: dict[str, str] | None = None, **params: str):
    (method,) = route.methods
    body: Any = {"POST": import_body(), "PUT": provider_body()}.get(method)
    return api.request(method, path, body, headers, provider_instance_id=PROVIDER, **params)


@pytest.fixture(autouse=True)
def _something_to_see(api: Api):
    api.catalog.create(*accepted(JOB))


@pytest.mark.parametrize("route", OF_ONE_RECORD, ids=[route.name for route in OF_ONE_RECORD])
def test_records_of_another_org_are_not_found(api: Api, route: Route):
    """A 403 would tell that they exist; a PUT makes a record of one's own."""
    answer = send(api, route, path_of(route), org_id="org-other")

    assert answer.status == (201 if route.name == "put_provider_instance" else 404)
    assert JOB.image_name.encode() not in answer.content


@pytest.mark.parametrize("route", OF_ONE_RECORD, ids=[route.name for route in OF_ONE_RECORD])
def test_the_same_records_are_found_by_their_own_org(api: Api, route: Route):
    expected = {
        "delete_provider_instance": 409,
        "retry_operation": 409,
        "cancel_operation": 202,
        "delete_image": 202,
        "delete_version": 202,
    }.get(route.name, 200)

    assert send(api, route, path_of(route), org_id=ORG).status == expected


@pytest.mark.parametrize("name", ["list_images", "list_operations", "list_provider_instances"])
def test_lists_hold_nothing_of_another_org(api: Api, name: str):
    (route,) = (route for route in ROUTES if route.name == name)
    content = send(api, route, path_of(route), org_id="org-other").json

    assert content.get("content", content.get("value")) == []


@pytest.mark.parametrize("route", ROUTES, ids=[route.name for route in ROUTES])
def test_a_caller_of_another_org_is_refused(api: Api, route: Route):
    answer = send(api, route, path_of(route), principal("org-mine"), org_id=ORG)

    assert (answer.status, answer.json["code"]) == (403, "ORG_MISMATCH")


def test_the_org_in_the_body_must_be_the_callers_too(api: Api):
    answer = api.post(import_body(streamName="new"), principal("org-mine"))

    assert (answer.status, answer.json["code"]) == (403, "ORG_MISMATCH")
    assert api.client.started == []


def test_body_and_query_must_name_the_same_org(api: Api):
    assert api.post(import_body(), org_id="org-other").findings == {("CONTRADICTION", "/orgId")}


def test_the_callers_org_need_not_be_repeated(api: Api):
    assert api.request("GET", f"/imagemgmt/v1/images/{JOB.image_id}", headers=principal(ORG)).status == 200
    assert api.post(import_body(orgId=..., streamName="new"), principal(ORG)).json["orgId"] == ORG


def test_a_caller_of_many_orgs_says_which(api: Api):
    both = principal("org-mine", ORG)

    assert api.request("GET", "/imagemgmt/v1/images", headers=both).findings == {("REQUIRED", "org_id")}
    assert api.request("GET", f"/imagemgmt/v1/images?org_id={ORG}", headers=both).status == 200


@pytest.mark.parametrize("route", ROUTES, ids=[route.name for route in ROUTES])
def test_without_an_org_there_is_no_answer(api: Api, route: Route):
    if route.name == "create_image":
        assert api.post(import_body(orgId=...)).findings == {("REQUIRED", "/orgId")}
    else:
        assert send(api, route, path_of(route)).findings == {("REQUIRED", "org_id")}


@pytest.mark.parametrize("org", ["a/b", "a'b", "ü", "a" * 129, "a b"])
def test_an_org_that_can_not_be_is_refused(api: Api, org: str):
    assert api.get("images", org_id=org).findings == {("INVALID_VALUE", "org_id")}


def test_either_name_of_the_org_will_do_but_not_two_orgs(api: Api):
    assert api.request("GET", f"/imagemgmt/v1/images?orgId={ORG}").status == 200
    assert api.get("images", orgId="org-other").findings == {("CONTRADICTION", "org_id")}


@pytest.mark.parametrize("route", ROUTES, ids=[route.name for route in ROUTES])
def test_where_signing_in_is_required_nobody_else_gets_in(
    api: Api, route: Route, settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("shared.wiring.settings", lambda: settings.model_copy(update={"require_principal": True}))
    answer = send(api, route, path_of(route), org_id=ORG)

    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize(
    "header", ["nonsense", "!!", "e30=", "W10=", "bnVsbA==", "eyJjbGFpbXMiOiBbMV19", "ü", "W1tb" * 4000]
)
def test_a_principal_that_can_not_be_read_is_a_401(api: Api, header: str):
    answer = api.request("GET", f"/imagemgmt/v1/images?org_id={ORG}", headers={"X-MS-CLIENT-PRINCIPAL": header})

    assert (answer.status, answer.json["code"]) == (401, "UNAUTHENTICATED")


def test_a_principal_without_an_org_is_refused(api: Api):
    for claims in (principal(), principal("a/b"), principal(ORG, claim="tid")):
        assert api.request("GET", f"/imagemgmt/v1/images?org_id={ORG}", headers=claims).status == 403


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("route", OF_ONE_RECORD, ids=[route.name for route in OF_ONE_RECORD])
def test_a_hostile_id_is_an_id_that_nobody_has(api: Api, route: Route, hostile: str):
    name = route.template.rpartition("{")[2].partition("}")[0]

    assert send(api, route, path_of(route, **{name: hostile}), org_id=ORG).status == 404


@pytest.mark.parametrize("name", ["status", "search", "name", "continuation", "size", "orgId", "anything"])
@pytest.mark.parametrize("value", ["a\x00b", "\ud800", "x" * 5000, "a\r\nb"])
def test_a_hostile_parameter_is_a_400(api: Api, name: str, value: str):
    assert api.get("images", **{name: value}).status == 400
    assert api.get("operations", **{name: value}).status == 400


def test_a_problem_has_the_members_of_both_formats(api: Api):
    """RFC 9457, and the errors array that existing clients read."""
    answer = api.post(import_body(osType="DOS"))

    assert answer.headers["x-ms-error-code"] == "INVALID_VALUE"
    assert set(answer.json) == {"type", "title", "status", "detail", "instance", "code", "errors"}
    assert (answer.json["status"], answer.json["instance"]) == (400, "/imagemgmt/v1/images")
    assert answer.json["type"] == "urn:image-catalog:problem:invalid-value"
    (error,) = answer.json["errors"]
    assert error.pop("timestampInUtc").endswith("Z")
    assert error == {
        "code": "INVALID_VALUE",
        "message": "must be one of: CLIENT, LINUX, SERVER, WINDOWS, WVD",
        "detail": None,
        "domain": "IMAGE_MANAGEMENT",
        "parameters": {},
        "severity": "ERROR",
        "pointer": "/osType",
    }


def test_answers_are_the_callers_own_and_nothing_but_json(api: Api):
    for answer in (api.get("images"), api.get("images/unknown")):
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_bug_is_left_to_the_host_to_log(api: Api):
    api.catalog.fail("get", RuntimeError("a bug"))

    with pytest.raises(RuntimeError, match="a bug"):
        api.get(f"operations/{JOB.operation_id}")


def test_routes_are_told_apart_whatever_their_order():
    """The host tries routes in the order of function names, so the first that matches a path must be its own."""
    for route in ROUTES:
        (method,) = route.methods
        matching = [other.name for other in ROUTES if other.match(method, path_of(route)) is not None]
        assert matching[0] == route.name


def test_nothing_that_is_refused_is_logged_with_its_content(api: Api, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    api.post(b'{"password": "canary-1"')
    api.post(import_body(osType="canary-2"))

    assert "canary" not in caplog.text
    assert api.catalog.all(Operation)[0].id == JOB.operation_id
