"""The table of everything a body can say: right, wrong, or odd."""

from enum import StrEnum
from typing import Any

import pytest

from shared.findings import MOST_NOTES, Code
from shared.image_requests import parse_image_request
from shared.image_sources import IMAGE_SOURCES
from shared.models.requests import ImageRequest
from shared.states import AssetType, GpuType, OsType, ProviderLabel, SourceType, VersionType
from tests.unit.api.client import PASSWORD, import_body, with_administrator, with_data, with_details

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


def findings(body: dict[str, Any], **options: Any) -> set[tuple[str, str | None]]:
    found = parse_image_request(body, **options).findings
    return {(finding.code, finding.parameter if finding.pointer is None else finding.pointer) for finding in found}


def request(body: dict[str, Any], **options: Any) -> ImageRequest:
    parsed = parse_image_request(body, **options)
    assert parsed.request is not None, parsed.findings
    return parsed.request


def test_a_plain_request_has_no_findings_and_no_warnings():
    parsed = parse_image_request(import_body(), action="import", strict=True)

    assert (parsed.findings, parsed.warnings) == ([], [])
    assert parsed.request is not None
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
]


@pytest.mark.parametrize(("code", "pointer", "body"), ODDITIES, ids=[f"{code} {at}" for code, at, _ in ODDITIES])
def test_an_oddity_is_tolerated_with_a_warning(code: str, pointer: str, body: dict[str, Any]):
    parsed = parse_image_request(body)

    assert parsed.request is not None
    assert [(warning.code, warning.pointer) for warning in parsed.warnings] == [(code, pointer)]


@pytest.mark.parametrize(("code", "pointer", "body"), ODDITIES, ids=[f"{code} {at}" for code, at, _ in ODDITIES])
def test_strict_handling_refuses_an_oddity(code: str, pointer: str, body: dict[str, Any]):
    parsed = parse_image_request(body, strict=True)

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
    ("REQUIRED", "/osType", import_body(osType=None)),
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
        ("copy-existing-image", {("UNSUPPORTED_ACTION", "action"), ("ACTION_SOURCE_MISMATCH", "/sourceStreamType")}),
    ],
)
def test_actions_that_can_not_be_had(action: str, expected: set[tuple[str, str]]):
    assert findings(import_body(), action=action) == expected


def test_a_copy_is_not_available_yet_but_its_source_is_right():
    parsed = parse_image_request(import_body(sourceStreamType="AZURE_SIG"), action="copy-existing-image")

    assert [finding.message for finding in parsed.findings] == ["copy-existing-image is not available yet"]


def test_a_mismatch_names_the_right_action():
    (finding,) = parse_image_request(import_body(sourceStreamType="AZURE_SIG")).findings

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

    assert len(parse_image_request(body).warnings) == len(findings(body, strict=True)) == MOST_NOTES


def test_an_empty_object_is_told_all_it_lacks():
    assert {code for code, _ in findings({})} == {Code.REQUIRED}
    assert {place for _, place in findings({})} >= {"/orgId", "/streamName", DETAILS, f"{DATA}/publisher", INFO}


@pytest.mark.parametrize(
    ("field", "kind"),
    [("osType", OsType), ("gpuType", GpuType), ("versionType", VersionType)],
)
def test_every_value_of_an_enum_is_understood(field: str, kind: type[StrEnum]):
    for value in kind:
        assert not {place for _, place in findings(import_body(**{field: value}))} & {f"/{field}"}


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
    body = import_body() | LINUX
    body["assetDetails"]["vmInfo"] = {"username": "Builder", "password": ["Aa1!" * 19]}

    assert findings(body) == {("INVALID_USERNAME", f"{INFO}/username"), ("WEAK_PASSWORD", f"{INFO}/password")}


def test_unknown_keys_of_data_are_kept():
    assert request(with_data(future={"a": 1})).source.data["future"] == {"a": 1}


@pytest.mark.parametrize("password", ["string", "P@ssw0rd", PASSWORD + "\n"])
def test_no_finding_and_no_representation_repeats_the_password(password: str):
    parsed = parse_image_request(with_administrator(password=[password]))

    assert password not in repr(parsed.findings)
    assert PASSWORD not in repr(request(import_body()))
    assert PASSWORD not in request(import_body()).model_dump_json()
