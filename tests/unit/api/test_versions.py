"""Versions and copies."""

from shared.models.error_info import ErrorInfo
from shared.states.statuses import AssetStatus
from tests.builders import asset, image, version
from tests.unit.api.client import Api


def test_versions_of_an_image_and_of_no_other(api: Api):
    one, other = image(), image()
    mine = version(image_id=one.id, description="d", version_history=("0.9.0",))
    api.catalog.create(one, other, mine, version(image_id=other.id))
    answer = api.get(f"images/{one.id}/versions")

    (found,) = answer.json["content"]
    assert found == api.get(f"images/{one.id}/versions/{mine.id}").json
    assert (found["id"], found["name"], found["status"]) == (mine.id, "1.0.0", "PENDING")
    assert (found["versionId"], found["versionName"], found["streamId"]) == (mine.id, "1.0.0", one.id)
    assert (found["versionHistory"], found["versionSource"], found["versionType"]) == (["0.9.0"], "0.0", "MAJOR")
    assert (answer.json["first"], answer.json["last"], answer.json["nextLink"]) == (True, True, None)


def test_copies_tell_why_they_failed(api: Api):
    owner = version()
    failed = asset(
        image_id=owner.image_id,
        version_id=owner.id,
        status=AssetStatus.IMPORT_FAILED,
        error=ErrorInfo(code="QuotaExceeded", message="Ask for more cores."),
    )
    api.catalog.create(image(id=owner.image_id), owner, failed)
    base = f"images/{owner.image_id}/versions/{owner.id}/copies"
    (found,) = api.get(base).json["content"]

    assert found == api.get(f"{base}/{failed.id}").json
    assert (found["errorCode"], found["errorDetails"]) == ("QuotaExceeded", "Ask for more cores.")
    assert found["assetDetails"] == {"assetType": "AZURE_VM_IN_RG", "data": failed.data}
    assert (found["id"], found["status"], found["type"]) == (failed.id, "IMPORT_FAILED", "AZURE_VM_IN_RG")


def test_a_copy_that_works_has_no_error(api: Api):
    owner = version()
    record = asset(image_id=owner.image_id, version_id=owner.id)
    api.catalog.create(owner, record)
    found = api.get(f"images/{owner.image_id}/versions/{owner.id}/copies/{record.id}").json

    assert (found["errorCode"], found["errorDetails"], found["error"]) == (None, None, None)


def test_pages_of_versions(api: Api):
    owner = image()
    api.catalog.create(owner, *(version(image_id=owner.id) for _ in range(3)))
    first = api.get(f"images/{owner.id}/versions", size="2").json
    second = api.request("GET", first["nextLink"]).json

    assert len({found["id"] for found in first["content"] + second["content"]}) == 3


def test_what_is_below_an_unknown_image_or_version_is_not_found(api: Api):
    owner = image()
    api.catalog.create(owner)

    assert api.get("images/unknown/versions").status == 404
    assert api.get(f"images/{owner.id}/versions/unknown").status == 404
    assert api.get(f"images/{owner.id}/versions/unknown/copies").status == 404
    assert api.get(f"images/{owner.id}/versions/unknown/copies/unknown").status == 404


def test_a_version_is_found_below_its_own_image_only(api: Api):
    one, other = image(), image()
    record = version(image_id=one.id)
    api.catalog.create(one, other, record)

    assert api.get(f"images/{other.id}/versions/{record.id}").status == 404
