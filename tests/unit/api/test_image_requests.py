"""The table of everything a body can say: right, wrong, or odd."""

import copy
import inspect
import re
from enum import StrEnum
from typing import Any

import pytest

from activities.steps import preflight, resource_group
from shared.cloud.arm.compute import virtual_machine
from shared.ports.azure import Preflight
from shared.requests.findings import MOST_OF_A_CODE, Code, Finding, listed
from shared.requests.image_sources import IMAGE_SOURCES
from shared.requests.import_details import WRITTEN_BY_US
from shared.requests.models import ImportRequest
from shared.requests.problems import invalid
from shared.states.enums import AssetType, GpuType, OsType, ProviderLabel, SourceType, VersionType
from shared.workflow.sources import PurchasePlan
from shared.workflow.step_input import ImportStep
from tests.builders import NOW, facts, import_job
from tests.fakes import FakeCatalogStore, FakeImageProvider
from tests.unit.api.client import PASSWORD, findings, import_body, parse, with_administrator, with_data, with_details

DETAILS = "/assetDetails"
DATA = f"{DETAILS}/data"
INFO = f"{DETAILS}/vmInfo"
LINUX = {
    "osType": "LINUX",
    "os": "Ubuntu Server 24.04 LTS",
    "assetDetails": {
        "data": {"publisher": "Canonical", "offer": "ubuntu-24_04-lts", "sku": "server"},
        "vmInfo": {"username": "builder", "password": [PASSWORD]},
    },
}


def request(body: dict[str, Any], **options: Any) -> ImportRequest:
    parsed = parse(body, **options)
    assert isinstance(parsed.request, ImportRequest), parsed.findings
    return parsed.request


def test_a_plain_request_has_no_findings_and_no_warnings():
    parsed = parse(import_body(), action="import", strict=True)

    assert (parsed.findings, parsed.warnings) == ([], [])
    assert isinstance(parsed.request, ImportRequest)
    assert parsed.request.administrator.password.get_secret_value() == PASSWORD


ODDITIES = [
    ("UNKNOWN_FIELD", "/colour", import_body(colour="red")),
    ("UNKNOWN_FIELD", f"{DETAILS}/x~1y", with_details(**{"x/y": 1})),
    ("UNKNOWN_FIELD", f"{DETAILS}/options/size", with_details(options={"size": 1})),
    ("UNKNOWN_FIELD", f"{INFO}/domain", with_administrator(domain="d")),
    ("BOOLEAN_AS_STRING", f"{DETAILS}/options/createPublicIp", with_details(options={"createPublicIp": "false"})),
    ("BOOLEAN_AS_STRING", "/isMultiSession", import_body(isMultiSession="True")),
    ("STRING_INSTEAD_OF_ARRAY", f"{INFO}/password", with_administrator(password=PASSWORD)),
    ("ALTERNATIVE_NAME", f"{DETAILS}/assetType", with_details(type=..., assetType="AZURE_VM_IN_RG")),
    ("LETTER_CASE", "/providerLabel", import_body(providerLabel="Azure")),
    ("IGNORED_FIELD", "/sourceStreamId", import_body(sourceStreamId="string")),
    ("IGNORED_FIELD", "/sourceVersionId", import_body(sourceVersionId="string")),
    ("IGNORED_FIELD", "/markers", import_body(markers=[{"name": "m"}])),
    ("UNKNOWN_OS", "/os", import_body(os="Windows 10 Enterprise, 21H2")),
    ("OS_OF_ANOTHER_IMAGE", "/os", import_body(os="Windows 11 Enterprise, 24H2")),
    ("OS_OF_ANOTHER_IMAGE", "/osType", import_body(osType="CLIENT")),
    ("OS_OF_ANOTHER_IMAGE", "/osType", import_body(osType="SERVER")),
    *(("IGNORED_FIELD", f"{DATA}/{key}", with_data(**{key: "x"})) for key in WRITTEN_BY_US),
]


@pytest.mark.parametrize(("code", "pointer", "body"), ODDITIES, ids=[f"{code} {at}" for code, at, _ in ODDITIES])
def test_an_oddity_is_tolerated_with_a_warning(code: str, pointer: str, body: dict[str, Any]):
    parsed = parse(body)

    assert parsed.request is not None
    assert [(warning.code, warning.pointer) for warning in parsed.warnings] == [(code, pointer)]


@pytest.mark.parametrize(("code", "pointer", "body"), ODDITIES, ids=[f"{code} {at}" for code, at, _ in ODDITIES])
def test_strict_handling_refuses_an_oddity(code: str, pointer: str, body: dict[str, Any]):
    parsed = parse(body, strict=True)

    assert parsed.request is None
    assert parsed.warnings == []
    assert findings(body, strict=True) == {(code, pointer)}


ACCEPTED_AS_IT_IS = [
    import_body(isMultiSession=True, markers=[]),
    import_body(sourceStreamId=None, sourceVersionId=""),
    import_body(gpuType=..., providerLabel=..., os=..., streamDescription=..., versionDescription=...),
    import_body(versionSource="0"),
    import_body(versionSource="0.0.0"),
    import_body(streamDescription="two\nlines\tand a tab", versionDescription="d" * 1024),
    with_details(type=..., options=...),
    with_details(type="AZURE_VM_IN_RG", options=None),
    with_administrator(password=[PASSWORD]),
    with_data(version=..., licenseType="Windows_Client", vmSize="Standard_D2s_v5", future={"key": [1, {"a": None}]}),
    import_body(streamName="string", os=...),
    import_body() | LINUX,
    import_body(osType="WINDOWS"),
    with_data(publisher="Nobody", offer="knows", sku="this") | {"osType": "LINUX", "os": ""},
    with_administrator(password=[*PASSWORD, "\ud83d", "\ude00"]),
    with_data(
        passive=1, bypass=1, compass=1, passage=1, signature=1, sigName="galGolden", design=1, pwsh=1, shareKeyboard=1
    ),
    with_data(link="https://images.example/a?sigma=1&design=sig"),
]


@pytest.mark.parametrize("body", ACCEPTED_AS_IT_IS)
def test_what_the_api_page_or_its_clients_say_is_accepted_even_strictly(body: dict[str, Any]):
    assert findings(body, strict=True) == set()


@pytest.mark.parametrize("source", [source.display_name for source in IMAGE_SOURCES])
def test_every_image_source_fits_its_own_name(source: str):
    found = next(item for item in IMAGE_SOURCES if item.display_name == source)
    data = {"publisher": found.publisher.lower(), "offer": found.offer, "sku": found.sku}
    body = with_details(data=data) | {"os": found.display_name, "osType": found.os_type}

    assert findings(body, strict=True) == set()


REFUSED = [
    ("WRAPPED_BODY", "", {"imageCatalogRequest": import_body()}),
    ("REQUIRED", "/orgId", import_body(orgId=...)),
    ("INVALID_VALUE", "/orgId", import_body(orgId="a/b")),
    ("INVALID_VALUE", "/orgId", import_body(orgId="o" * 129)),
    ("INVALID_VALUE", "/orgId", import_body(orgId=7)),
    ("REQUIRED", "/streamName", import_body(streamName="")),
    ("INVALID_VALUE", "/streamName", import_body(streamName="with space")),
    ("INVALID_VALUE", "/streamName", import_body(streamName="s" * 65)),
    ("INVALID_VALUE", "/streamName", import_body(streamName="Bücher")),
    ("TOO_LONG", "/streamDescription", import_body(streamDescription="d" * 1025)),
    ("TOO_LONG", "/versionDescription", import_body(versionDescription="d" * 1025)),
    ("TOO_LONG", "/os", import_body(os="o" * 257)),
    ("FORBIDDEN_CHARACTER", "/streamDescription", import_body(streamDescription="a\x00b")),
    ("FORBIDDEN_CHARACTER", "/versionDescription", import_body(versionDescription="\ud800")),
    ("FORBIDDEN_CHARACTER", f"{DATA}/note/0", with_data(note=["\x85"])),
    ("FORBIDDEN_CHARACTER", f"{INFO}/password/3", with_administrator(password=[PASSWORD, "", "", "\n"])),
    ("FORBIDDEN_CHARACTER", f"{INFO}/password", with_administrator(password=[*PASSWORD, "\ud83d"])),
    ("FORBIDDEN_CHARACTER", f"{INFO}/password", with_administrator(password=[PASSWORD, "\ude00", "\ud83d"])),
    ("REQUIRED", "/osType", import_body(osType=None)),
    ("CONTRADICTION", "/osType", import_body(osType="LINUX")),
    ("CONTRADICTION", "/osType", import_body() | LINUX | {"osType": "SERVER"}),
    ("INVALID_VALUE", "/osType", import_body(osType="WINDOWS, LINUX")),
    ("INVALID_VALUE", "/osType", import_body(osType=["WVD"])),
    ("CONTRADICTION", "/isMultiSession", import_body(isMultiSession=False)),
    ("CONTRADICTION", "/isMultiSession", import_body(isMultiSession=True, osType="CLIENT")),
    ("INVALID_VALUE", "/isMultiSession", import_body(isMultiSession=1)),
    ("INVALID_VALUE", "/gpuType", import_body(gpuType="NONE, AMD, NVIDIA")),
    ("SIZE_WITHOUT_GPU", f"{DATA}/vmSize", with_data(vmSize="Standard_D4s_v5") | {"gpuType": "NVIDIA"}),
    ("INVALID_VALUE", f"{DATA}/vmSize", with_data(vmSize="../size")),
    ("INVALID_VALUE", "/providerLabel", import_body(providerLabel="AZURE,AKKA,VSPHERE")),
    ("UNSUPPORTED_PROVIDER", "/providerLabel", import_body(providerLabel="AKKA")),
    ("UNSUPPORTED_PROVIDER", "/providerLabel", import_body(providerLabel="VSPHERE")),
    ("UNSUPPORTED_PROVIDER", "/providerLabel", import_body(providerLabel="ZEROCLOUD")),
    ("REQUIRED", "/providerInstanceId", import_body(providerInstanceId=...)),
    ("INVALID_VALUE", "/providerInstanceId", import_body(providerInstanceId="a#b")),
    ("REQUIRED", "/sourceStreamType", import_body(sourceStreamType=...)),
    ("INVALID_VALUE", "/sourceStreamType", import_body(sourceStreamType="AZURE_MARKET_PLACE / AZURE_SIG")),
    ("ACTION_SOURCE_MISMATCH", "/sourceStreamType", import_body(sourceStreamType="AZURE_SIG")),
    ("REQUIRED", "/versionSource", import_body(versionSource=...)),
    ("INVALID_VALUE", "/versionSource", import_body(versionSource=0.0)),
    ("INVALID_VALUE", "/versionSource", import_body(versionSource="1.0-beta")),
    ("INVALID_VALUE", "/versionSource", import_body(versionSource="01.0")),
    ("INVALID_VALUE", "/versionSource", import_body(versionSource="2147483648")),
    ("INVALID_VALUE", "/versionSource", import_body(versionSource="2147483647")),
    ("REQUIRED", "/versionType", import_body(versionType=...)),
    ("INVALID_VALUE", "/versionType", import_body(versionType="MAJOR, MINOR, PATCH")),
    ("INVALID_VALUE", f"{DETAILS}/type", with_details(type="AZURE_VM_IN_RG / AZURE_IMAGE_IN_SIG")),
    ("INVALID_VALUE", f"{DETAILS}/type", with_details(type="AZURE_IMAGE_IN_SIG")),
    ("INVALID_VALUE", f"{DETAILS}/options", with_details(options=[])),
    ("REQUIRED", f"{DATA}/sku", with_data(sku=...)),
    ("INVALID_VALUE", f"{DATA}/offer", with_data(offer="a/../b")),
    ("INVALID_VALUE", f"{DATA}/version", with_data(version="newest")),
    ("INVALID_VALUE", f"{DATA}/licenseType", with_data(licenseType="RHEL_BYOS")),
    ("SECRET_NOT_ALLOWED", f"{DATA}/adminPassword", with_data(adminPassword="x")),
    ("SECRET_NOT_ALLOWED", f"{DATA}/nested/0/api_key", with_data(nested=[{"api_key": "x"}])),
    *(
        ("SECRET_NOT_ALLOWED", f"{DATA}/{key}", with_data(**{key: "x"}))
        for key in (
            *("pass", "dbPass", "ADMIN_PASS", "userPW", "passcode", "accountKey", "storage_key", "shared-key"),
            *("Authorization", "proxyAuthorization", "bearer", "sig", "SAS"),
        )
    ),
    ("SECRET_NOT_ALLOWED", f"{DATA}/link/0", with_data(link=["https://a.example/b?sv=1&SIG=c"])),
    ("SECRET_NOT_ALLOWED", "/streamDescription", import_body(streamDescription="https://a.example/b?sig=c")),
    ("SECRET_NOT_ALLOWED", "/streamDescription", import_body(streamDescription=f"the password is {PASSWORD}")),
    ("SECRET_NOT_ALLOWED", "/versionDescription", import_body(versionDescription=PASSWORD)),
    ("SECRET_NOT_ALLOWED", "/streamName", import_body(streamName=f"a{PASSWORD}")),
    ("SECRET_NOT_ALLOWED", "/os", import_body(os=PASSWORD)),
    ("SECRET_NOT_ALLOWED", "/colour", import_body(colour=PASSWORD)),
    ("SECRET_NOT_ALLOWED", f"{DATA}/a/0/b", with_data(a=[{"b": PASSWORD}])),
    ("SECRET_NOT_ALLOWED", f"{DATA}/a", with_data(a={PASSWORD: 1})),
    ("SECRET_NOT_ALLOWED", f"{DATA}/a", with_data(a={PASSWORD: f"{PASSWORD}!"})),
    ("DATA_TOO_LARGE", DATA, with_data(note="n" * 8200)),
    ("DATA_TOO_LARGE", DATA, with_data(a=[[[[1]]]])),
    ("REQUIRED", f"{INFO}/username", with_administrator(username=...)),
    ("INVALID_USERNAME", f"{INFO}/username", with_administrator(username="Administrator")),
    ("INVALID_USERNAME", f"{INFO}/username", with_administrator(username="u" * 21)),
    ("INVALID_USERNAME", f"{INFO}/username", with_administrator(username="name.")),
    ("INVALID_USERNAME", f"{INFO}/username", with_administrator(username="a@b")),
    ("REQUIRED", f"{INFO}/password", with_administrator(password=[])),
    ("REQUIRED", f"{INFO}/password", with_administrator(password=[""])),
    ("INVALID_VALUE", f"{INFO}/password", with_administrator(password=[1])),
    ("INVALID_VALUE", f"{INFO}/password", with_administrator(password={"a": 1})),
    ("TOO_LONG", f"{INFO}/password", with_administrator(password=["Aa1!" * 100])),
    ("WEAK_PASSWORD", f"{INFO}/password", with_administrator(password=["string"])),
    ("WEAK_PASSWORD", f"{INFO}/password", with_administrator(password=["Short-1"])),
    ("WEAK_PASSWORD", f"{INFO}/password", with_administrator(password=["longbutsimple1"])),
    ("WEAK_PASSWORD", f"{INFO}/password", with_administrator(password=["Aa1!" * 31])),
]


@pytest.mark.parametrize(("code", "pointer", "body"), REFUSED, ids=[f"{code} {at}" for code, at, _ in REFUSED])
def test_what_is_wrong_is_told_with_its_place(code: str, pointer: str, body: dict[str, Any]):
    assert findings(body) == {(code, pointer)}


@pytest.mark.parametrize(
    "source", sorted(set(SourceType) - {SourceType.AZURE_MARKET_PLACE, SourceType.AZURE_SIG}), ids=str
)
def test_sources_that_do_not_run_here_are_told_apart_from_nonsense(source: SourceType):
    assert findings(import_body(sourceStreamType=source)) == {("UNSUPPORTED_SOURCE", "/sourceStreamType")}


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("import-custom-vm", {("UNSUPPORTED_ACTION", "action")}),
        ("IMPORT", {("INVALID_VALUE", "action")}),
    ],
)
def test_actions_that_can_not_be_had(action: str, expected: set[tuple[str, str]]):
    assert findings(import_body(), action=action) == expected


def test_a_mismatch_names_the_right_action():
    (finding,) = parse(import_body(sourceStreamType="AZURE_SIG")).findings

    assert "action=copy-existing-image" in finding.message


def test_everything_that_is_wrong_is_told_at_once():
    body = with_administrator(username="root", password=["x"]) | {
        "osType": "DOS",
        "versionSource": 1,
        "streamName": "a b",
        "gpuType": "3DFX",
        "versionType": ...,
    }
    del body["versionType"]

    assert findings(body, action="nonsense") == {
        ("INVALID_VALUE", "action"),
        ("INVALID_VALUE", "/osType"),
        ("INVALID_VALUE", "/versionSource"),
        ("INVALID_VALUE", "/streamName"),
        ("INVALID_VALUE", "/gpuType"),
        ("REQUIRED", "/versionType"),
    }
    assert {("INVALID_USERNAME", f"{INFO}/username"), ("WEAK_PASSWORD", f"{INFO}/password")} < findings(body)


def test_a_small_body_gets_no_huge_answer():
    body = import_body(**{f"x{number}": 1 for number in range(1000)})

    assert len(listed(parse(body).warnings)) == len(listed(parse(body, strict=True).findings)) == MOST_OF_A_CODE


def test_many_findings_of_one_code_do_not_hide_those_of_others():
    body = with_details(**{f"x{number}": 1 for number in range(1000)}) | {"versionType": "HUGE"}
    problem = invalid([*parse(body, strict=True).findings, Finding(Code.TOO_LONG, "is the last one")])

    assert {finding.code for finding in problem.findings} == {"UNKNOWN_FIELD", "INVALID_VALUE", "TOO_LONG"}
    assert problem.detail == f"{MOST_OF_A_CODE + 2} things are wrong, and {1000 - MOST_OF_A_CODE} more: see errors."


def test_an_empty_object_is_told_all_it_lacks():
    assert {code for code, _ in findings({})} == {Code.REQUIRED}
    assert {place for _, place in findings({})} >= {"/orgId", "/streamName", DETAILS, f"{DATA}/publisher", INFO}


@pytest.mark.parametrize(
    ("field", "kind"),
    [("osType", OsType), ("gpuType", GpuType), ("versionType", VersionType)],
)
def test_every_value_of_an_enum_is_understood(field: str, kind: type[StrEnum]):
    for value in kind:
        assert ("INVALID_VALUE", f"/{field}") not in findings(import_body(**{field: value}))


@pytest.mark.parametrize(("field", "kind"), [("providerLabel", ProviderLabel), ("sourceStreamType", SourceType)])
def test_no_value_of_an_enum_is_called_nonsense(field: str, kind: type[StrEnum]):
    for value in kind:
        assert ("INVALID_VALUE", f"/{field}") not in findings(import_body(**{field: value}))


@pytest.mark.parametrize("kind", list(AssetType), ids=str)
def test_an_import_makes_a_virtual_machine_and_nothing_else(kind: AssetType):
    wanted = set() if kind is AssetType.AZURE_VM_IN_RG else {("INVALID_VALUE", f"{DETAILS}/type")}
    assert findings(with_details(type=kind)) == wanted


def test_two_names_for_the_type_must_not_differ():
    body = with_details(type="AZURE_VM_IN_RG", assetType="AZURE_IMAGE_IN_SIG")

    assert ("CONTRADICTION", f"{DETAILS}/assetType") in findings(body)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"osType": "WVD"}, True),
        ({"osType": "CLIENT"}, False),
        ({"osType": "WINDOWS"}, True),
        ({"osType": "WINDOWS", "isMultiSession": False}, False),
        ({"osType": "SERVER", "isMultiSession": True}, True),
    ],
)
def test_many_sessions_as_stated_else_as_the_image_is_known_for(fields: dict[str, Any], expected: bool):
    """The body names a multi-session image."""
    assert request(import_body(**fields)).multi_session is expected


def test_the_org_of_the_caller_stands_in_for_the_bodys():
    assert request(import_body(orgId=...), org_id="org-token").org_id == "org-token"
    assert request(import_body(), org_id="org-token").org_id == import_body()["orgId"]


def test_linux_has_rules_of_its_own():
    body = copy.deepcopy(import_body() | LINUX)  # the others use the same
    body["assetDetails"]["vmInfo"] = {"username": "Builder", "password": ["Aa1!" * 19]}

    assert findings(body) == {("INVALID_USERNAME", f"{INFO}/username"), ("WEAK_PASSWORD", f"{INFO}/password")}


def test_unknown_keys_of_data_are_kept_and_those_of_the_service_are_not():
    data = request(
        with_data(future={"a": 1}, vmSize="Standard_D2s_v5", vmId="mine", publicIpAddress="192.0.2.1")
    ).source.data

    assert data == import_body()["assetDetails"]["data"] | {"future": {"a": 1}, "vmSize": "Standard_D2s_v5"}


def test_a_password_may_come_in_halves_of_characters():
    halves = [*PASSWORD, "\ud83d", "\ude00"]

    assert (
        request(with_administrator(password=halves)).administrator.password.get_secret_value()
        == PASSWORD + "\U0001f600"
    )


@pytest.mark.parametrize("password", ["string", "P@ssw0rd", PASSWORD + "\n"])
def test_no_finding_and_no_representation_repeats_the_password(password: str):
    parsed = parse(with_administrator(password=[password]))

    assert password not in repr(parsed.findings)
    assert PASSWORD not in repr(request(import_body()))
    assert PASSWORD not in request(import_body()).model_dump_json()


def test_every_key_that_an_import_writes_is_the_services_own():
    """But vmSize, which a caller may choose."""
    plan = PurchasePlan(publisher="p", product="o", name="s")
    images = FakeImageProvider(preflight_result=Preflight((), facts(plan=plan)))
    step = ImportStep(job=import_job(), at=NOW)
    written = {
        *preflight.check(step, images).data,
        *resource_group.create(step, images, FakeCatalogStore()).data,
    }
    of_machine = set(re.findall(r'"([a-z]+[A-Z]\w*|region)"', inspect.getsource(virtual_machine.details)))

    assert {"plan", "resourceGroupId"} < written
    assert {"vmId", "region", "vmSize"} < of_machine
    assert written | of_machine - {"vmSize"} <= set(WRITTEN_BY_US)
