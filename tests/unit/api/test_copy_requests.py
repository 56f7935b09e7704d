"""The table of everything that the body of a copy can say: right, wrong, or odd."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from shared.models.provider_instance import ProviderInstanceSettings, StorageAccountType, TargetRegion
from shared.requests.copy_details import MOST_REGIONS, WRITTEN_BY_US
from shared.requests.models import CopyRequest
from shared.states.enums import AssetType, GpuType, OsType, SourceType
from shared.workflow.sources import ReplicationMode
from tests.builders import GOLDEN, NOW, SUBSCRIPTION, TENANT, provider_instance
from tests.unit.api import client
from tests.unit.api.client import copy_body, parse, with_copy_data, with_copy_details, with_copy_options

ACTION = "copy-existing-image"
DETAILS = "/assetDetails"
DATA = f"{DETAILS}/data"
OPTIONS = f"{DETAILS}/options"
ID = f"{DATA}/imageVersionId"
OTHER_ID = GOLDEN.id.replace("rg-golden", "rg-other")
PARTS = {"resourceGroup": "rg-golden", "gallery": "galGolden", "image": "windows-11-desktop", "version": "1.0.0"}
STREAM = {"sourceStreamId": "stream-1"}


def findings(body: dict[str, Any], *, strict: bool = False, action: str = ACTION) -> set[tuple[str, str | None]]:
    return client.findings(body, action=action, strict=strict)


def request(body: dict[str, Any]) -> CopyRequest:
    parsed = parse(body, action=ACTION)
    assert isinstance(parsed.request, CopyRequest), parsed.findings
    return parsed.request


def in_parts(**overrides: Any) -> dict[str, Any]:
    """The body of a copy that names its source in parts."""
    return with_copy_data(**({"imageVersionId": ...} | PARTS | overrides))


def by_reference(**fields: Any) -> dict[str, Any]:
    """The body of a copy that names an image of the catalogue."""
    return copy_body(assetDetails=..., **fields)


def test_a_plain_request_has_no_findings_and_no_warnings():
    parsed = parse(copy_body(), action=ACTION, strict=True)

    assert (parsed.findings, parsed.warnings) == ([], [])
    assert isinstance(parsed.request, CopyRequest)
    assert parsed.request.secret is None


SOURCES = [
    (copy_body(), GOLDEN),
    (with_copy_data(imageVersionId=GOLDEN.id.upper()), GOLDEN),
    (with_copy_data(tenantId=TENANT), GOLDEN.model_copy(update={"tenant_id": UUID(TENANT)})),
    (with_copy_data(version="1.0.0", gallery="GALGOLDEN", subscriptionId=str(GOLDEN.subscription_id)), GOLDEN),
    (with_copy_data(id=GOLDEN.id.lower()), GOLDEN),
    (with_copy_data(imageVersionId=..., sourceImageVersionId=GOLDEN.id), GOLDEN),
    (in_parts(subscriptionId=str(GOLDEN.subscription_id)), GOLDEN),
    (in_parts(), GOLDEN.model_copy(update={"subscription_id": UUID(SUBSCRIPTION)})),
    (in_parts(imageVersionId=None, id=""), GOLDEN.model_copy(update={"subscription_id": UUID(SUBSCRIPTION)})),
]


@pytest.mark.parametrize(("body", "source"), SOURCES)
def test_the_source_is_an_id_or_its_parts(body: dict[str, Any], source: Any):
    """What is left out is the provider instance's own."""
    named = request(body).named

    assert named is not None
    found = named.within(provider_instance())
    assert (found.id.lower(), found.tenant_id) == (source.id.lower(), source.tenant_id)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"sourceStreamId": "stream-1"}, ("stream-1", None)),
        ({"sourceStreamId": "stream-1", "sourceVersionId": "version-1"}, ("stream-1", "version-1")),
        ({"sourceStreamId": "stream-1", "sourceVersionId": ""}, ("stream-1", None)),
    ],
)
def test_the_source_may_be_an_image_of_the_catalogue(fields: dict[str, str], expected: tuple[str, str | None]):
    for body in (by_reference(**fields), by_reference(**fields) | {"assetDetails": {"data": {}}}):
        assert findings(body, strict=True) == set()
        found = request(body)
        assert found.named is None
        assert found.reference is not None
        assert (found.reference.stream_id, found.reference.version_id) == expected


ODDITIES = [
    ("UNKNOWN_FIELD", "/colour", copy_body(colour="red")),
    ("UNKNOWN_FIELD", f"{DETAILS}/extra", with_copy_details(extra=1)),
    ("UNKNOWN_FIELD", f"{OPTIONS}/size", with_copy_options(size=1)),
    ("UNKNOWN_FIELD", f"{OPTIONS}/regions/1/zone", with_copy_options(regions=["a1", {"name": "b1", "zone": 1}])),
    ("ALTERNATIVE_NAME", f"{DATA}/id", with_copy_data(imageVersionId=..., id=GOLDEN.id)),
    ("ALTERNATIVE_NAME", f"{DATA}/sourceImageVersionId", with_copy_data(sourceImageVersionId=GOLDEN.id)),
    ("ALTERNATIVE_NAME", f"{DETAILS}/assetType", with_copy_details(type=..., assetType="AZURE_IMAGE_IN_SIG")),
    ("BOOLEAN_AS_STRING", f"{OPTIONS}/excludeFromLatest", with_copy_options(excludeFromLatest="true")),
    ("IGNORED_FIELD", f"{OPTIONS}/createPublicIp", with_copy_options(createPublicIp=True)),
    ("IGNORED_FIELD", f"{DETAILS}/vmInfo", with_copy_details(vmInfo={"username": "x", "password": ["y"]})),
    ("IGNORED_FIELD", f"{DETAILS}/vmInfo", with_copy_details(vmInfo="anything")),
    ("IGNORED_FIELD", f"{DATA}/tenantId", by_reference(**STREAM) | {"assetDetails": {"data": {"tenantId": TENANT}}}),
    ("IGNORED_FIELD", "/markers", copy_body(markers=[1])),
    ("UNKNOWN_OS", "/os", copy_body(os="Our golden Windows")),
    *(("IGNORED_FIELD", f"{DATA}/{name}", with_copy_data(**{name: "x"})) for name in WRITTEN_BY_US),
]
NAMES = [f"{code} {at}" for code, at, _ in ODDITIES]


@pytest.mark.parametrize(("code", "pointer", "body"), ODDITIES, ids=NAMES)
def test_an_oddity_is_tolerated_with_a_warning(code: str, pointer: str, body: dict[str, Any]):
    parsed = parse(body, action=ACTION)

    assert parsed.request is not None, parsed.findings
    assert [(warning.code, warning.pointer) for warning in parsed.warnings] == [(code, pointer)]


@pytest.mark.parametrize(("code", "pointer", "body"), ODDITIES, ids=NAMES)
def test_strict_handling_refuses_an_oddity(code: str, pointer: str, body: dict[str, Any]):
    assert findings(body, strict=True) == {(code, pointer)}


ACCEPTED_AS_IT_IS = [
    with_copy_details(type=..., options=None, vmInfo=None),
    with_copy_details(options={}, vmInfo={}),
    with_copy_options(createPublicIp=False),
    with_copy_options(regions=None, replicationMode=None, endOfLifeDate=None, excludeFromLatest=None),
    with_copy_options(regions=[], replicationMode="Shallow", endOfLifeDate="2030-01-01", excludeFromLatest=False),
    with_copy_data(mspOrgId="m", isClientAccessLicenseApplicable=True, multiSession=False, future={"a": [1]}),
    copy_body(gpuType="NVIDIA", isMultiSession=True, markers=[]),
    copy_body(osType="LINUX", os="", versionSource="1.2", versionType="PATCH"),
]


@pytest.mark.parametrize("body", ACCEPTED_AS_IT_IS)
def test_what_the_api_page_or_its_clients_say_is_accepted_even_strictly(body: dict[str, Any]):
    assert findings(body, strict=True) == set()


REFUSED = [
    ("REQUIRED", ID, with_copy_data(imageVersionId=...)),
    ("REQUIRED", ID, with_copy_data(imageVersionId="")),
    ("REQUIRED", ID, copy_body(assetDetails=...)),
    ("REQUIRED", ID, with_copy_details(data=...)),
    ("REQUIRED", f"{DATA}/version", in_parts(version=...)),
    ("REQUIRED", f"{DATA}/gallery", in_parts(gallery="")),
    ("REQUIRED", "/sourceStreamId", by_reference(sourceVersionId="version-1")),
    ("REQUIRED", "/sourceStreamId", copy_body(sourceVersionId="version-1")),
    ("INVALID_VALUE", "/sourceStreamId", by_reference(sourceStreamId="a:b")),
    ("INVALID_VALUE", "/sourceVersionId", by_reference(**STREAM, sourceVersionId="a/b")),
    ("INVALID_VALUE", "/sourceStreamId", by_reference(sourceStreamId=7)),
    ("INVALID_VALUE", ID, with_copy_data(imageVersionId=7)),
    ("INVALID_VALUE", ID, with_copy_data(imageVersionId={})),
    ("INVALID_VALUE", ID, with_copy_data(imageVersionId=GOLDEN.definition_id)),
    ("INVALID_VALUE", ID, with_copy_data(imageVersionId=f"{GOLDEN.definition_id}/versions/latest")),
    ("INVALID_VALUE", ID, with_copy_data(imageVersionId=f"{GOLDEN.definition_id}/versions/Latest")),
    ("INVALID_VALUE", ID, with_copy_data(imageVersionId=f"{GOLDEN.id}/extra")),
    ("INVALID_VALUE", ID, with_copy_data(imageVersionId=f"{GOLDEN.id}?x=1")),
    ("INVALID_VALUE", ID, with_copy_data(imageVersionId=GOLDEN.id.replace("rg-golden", ".."))),
    ("INVALID_VALUE", ID, with_copy_data(imageVersionId=GOLDEN.id.replace("00000000-0000", "-------------"))),
    ("INVALID_VALUE", ID, with_copy_data(imageVersionId=f"/communityGalleries/x{GOLDEN.id}")),
    ("TOO_LONG", ID, with_copy_data(imageVersionId="x" * 1025)),
    ("INVALID_VALUE", f"{DATA}/id", with_copy_data(id="x")),
    ("INVALID_VALUE", f"{DATA}/version", in_parts(version="latest")),
    ("INVALID_VALUE", f"{DATA}/version", in_parts(version="1.0")),
    ("INVALID_VALUE", f"{DATA}/version", in_parts(version=1.0)),
    ("INVALID_VALUE", f"{DATA}/image", in_parts(image="a/b")),
    ("INVALID_VALUE", f"{DATA}/gallery", in_parts(gallery="..")),
    ("INVALID_VALUE", f"{DATA}/resourceGroup", in_parts(resourceGroup="a?b")),
    ("INVALID_VALUE", f"{DATA}/subscriptionId", in_parts(subscriptionId="mine")),
    ("INVALID_VALUE", f"{DATA}/tenantId", with_copy_data(tenantId="contoso.example")),
    ("CONTRADICTION", f"{DATA}/version", with_copy_data(version="2.0.0")),
    ("CONTRADICTION", f"{DATA}/subscriptionId", with_copy_data(subscriptionId=SUBSCRIPTION)),
    ("CONTRADICTION", f"{DATA}/id", with_copy_data(id=OTHER_ID)),
    ("CONTRADICTION", f"{DATA}/sourceImageVersionId", with_copy_data(sourceImageVersionId=OTHER_ID)),
    ("INVALID_VALUE", DATA, with_copy_details(data=[]) | STREAM),
    ("SECRET_NOT_ALLOWED", f"{DATA}/sasToken", with_copy_data(sasToken="x")),
    ("DATA_TOO_LARGE", DATA, with_copy_data(note="n" * 8200)),
    ("INVALID_VALUE", DETAILS, copy_body(assetDetails="x") | STREAM),
    ("INVALID_VALUE", f"{DETAILS}/type", with_copy_details(type="AZURE_VM_IN_RG")),
    ("INVALID_VALUE", f"{DETAILS}/type", with_copy_details(type="AZURE_VM_IN_RG / AZURE_IMAGE_IN_SIG")),
    ("INVALID_VALUE", OPTIONS, with_copy_details(options=[])),
    ("INVALID_VALUE", f"{OPTIONS}/replicationMode", with_copy_options(replicationMode="shallow")),
    ("INVALID_VALUE", f"{OPTIONS}/excludeFromLatest", with_copy_options(excludeFromLatest=1)),
    ("INVALID_VALUE", f"{OPTIONS}/endOfLifeDate", with_copy_options(endOfLifeDate="soon")),
    ("INVALID_VALUE", f"{OPTIONS}/endOfLifeDate", with_copy_options(endOfLifeDate=20300101)),
    ("INVALID_VALUE", f"{OPTIONS}/endOfLifeDate", with_copy_options(endOfLifeDate=NOW.isoformat())),
    ("INVALID_VALUE", f"{OPTIONS}/endOfLifeDate", with_copy_options(endOfLifeDate="0001-01-01T00:00:00+09:00")),
    ("INVALID_VALUE", f"{OPTIONS}/endOfLifeDate", with_copy_options(endOfLifeDate="9999-12-31T23:59:59-09:00")),
    ("INVALID_VALUE", f"{OPTIONS}/regions", with_copy_options(regions="westus2")),
    ("TOO_LONG", f"{OPTIONS}/regions", with_copy_options(regions=[f"r{n}" for n in range(MOST_REGIONS + 1)])),
    ("INVALID_VALUE", f"{OPTIONS}/regions/0", with_copy_options(regions=["west/us"])),
    ("INVALID_VALUE", f"{OPTIONS}/regions/1", with_copy_options(regions=["westus2", 7])),
    ("CONTRADICTION", f"{OPTIONS}/regions/1", with_copy_options(regions=["westus2", {"name": "West US 2"}])),
    ("REQUIRED", f"{OPTIONS}/regions/0/name", with_copy_options(regions=[{}])),
    ("INVALID_VALUE", f"{OPTIONS}/regions/0/name", with_copy_options(regions=[{"name": "!"}])),
    ("INVALID_VALUE", f"{OPTIONS}/regions/0/name", with_copy_options(regions=[{"name": "   "}])),
    *(
        ("INVALID_VALUE", f"{OPTIONS}/regions/0/{name}", with_copy_options(regions=[{"name": "westus2", name: value}]))
        for name, value in [
            ("replicaCount", 0),
            ("replicaCount", 101),
            ("replicaCount", "2"),
            ("replicaCount", True),
            ("replicaCount", 1.5),
            ("storageAccountType", "Ultra"),
        ]
    ),
    ("FORBIDDEN_CHARACTER", f"{DETAILS}/vmInfo/username", with_copy_details(vmInfo={"username": "\x00"})),
    ("ACTION_SOURCE_MISMATCH", "/sourceStreamType", copy_body(sourceStreamType="AZURE_MARKET_PLACE")),
    ("CONTRADICTION", "/isMultiSession", copy_body(isMultiSession=False)),
]


@pytest.mark.parametrize(("code", "pointer", "body"), REFUSED, ids=[f"{code} {at}" for code, at, _ in REFUSED])
def test_what_is_wrong_is_told_with_its_place(code: str, pointer: str, body: dict[str, Any]):
    assert findings(body) == {(code, pointer)}


@pytest.mark.parametrize("body", [in_parts(version="latest"), with_copy_data(imageVersionId=f"{GOLDEN.id[:-5]}latest")])
def test_the_latest_version_has_to_be_pinned(body: dict[str, Any]):
    (finding,) = parse(body, action=ACTION).findings

    assert "pinned" in finding.message


def test_everything_that_is_wrong_is_told_at_once():
    body = with_copy_details(
        data={"gallery": "gal", "version": "latest"},
        options={"regions": ["!", {"name": "westus2", "replicaCount": 0}], "endOfLifeDate": "x"},
    )

    assert findings(body | {"osType": "DOS"}) == {
        ("INVALID_VALUE", "/osType"),
        ("REQUIRED", f"{DATA}/resourceGroup"),
        ("REQUIRED", f"{DATA}/image"),
        ("INVALID_VALUE", f"{DATA}/version"),
        ("INVALID_VALUE", f"{OPTIONS}/regions/0"),
        ("INVALID_VALUE", f"{OPTIONS}/regions/1/replicaCount"),
        ("INVALID_VALUE", f"{OPTIONS}/endOfLifeDate"),
    }


@pytest.mark.parametrize("source", list(SourceType), ids=str)
def test_a_copy_is_of_a_gallery_image_and_of_nothing_else(source: SourceType):
    assert (findings(copy_body(sourceStreamType=source)) == set()) is (source is SourceType.AZURE_SIG)


@pytest.mark.parametrize("kind", list(AssetType), ids=str)
def test_a_copy_makes_a_gallery_image_and_nothing_else(kind: AssetType):
    wanted = set() if kind is AssetType.AZURE_IMAGE_IN_SIG else {("INVALID_VALUE", f"{DETAILS}/type")}

    assert findings(with_copy_details(type=kind)) == wanted


def test_the_action_must_be_named_for_a_gallery_image():
    assert ("ACTION_SOURCE_MISMATCH", "/sourceStreamType") in client.findings(copy_body())


def test_regions_by_name_or_with_replicas():
    body = with_copy_options(
        regions=["West US 2", {"name": "northeurope"}, {"name": "East US", "replicaCount": 3}]
        + [
            {"name": f"{kind.lower()[:4]}1{index}", "storageAccountType": kind}
            for index, kind in enumerate(StorageAccountType)
        ]
    )
    regions = request(body).options.regions

    assert regions is not None
    assert regions[:3] == (
        TargetRegion(name="westus2"),
        TargetRegion(name="northeurope"),
        TargetRegion(name="eastus", replica_count=3),
    )
    assert [region.storage_account_type for region in regions[3:]] == list(StorageAccountType)


def test_as_many_regions_as_a_provider_instance_may_have():
    regions = [f"region{number}" for number in range(MOST_REGIONS)]
    values = provider_instance().to_json() | {"replicationRegions": [{"name": name} for name in regions]}

    assert len(ProviderInstanceSettings.model_validate(values).replication_regions) == MOST_REGIONS
    assert findings(with_copy_options(regions=regions)) == set()
    values["replicationRegions"].append({"name": "onemore"})
    with pytest.raises(ValueError, match="at most 20"):
        ProviderInstanceSettings.model_validate(values)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2030-12-31", datetime(2030, 12, 31, tzinfo=UTC)),
        ("2030-12-31T10:00:00", datetime(2030, 12, 31, 10, tzinfo=UTC)),
        ("2030-12-31T10:00:00.5Z", datetime(2030, 12, 31, 10, 0, 0, 500000, tzinfo=UTC)),
        ("2030-12-31T10:00:00+02:00", datetime(2030, 12, 31, 10, tzinfo=timezone(timedelta(hours=2)))),
    ],
)
def test_the_end_of_life_is_a_moment_in_utc(text: str, moment: datetime):
    assert request(with_copy_options(endOfLifeDate=text)).options.end_of_life == moment


def test_options_that_are_not_given():
    options = request(copy_body()).options

    assert options.regions is None
    assert (options.replication_mode, options.end_of_life, options.exclude_from_latest) == ("Full", None, False)


@pytest.mark.parametrize("mode", list(ReplicationMode), ids=str)
def test_every_replication_mode_is_understood(mode: ReplicationMode):
    assert request(with_copy_options(replicationMode=mode)).options.replication_mode is mode


@pytest.mark.parametrize("gpu", list(GpuType), ids=str)
def test_a_gpu_needs_no_size_in_a_copy(gpu: GpuType):
    assert request(copy_body(gpuType=gpu)).gpu_type is gpu


def test_unknown_keys_of_data_are_kept_and_those_of_the_service_are_not():
    data = request(with_copy_data(mspOrgId="m", replicationState="Completed")).data

    assert data == {"imageVersionId": GOLDEN.id, "mspOrgId": "m"}


def test_an_administrator_is_never_part_of_a_copy():
    body = with_copy_details(vmInfo={"username": "builder", "password": list(client.PASSWORD)})

    assert client.PASSWORD not in request(body).model_dump_json()
    assert "builder" not in request(body).model_dump_json()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"osType": "WVD", "os": ""}, True),
        ({"osType": "WINDOWS", "os": "Our golden Windows"}, False),
        ({"osType": "WINDOWS", "os": "Windows Server 2025 Datacenter"}, True),
        ({"osType": OsType.SERVER, "os": "", "isMultiSession": True}, True),
        ({"osType": "WINDOWS", "isMultiSession": False}, False),
    ],
)
def test_many_sessions_as_stated_else_as_the_os_is_known_for(fields: dict[str, Any], expected: bool):
    assert request(copy_body(**fields)).multi_session is expected
