"""Reading images: one, many, and what happened to one."""

from datetime import timedelta
from typing import Any

import pytest

from shared.errors.catalogue import StoreUnavailable
from shared.models.error_info import ErrorInfo
from shared.models.history import HistoryEntry
from shared.models.image import Image, NameReservation
from shared.states.enums import GpuType, OsType
from shared.states.statuses import StreamStatus
from tests.builders import NOW, ORG, image, new_id
from tests.unit.api.client import Api


def add(api: Api, **overrides: Any) -> Image:
    """An image with its name reserved."""
    record = image(**overrides)
    name = NameReservation(org_id=record.org_id, name=record.name, image_id=record.id)
    api.catalog.create(record, name)
    return record


def names(api: Api, **params: str) -> list[str]:
    answer = api.get("images", **params)
    assert answer.status == 200, answer.content
    return sorted(item["name"] for item in answer.json["content"])


def test_an_image_goes_by_both_names_of_its_fields(api: Api):
    record = add(api, name="Win", description="d", status=StreamStatus.IN_PROGRESS, gpu_type=GpuType.AMD)
    content = api.get(f"images/{record.id}").json

    for one, other in (
        ("id", "streamId"),
        ("name", "streamName"),
        ("status", "streamStatus"),
        ("description", "streamDescription"),
        ("sourceType", "sourceStreamType"),
        ("orgId", "org_id"),
    ):
        assert content[one] == content[other] is not None
    assert content["createdAt"] == content["updatedAt"] == "2026-11-23T12:00:00Z"
    assert (content["osType"], content["gpuType"], content["multiSession"]) == ("WVD", "AMD", True)
    assert (content["markers"], content["providerInstanceId"]) == ([], "provider-1")


def test_an_image_that_the_caller_has_already_is_not_sent_again(api: Api):
    record = add(api)
    etag = api.get(f"images/{record.id}").headers["ETag"]
    path = f"/imagemgmt/v1/images/{record.id}?org_id={ORG}"

    assert api.request("GET", path, headers={"If-None-Match": f'"x", {etag}'}).status == 304
    assert api.request("GET", path, headers={"If-None-Match": '"x"'}).status == 200


def test_an_unknown_image_is_not_found(api: Api):
    answer = api.get(f"images/{new_id()}")

    assert (answer.status, answer.json["code"]) == (404, "NOT_FOUND")


def test_pages_lead_through_all_images_once(api: Api):
    wanted = {add(api).id for _ in range(7)}
    answer = api.get("images", size="3", os_type="WVD")
    assert (answer.json["first"], answer.json["last"], answer.json["size"]) == (True, False, 3)

    seen: list[str] = []
    while True:
        seen += [item["id"] for item in answer.json["content"]]
        assert answer.json["numberOfElements"] == len(answer.json["content"])
        if answer.json["nextLink"] is None:
            break
        answer = api.request("GET", answer.json["nextLink"])
    assert answer.json["last"] is True
    assert answer.json["first"] is False
    assert (sorted(seen), len(seen)) == (sorted(wanted), 7)


def test_a_next_link_does_not_repeat_the_function_key(api: Api):
    add(api)
    add(api)

    answer = api.get("images", size="1", os_type="WVD", code="secret-key", Code="secret-key", token="secret-key")

    assert "secret-key" not in answer.json["nextLink"]
    assert "os_type=WVD" in answer.json["nextLink"]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"status": "FAILED"}, ["b"]),
        ({"osType": "LINUX"}, ["c"]),
        ({"os_type": "WVD"}, ["a", "b"]),
        ({"gpu_type": "NVIDIA", "os_type": "WVD"}, ["a"]),
        ({"os": "Ubuntu"}, ["c"]),
        ({"search": "status $eq FAILED"}, ["b"]),
        ({"search": "status $in FAILED, PENDING"}, ["a", "b", "c"]),
        ({"search": "name $eq a"}, ["a"]),
        ({"search": "name $eq A"}, []),
        ({"search": "name $in a,c,zz,x'y"}, ["a", "c"]),
        ({"search": "multiSession $eq false"}, ["c"]),
        ({"search": "multiSession $eq true AND gpuType $eq NVIDIA"}, ["a"]),
        ({"search": "name $eq a", "status": "FAILED"}, []),
        ({"search": "os $eq Ubuntu"}, ["c"]),
        ({"search": "sourceStreamId $eq x' or '1' eq '1"}, []),
        ({"search": "sourceType $eq AZURE_MARKET_PLACE"}, ["a", "b", "c"]),
    ],
)
def test_images_can_be_filtered(api: Api, params: dict[str, str], expected: list[str]):
    add(api, name="a", gpu_type=GpuType.NVIDIA)
    add(api, name="b", status=StreamStatus.FAILED)
    add(api, name="c", os="Ubuntu", os_type=OsType.LINUX, os_family=OsType.LINUX, multi_session=False)

    assert names(api, **params) == expected


@pytest.mark.parametrize(
    ("params", "parameter"),
    [
        ({"status": "GONE"}, "status"),
        ({"os_type": "DOS"}, "osType"),
        ({"os_type": "WVD", "osType": "LINUX"}, "osType"),
        ({"search": "status FAILED"}, "search"),
        ({"search": "colour $eq red"}, "search"),
        ({"search": "status $eq GONE"}, "search"),
        ({"search": "status $eq FAILED AND status $eq PENDING"}, "search"),
        ({"search": "status $eq FAILED", "status": "FAILED"}, "search"),
        ({"search": "os $in " + ",".join("abcdefghijklmnopq")}, "search"),
        ({"size": "0"}, "size"),
        ({"size": "101"}, "size"),
        ({"size": "-1"}, "size"),
        ({"size": "٣"}, "size"),
        ({"size": "9" * 2000}, "size"),
        ({"continuation": "nonsense!"}, "continuation"),
        ({"continuation": "ü"}, "continuation"),
        ({"name": "n", "continuation": "nonsense!"}, "continuation"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_by_name(api: Api, params: dict[str, str], parameter: str):
    answer = api.get("images", **params)

    assert answer.status == 400
    assert {place for _, place in answer.findings} == {parameter}


def test_names_are_found_by_how_they_begin_in_their_order(api: Api):
    for name in ("Win-2", "win-1", "Linux", "WIN-3"):
        add(api, name=name)
    first = api.get("images", name="WIN-", size="2")
    second = api.request("GET", first.json["nextLink"])

    found = [item["name"] for answer in (first, second) for item in answer.json["content"]]
    assert found == ["win-1", "Win-2", "WIN-3"]


def test_names_that_are_searched_for_come_once_and_in_pages(api: Api):
    """Their letter case counts; a page may hold fewer than `size`, and the last one says so."""
    for name in ("a", "B", "c"):
        add(api, name=name)
    answer = api.get("images", search="name $in c,a,A,b,B,a,zz", size="2")
    shown, lasts = [], []
    while True:
        shown.append([item["name"] for item in answer.json["content"]])
        lasts.append(answer.json["last"])
        if answer.json["nextLink"] is None:
            break
        answer = api.request("GET", answer.json["nextLink"])

    assert (shown, lasts) == ([["a", "B"], ["c"]], [False, True])
    assert api.get("images", search="name $in a,b", continuation="c").findings == {("INVALID_VALUE", "continuation")}


@pytest.mark.parametrize("name", ["a'b", "%", "a/b", "ü", "x" * 65])
def test_a_name_that_no_image_can_have_finds_nothing(api: Api, name: str):
    add(api, name="a")

    assert names(api, name=name) == []
    assert names(api, search=f"name $eq {name}") == []


class Unreadable(ValueError):
    """As pydantic's error for a row that it can't read."""


@pytest.mark.parametrize("params", [{}, {"continuation": "aW1hZ2U6"}])
def test_a_row_that_can_not_be_read_is_a_bug_and_not_the_callers_fault(api: Api, params: dict[str, str]):
    """It must not be taken for a continuation that is not ours."""
    api.catalog.fail("list", Unreadable("a row"))

    with pytest.raises(Unreadable):
        api.get("images", **params)


def test_storage_that_is_away_is_a_503(api: Api):
    api.catalog.fail("list", StoreUnavailable("away"))
    answer = api.get("images")

    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")


def test_the_history_is_the_images_own_newest_first(api: Api):
    record = add(api)
    error = ErrorInfo(code="SkuNotAvailable", message="Choose another size.", step="virtual-machine")
    for sequence in range(3):
        api.catalog.put(
            HistoryEntry(
                org_id=ORG,
                image_id=record.id,
                at=NOW + timedelta(seconds=sequence),
                sequence=sequence,
                entity="ASSET",
                entity_id="asset-1",
                before=None if sequence == 0 else "DEPLOYING_VM",
                after="DEPLOYING_VM",
                step="virtual-machine",
                attempt=1,
                error=error if sequence == 2 else None,
            )
        )
    first = api.get(f"images/{record.id}/history", size="2")
    second = api.request("GET", first.json["nextLink"])

    assert [entry["sequence"] for answer in (first, second) for entry in answer.json["value"]] == [2, 1, 0]
    assert second.json["nextLink"] is None
    assert set(first.json["value"][0]) == {
        "at",
        "sequence",
        "entity",
        "entityId",
        "from",
        "to",
        "operationId",
        "step",
        "attempt",
        "error",
    }
    assert first.json["value"][0]["error"]["code"] == "SkuNotAvailable"


def test_the_history_outlives_its_image_for_its_org_alone(api: Api):
    record = image()
    entry = HistoryEntry(
        org_id=ORG,
        image_id=record.id,
        at=NOW,
        sequence=1,
        entity="IMAGE",
        entity_id=record.id,
        before="DELETING",
        after="DELETED",
    )
    foreign = entry.model_copy(update={"org_id": "another", "image_id": new_id()})
    api.catalog.put(entry)
    api.catalog.put(foreign)
    assert [each["to"] for each in api.get(f"images/{record.id}/history").json["value"]] == ["DELETED"]
    assert api.get(f"images/{record.id}").status == 404
    assert api.get(f"images/{foreign.image_id}/history").status == 404
