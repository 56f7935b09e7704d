"""POST /images: what is accepted, in which order, and what a caller gets."""

import json
import logging
from typing import Any
from uuid import UUID

import pytest

from shared.errors.catalogue import AlreadyExists, StoreUnavailable
from shared.errors.services import SecretUnavailable
from shared.models.image import Asset, Image, NameReservation, Version
from shared.models.operation import Operation
from shared.requests.findings import MOST_OF_A_CODE
from shared.states.statuses import AssetStatus, OperationStatus, StreamStatus, VersionStatus
from shared.workflow.jobs.import_job import ImportJob
from tests.builders import ORG, PROVIDER, SUBNET, SUBSCRIPTION, provider_instance
from tests.unit.api.client import HOST, PASSWORD, Answer, Api, import_body, with_data, with_details

PAGE_FIELDS = {
    "assetDetails",
    "assetId",
    "assetStatus",
    "assetType",
    "orgId",
    "os",
    "sourceAssetId",
    "sourceStreamId",
    "sourceStreamType",
    "sourceVersionId",
    "streamDescription",
    "streamId",
    "streamName",
    "streamStatus",
    "versionDescription",
    "versionHistory",
    "versionId",
    "versionName",
    "versionSource",
    "versionStatus",
    "versionType",
}


def test_the_answer_has_exactly_the_fields_of_the_api_page(api: Api):
    answer = api.post(import_body(), action="import")

    assert answer.status == 202
    assert set(answer.json) == PAGE_FIELDS
    assert answer.json["assetDetails"] == {
        "assetType": "AZURE_VM_IN_RG",
        "data": import_body()["assetDetails"]["data"],
    }
    assert answer.json["versionName"] == "1.0.0"
    assert answer.json["versionHistory"] == []
    assert (answer.json["streamStatus"], answer.json["versionStatus"], answer.json["assetStatus"]) == (
        StreamStatus.PENDING,
        VersionStatus.PENDING,
        AssetStatus.IMPORT_PENDING,
    )


def test_what_is_not_there_is_null(api: Api):
    content = api.created(streamDescription=..., versionDescription=None, os=...)

    absent = {name for name, value in content.items() if value is None}
    assert absent == {
        "os",
        "sourceAssetId",
        "sourceStreamId",
        "sourceVersionId",
        "streamDescription",
        "versionDescription",
    }


def test_the_headers_lead_to_the_image_and_the_operation(api: Api):
    answer = api.post(import_body())

    (operation,) = api.catalog.all(Operation)
    assert answer.headers["Location"] == f"{HOST}/imagemgmt/v1/images/{answer.json['streamId']}?org_id={ORG}"
    assert answer.headers["Operation-Location"] == f"{HOST}/imagemgmt/v1/operations/{operation.id}?org_id={ORG}"
    assert int(answer.headers["Retry-After"]) > 0
    for location in ("Location", "Operation-Location"):
        assert api.request("GET", answer.headers[location]).status == 200


def test_links_name_the_host_that_the_caller_sees(api: Api):
    """App Service ends TLS, and tells scheme and host in X-Forwarded headers."""
    forwarded = {"X-Forwarded-Proto": "https,http", "X-Forwarded-Host": "images.example.com:8443"}

    assert api.post(import_body(), forwarded).headers["Location"].startswith("https://images.example.com:8443/image")


@pytest.mark.parametrize("host", ["evil.example/path", "a b", "x\r\nSet-Cookie: a", "user@host"])
def test_a_forwarded_host_that_is_none_is_ignored(api: Api, host: str):
    assert api.post(import_body(), {"X-Forwarded-Host": host}).headers["Location"].startswith(f"{HOST}/imagemgmt")


def test_everything_is_written_and_started_under_the_same_ids(api: Api):
    content = api.created()

    (image,), (version,), (asset,) = api.catalog.all(Image), api.catalog.all(Version), api.catalog.all(Asset)
    (operation,), (name,) = api.catalog.all(Operation), api.catalog.all(NameReservation)
    ((started, instance_id, job_input),) = api.client.started
    job = ImportJob.model_validate(job_input)
    assert started == "import_image"
    assert instance_id == operation.id == job.operation_id
    assert operation.status is OperationStatus.NOT_STARTED
    assert content["streamId"] == image.id == version.image_id == asset.image_id == name.image_id == job.image_id
    assert content["versionId"] == version.id == asset.version_id == operation.version_id == job.version_id
    assert content["assetId"] == asset.id == operation.asset_id == job.asset_id
    assert all(UUID(identifier).version == 4 for identifier in (image.id, version.id, asset.id, operation.id))
    assert (job.vm_size, job.subnet_id, job.provider.id) == ("Standard_D4s_v5", SUBNET, PROVIDER)


def test_the_secret_is_in_the_secret_store_and_nowhere_else(api: Api, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    answer = api.post(import_body())

    (operation,) = api.catalog.all(Operation)
    assert api.secrets.secrets == {f"vm-{operation.id}": PASSWORD}
    kept = [record.to_json() for kind in (Image, Version, Asset, Operation) for record in api.catalog.all(kind)]
    assert PASSWORD not in json.dumps([kept, api.client.started, answer.json, dict(answer.headers)])
    assert PASSWORD not in caplog.text


def test_the_orchestration_starts_before_the_records_are_written(api: Api):
    """Otherwise a crash between the two would lose an accepted request."""
    api.catalog.fail("create", StoreUnavailable("away"))

    assert api.post(import_body()).status == 503
    assert len(api.client.started) == 1


def test_without_an_orchestration_nothing_is_kept(api: Api):
    api.client.failure = RuntimeError("the host's own message")
    answer = api.post(import_body())

    assert (answer.status, answer.json["code"]) == (503, "TRY_AGAIN")
    assert int(answer.headers["Retry-After"]) > 0
    assert api.secrets.calls == []
    assert api.catalog.all(Image) == []
    assert b"the host's own message" not in answer.content


@pytest.mark.parametrize("answer_lost", [False, True])
def test_a_start_whose_connection_broke_is_made_good_and_doubles_nothing(api: Api, answer_lost: bool):
    api.client.once, api.client.answer_lost = ConnectionError("server disconnected"), answer_lost

    assert api.post(import_body()).status == 202
    assert len(api.client.started) == 1


def test_no_secret_is_kept_before_there_is_an_orchestration_that_will_forget_it(api: Api):
    """Otherwise a crash between the two would leave a password in the vault for ever."""
    seen: list[int] = []
    put = api.secrets.put

    def watched(name: str, value: str) -> None:
        seen.append(len(api.client.started))
        put(name, value)

    api.secrets.put = watched  # type: ignore[method-assign]
    assert api.post(import_body()).status == 202
    assert seen == [1]


def given_up(api: Api, monkeypatch: pytest.MonkeyPatch) -> Answer:
    """Send a request that is so slow that its orchestration has given it up before the records are written."""
    create = api.catalog.create

    def late(*records: Any, **options: Any) -> None:
        (operation,) = (record for record in records if isinstance(record, Operation))
        create(operation.model_copy(update={"status": OperationStatus.CANCELED}))
        create(*records, **options)

    monkeypatch.setattr(api.catalog, "create", late)
    return api.post(import_body())


def test_a_request_that_was_given_up_leaves_no_secret(api: Api, monkeypatch: pytest.MonkeyPatch):
    assert given_up(api, monkeypatch).json["code"] == "TRY_AGAIN"
    assert api.secrets.secrets == {}
    assert api.catalog.all(Image) == []


def test_a_secret_that_can_not_be_forgotten_does_not_change_the_answer(api: Api, monkeypatch: pytest.MonkeyPatch):
    api.secrets.fail("delete", SecretUnavailable("away"))
    assert given_up(api, monkeypatch).json["code"] == "TRY_AGAIN"


def test_storage_that_is_away_is_a_503_that_names_the_time(api: Api):
    api.catalog.fail("get", StoreUnavailable("away", retry_after=17))
    answer = api.post(import_body())

    assert (answer.status, answer.json["code"], answer.headers["Retry-After"]) == (503, "STORE_UNAVAILABLE", "17")
    assert api.secrets.secrets == {}


def test_when_the_commit_is_in_doubt_the_orchestration_keeps_the_secret(api: Api):
    """The records may have landed, and then the import goes on; if not, the orchestration forgets the secret."""
    api.catalog.fail("create", StoreUnavailable("the answer was lost"), after=True)

    assert api.post(import_body()).status == 503
    assert len(api.catalog.all(Image)) == 1
    assert list(api.secrets.secrets.values()) == [PASSWORD]


def test_a_secret_store_that_is_away_is_a_503_and_nothing_is_accepted(api: Api):
    """The orchestration, which was started before, will find no records and give up."""
    api.secrets.fail("put", SecretUnavailable("away"))
    answer = api.post(import_body())

    assert (answer.status, answer.json["code"]) == (503, "SECRET_STORE_UNAVAILABLE")
    assert "Retry-After" in answer.headers
    assert api.catalog.all(Image) == []


def test_a_name_that_is_in_use_is_a_409_that_says_whose_it_is(api: Api):
    first = api.created(streamName="Windows-11")
    answer = api.post(import_body(streamName="WINDOWS-11"))

    assert (answer.status, answer.headers["x-ms-error-code"]) == (409, "NAME_IN_USE")
    assert first["streamId"] in answer.json["detail"]
    assert answer.findings == {("NAME_IN_USE", "/streamName")}
    assert len(api.client.started) == 1


def test_of_two_who_want_a_name_at_once_one_gets_it(api: Api, monkeypatch: pytest.MonkeyPatch):
    """The check and the commit are apart; the commit decides."""
    first = api.created()
    reads = iter([True])
    get = api.catalog.get

    def blind_once(kind: type, *keys: str):
        if kind is NameReservation and next(reads, False):
            keys = (keys[0], "another")
        return get(kind, *keys)

    monkeypatch.setattr(api.catalog, "get", blind_once)
    answer = api.post(import_body())

    assert (answer.status, answer.json["code"]) == (409, "NAME_IN_USE")
    assert first["streamId"] in answer.json["detail"]
    assert len(api.catalog.all(Image)) == 1


def test_an_operation_that_was_given_up_already_is_a_503(api: Api):
    """A very slow commit finds the tombstone that the orchestration left behind."""
    api.catalog.fail("create", AlreadyExists("there", f"{ORG}/operation:1"))

    assert api.post(import_body()).json["code"] == "TRY_AGAIN"


def test_the_provider_instance_must_exist_in_the_org(api: Api):
    answer = api.post(import_body(providerInstanceId="nobody"))

    assert answer.status == 400
    assert answer.findings == {("UNKNOWN_PROVIDER_INSTANCE", "/providerInstanceId")}


def test_parameters_and_body_are_told_at_once(api: Api):
    answer = api.post(import_body(osType="DOS"), validateOnly="perhaps", action="nonsense", org_id="org-other")

    assert answer.findings == {
        ("INVALID_VALUE", "validateOnly"),
        ("INVALID_VALUE", "action"),
        ("CONTRADICTION", "/orgId"),
        ("INVALID_VALUE", "/osType"),
    }
    assert api.post(import_body(), org_id="a/b", validateOnly="perhaps").findings == {
        ("INVALID_VALUE", "org_id"),
        ("INVALID_VALUE", "validateOnly"),
    }
    assert api.post(b"{", validateOnly="perhaps").findings == {("INVALID_VALUE", "validateOnly"), ("INVALID_JSON", "")}
    assert api.client.started == []


def test_what_the_store_knows_is_told_at_once(api: Api):
    """A name that is taken is a 409 only where nothing else is wrong."""
    api.created(streamName="taken")
    body = with_data(subNet="other") | {"streamName": "taken"}
    body["assetDetails"]["options"] = {"createPublicIp": True}
    answer = api.post(body)

    assert answer.status == 400
    assert answer.findings == {
        ("SUBNET_NOT_ALLOWED", "/assetDetails/data/subNet"),
        ("PUBLIC_IP_NOT_ALLOWED", "/assetDetails/options/createPublicIp"),
        ("NAME_IN_USE", "/streamName"),
    }
    assert api.post(import_body(streamName="taken", providerInstanceId="nobody")).findings == {
        ("UNKNOWN_PROVIDER_INSTANCE", "/providerInstanceId"),
        ("NAME_IN_USE", "/streamName"),
    }


def test_an_answer_lists_few_of_many_warnings(api: Api):
    assert len(api.post(import_body(**{f"x{n}": 1 for n in range(99)})).json["warnings"]) == MOST_OF_A_CODE


def test_validate_only_checks_and_creates_nothing(api: Api):
    answer = api.post(import_body(futureField=1), validateOnly="true")

    assert (answer.status, answer.json["valid"]) == (200, True)
    assert [warning["pointer"] for warning in answer.json["warnings"]] == ["/futureField"]
    assert api.client.started == []
    assert api.secrets.secrets == {}
    assert api.catalog.all(Image) == []


def test_validate_only_tells_what_is_wrong_like_the_request_itself(api: Api):
    assert api.post(import_body(osType="DOS"), validateOnly="true").findings == {("INVALID_VALUE", "/osType")}
    assert api.post(import_body(), validateOnly="perhaps").findings == {("INVALID_VALUE", "validateOnly")}


def test_a_gpu_takes_the_size_that_the_provider_instance_has_for_it(api: Api):
    api.created(gpuType="NVIDIA")

    assert api.client.started[0][2]["vmSize"] == "Standard_NC4as_T4_v3"


def test_the_job_is_what_the_caller_asked_for(api: Api):
    wanted = {"vmSize": "Standard_D8s_v5", "licenseType": "Windows_Client", "version": "26100.1.2"}
    assert api.post(with_data(**wanted)).status == 202
    ((_, _, job),) = api.client.started

    assert (job["vmSize"], job["licenseType"], job["adminUsername"]) == ("Standard_D8s_v5", "Windows_Client", "builder")
    assert job["source"] == {
        "publisher": "MicrosoftWindowsDesktop",
        "offer": "windows-11",
        "sku": "win11-24h2-avd",
        "version": "26100.1.2",
    }
    assert (job["osType"], job["imageName"], job["createPublicIp"]) == ("WVD", "Windows-11", False)


@pytest.mark.parametrize(
    "network",
    [
        {"subNet": SUBNET},
        {"subNet": "desktops"},
        {"subNet": "Desktops", "vNet": "VNET-desktops"},
        {"subNet": SUBNET, "vNet": SUBNET.partition("/subnets")[0]},
        {"subNet": "", "vNet": None},
    ],
)
def test_the_provider_instances_own_subnet_may_be_named_in_any_way(api: Api, network: dict[str, str]):
    assert api.post(with_data(**network)).status == 202
    assert api.client.started[0][2]["subnetId"] == SUBNET


def test_another_subnet_of_the_subscription_may_be_named_by_its_id(api: Api):
    other = SUBNET.replace("/subnets/desktops", "/subnets/building")

    assert api.post(with_data(subNet=other)).status == 202
    assert api.client.started[0][2]["subnetId"] == other


@pytest.mark.parametrize(
    ("network", "finding"),
    [
        ({"subNet": "other"}, ("SUBNET_NOT_ALLOWED", "/assetDetails/data/subNet")),
        ({"vNet": "other"}, ("SUBNET_NOT_ALLOWED", "/assetDetails/data/vNet")),
        ({"subNet": SUBNET, "vNet": "other"}, ("SUBNET_NOT_ALLOWED", "/assetDetails/data/vNet")),
        ({"subNet": "/subscriptions/x"}, ("INVALID_VALUE", "/assetDetails/data/subNet")),
        (
            {"subNet": SUBNET.replace(SUBSCRIPTION, "00000000-0000-0000-0000-000000000009")},
            ("SUBNET_NOT_ALLOWED", "/assetDetails/data/subNet"),
        ),
    ],
)
def test_other_subnets_are_refused(api: Api, network: dict[str, str], finding: tuple[str, str]):
    assert api.post(with_data(**network)).findings == {finding}


def test_a_public_ip_address_needs_the_provider_instances_permission(api: Api):
    body = with_details(options={"createPublicIp": True})

    assert api.post(body).findings == {("PUBLIC_IP_NOT_ALLOWED", "/assetDetails/options/createPublicIp")}
    api.catalog.put(provider_instance(allow_public_ip=True))
    assert api.post(body).status == 202
    assert api.client.started[0][2]["createPublicIp"] is True


def test_strict_handling_is_acknowledged(api: Api):
    strict = {"Prefer": 'respond-async, handling="strict"'}

    assert api.post(import_body(), strict).headers["Preference-Applied"] == "handling=strict"
    assert api.post(import_body(x=1), strict).headers["Preference-Applied"] == "handling=strict"
    assert "Preference-Applied" not in api.post(import_body(streamName="b"), {"Prefer": "handling=lenient"}).headers
