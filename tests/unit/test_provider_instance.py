"""What a provider instance may say."""

import pytest
from pydantic import ValidationError

from tests import builders


@pytest.mark.parametrize("ranges", [("0.0.0.0/0",), ("0.0.0.0/1", "128.0.0.0/1"), ("::/1", "8000::/1")])
def test_the_whole_internet_is_refused_in_parts_too(ranges):
    with pytest.raises(ValidationError, match="whole internet"):
        builders.provider_instance(rdp_source_address_ranges=ranges)


def test_ranges_are_kept_without_what_others_contain():
    provider = builders.provider_instance(rdp_source_address_ranges=("10.0.0.0/8", "10.1.0.0/16", "10.0.0.0/8"))
    assert provider.rdp_source_address_ranges == ("10.0.0.0/8",)


@pytest.mark.parametrize("part", ["..", "rg?x=", "rg#x", "rg%2f", "rg x", "", "."], ids=lambda part: part or "empty")
def test_no_id_can_bend_a_url(part):
    subnet = builders.SUBNET.replace("rg-desktops", part)
    gallery = f"/subscriptions/{builders.SUBSCRIPTION}/resourceGroups/{part}/providers/Microsoft.Compute/galleries/g"
    with pytest.raises(ValidationError, match="ARM id"):
        builders.provider_instance(subnet_id=subnet)
    with pytest.raises(ValidationError, match="ARM id"):
        builders.provider_instance(gallery_id=gallery)


def test_a_subnet_is_in_the_subscription_of_the_machines():
    with pytest.raises(ValidationError, match="share one"):
        builders.provider_instance(subscription_id=builders.new_id())


@pytest.mark.parametrize("consent", [{"acceptedBy": " "}, {"acceptedAt": 0}])
def test_a_consent_names_a_person_and_a_date(consent):
    given = {"acceptedBy": "legal@example.org", "acceptedAt": "2026-11-01T09:00:00Z", **consent}
    with pytest.raises(ValidationError):
        builders.provider_instance(marketplace_terms_consent=given)


def test_a_region_is_named_once():
    with pytest.raises(ValidationError, match="twice"):
        builders.provider_instance(replication_regions=({"name": "westus2"}, {"name": "West US 2"}))
