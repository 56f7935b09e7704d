"""Image sources: what a provider instance's region offers of the curated images."""

import pytest

from shared.errors.azure import ErrorKind, PermanentError, TransientError
from shared.ports.azure import OfferedImage
from shared.requests.image_sources import IMAGE_SOURCES
from shared.states.enums import OsType
from tests.builders import PROVIDER, provider_instance
from tests.unit.api.client import Api
from triggers.routes import image_sources


@pytest.fixture(autouse=True)
def _all_offered(api: Api):
    """The region offers everything."""
    api.images.offered = [
        OfferedImage(source.publisher, source.offer, source.sku, "1.2.3", "V2", source.os_type.family, False)
        for source in IMAGE_SOURCES
    ]


def sources(api: Api, **params: str) -> list[str]:
    answer = api.get("image-sources", provider_instance_id=PROVIDER, **params)
    assert answer.status == 200, answer.content
    return [item["displayName"] for item in answer.json["content"]]


def test_an_item_has_all_that_an_import_needs(api: Api):
    (item,) = (
        item
        for item in api.get("image-sources", providerInstanceId=PROVIDER).json["content"]
        if item["sku"] == "win11-24h2-avd"
    )
    assert item == {
        "displayName": "Windows 11 Enterprise multi-session, 24H2",
        "publisher": "MicrosoftWindowsDesktop",
        "offer": "windows-11",
        "sku": "win11-24h2-avd",
        "version": "1.2.3",
        "generation": "V2",
        "osType": "WVD",
        "multiSession": True,
        "planRequired": False,
    }


def test_what_the_region_does_not_offer_is_left_out(api: Api):
    api.images.offered = api.images.offered[:2]

    assert sources(api) == [source.display_name for source in IMAGE_SOURCES[:2]]


@pytest.mark.parametrize("os_type", list(OsType), ids=str)
def test_sources_can_be_had_by_class_and_by_family(api: Api, os_type: OsType):
    expected = [source.display_name for source in IMAGE_SOURCES if os_type in (source.os_type, source.os_type.family)]

    assert sources(api, os_type=os_type) == expected


def test_azure_is_asked_once_an_hour_for_each_region(api: Api, monkeypatch: pytest.MonkeyPatch):
    api.catalog.put(provider_instance(id="elsewhere", region="westus"))
    sources(api)
    sources(api)
    assert api.images.calls == ["offered_images"]

    api.get("image-sources", provider_instance_id="elsewhere")
    assert len(api.images.calls) == 2

    monkeypatch.setattr(image_sources, "KEPT_SECONDS", 0)
    sources(api)
    assert len(api.images.calls) == 3


def test_that_a_region_offers_nothing_is_not_remembered(api: Api):
    everything, api.images.offered = api.images.offered, []
    assert sources(api) == []

    api.images.offered = everything
    assert len(sources(api)) == len(IMAGE_SOURCES)


def test_what_is_remembered_is_bounded(api: Api, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(image_sources, "_MOST_REGIONS", 1)
    api.catalog.put(provider_instance(id="elsewhere", region="westus"))
    sources(api)
    api.get("image-sources", provider_instance_id="elsewhere")
    sources(api)

    assert len(api.images.calls) == 3


@pytest.mark.parametrize(
    ("error", "status", "code", "retry_after"),
    [
        (TransientError("Throttled", "slow", kind=ErrorKind.THROTTLED, retry_after=12), 503, "AZURE_UNAVAILABLE", "12"),
        (TransientError("Outage", "away"), 503, "AZURE_UNAVAILABLE", "5"),
        (PermanentError("AuthorizationFailed", "Grant Reader."), 502, "AZURE_REFUSED", None),
    ],
)
def test_what_azure_says_is_told_and_not_remembered(
    api: Api, error: Exception, status: int, code: str, retry_after: str | None
):
    api.images.fail("offered_images", error)
    answer = api.get("image-sources", provider_instance_id=PROVIDER)

    assert (answer.status, answer.json["code"], answer.headers.get("Retry-After")) == (status, code, retry_after)
    assert sources(api)


def test_the_provider_instance_must_be_named_and_exist(api: Api):
    assert api.get("image-sources").findings == {("REQUIRED", "provider_instance_id")}
    assert api.get("image-sources", provider_instance_id="nobody").status == 404
    assert api.get("image-sources", provider_instance_id="a'b/c").status == 404
    assert api.get("image-sources", provider_instance_id=PROVIDER, os_type="DOS").findings == {
        ("INVALID_VALUE", "os_type")
    }
