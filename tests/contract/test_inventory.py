"""The inventory over the simulator: what it lists, asks after, and takes away."""

from collections.abc import Sequence
from typing import Any, cast

import pytest
from azure.core.paging import PageIterator

from shared.cloud.arm.inventory import AzureInventory
from shared.errors.azure import PermanentError
from shared.models.orphans import LISTINGS, SweepKind
from shared.ports.inventory import TaggedResource
from shared.settings import Settings
from shared.states.enums import GpuType
from shared.workflow.jobs.import_job import ImportJob
from shared.workflow.naming import gallery_target, staging, tags
from tests.contract.conftest import AzureBench
from tests.contract.galleries import AzureGalleryBench
from tests.contract.simulated import refusal, wait

CATALOG = "catalog-1"


@pytest.fixture(name="inventory")
def _inventory(azure: AzureBench) -> AzureInventory:
    settings = Settings(key_vault_url="https://vault.example", arm_endpoint=azure.simulator.url)
    return AzureInventory.from_settings(settings)


def everything(inventory: AzureInventory, subscription: str, listing: SweepKind) -> Sequence[TaggedResource]:
    found: list[TaggedResource] = []
    continuation = None
    while True:
        items, continuation = inventory.tagged(subscription, listing, continuation)
        found += items
        if continuation is None:
            return found


def removed(inventory: AzureInventory, job: ImportJob, found: TaggedResource) -> None:
    wait(
        lambda: inventory.begin_group_removal(found.resource_id, found.tags),
        lambda _: inventory.begin_group_removal(found.resource_id, found.tags),
    )


def test_an_import_is_listed_as_its_group(azure: AzureBench, inventory: AzureInventory) -> None:
    """What is in the group goes with it, and what others have in the subscription is none of ours."""
    job = azure.job(catalog_name=CATALOG)
    azure.ready(job)
    found = {listing: everything(inventory, azure.subscription, listing) for listing in LISTINGS}
    [group] = found[SweepKind.GROUPS]
    assert group.resource_id.lower() == staging(job).group_id.lower()
    assert group.tags == tags(job)
    assert group.tags["catalog"] == CATALOG
    assert not group.leaving
    assert [len(found[listing]) for listing in LISTINGS] == [1, 0, 0, 0]


def test_a_copy_is_listed_with_the_tags_of_each(gallery_azure: AzureGalleryBench, inventory: AzureInventory) -> None:
    gallery_azure.quick()
    job = gallery_azure.job(catalog_name=CATALOG)
    gallery_azure.copy(job)
    target = gallery_target(job)
    subscription = gallery_azure.subscription
    [definition] = everything(inventory, subscription, SweepKind.DEFINITIONS)
    [version] = everything(inventory, subscription, SweepKind.VERSIONS)
    assert (definition.resource_id.lower(), version.resource_id.lower()) == (
        target.definition_id.lower(),
        target.version_id.lower(),
    )
    assert definition.tags == version.tags == tags(job)
    assert everything(inventory, subscription, SweepKind.OTHERS) == []
    assert everything(inventory, "00000000-0000-0000-0000-000000000002", SweepKind.VERSIONS) == [], "not made by us"


def test_what_lies_about_elsewhere_is_listed_with_its_tags(azure: AzureBench, inventory: AzureInventory) -> None:
    """Azure leaves tags out of such a listing, so each is read."""
    job = azure.job()
    group = f"/subscriptions/{azure.subscription}/resourceGroups/rg-desktops"
    stray = f"{group}/providers/Microsoft.Network/networkSecurityGroups/moved"
    arm = inventory._clients.subscription(azure.subscription)
    body = {"location": "eastus", "tags": tags(job)}
    arm.resources.resources.begin_create_or_update_by_id(stray.lstrip("/"), body, api_version="2024-05-01").result()
    [found] = everything(inventory, azure.subscription, SweepKind.OTHERS)
    assert (found.resource_id.lower(), found.tags) == (stray.lower(), tags(job))


def test_groups_come_page_by_page(azure: AzureBench, inventory: AzureInventory) -> None:
    """Azure decides how large a page is; here a thousand."""
    job = azure.job()
    arm = inventory._clients.subscription(azure.subscription)
    for number in range(3):
        arm.resources.resource_groups.create_or_update(f"rg-{number}", {"location": "eastus", "tags": tags(job)})
    found = cast(
        "PageIterator[Any]", arm.resources.resource_groups.list(filter="tagName eq 'createdBy'", top=2).by_page()
    )
    assert len(list(next(found))) == 2
    rest, following = inventory.tagged(azure.subscription, SweepKind.GROUPS, found.continuation_token)
    assert (len(rest), following) == (1, None)


def test_everything_that_an_import_makes_can_be_asked_after(azure: AzureBench, inventory: AzureInventory) -> None:
    job = azure.job(
        gpu_type=GpuType.NVIDIA,
        vm_size="Standard_NC4as_T4_v3",
        create_public_ip=True,
        provider={"allow_public_ip": True},
    )
    azure.ready(job)
    azure.script(job, "remote-desktop-1")
    azure.gpu_driver(job)
    made = azure.simulator.admin("GET", f"inventory?subscription={azure.subscription}")["value"]
    ids = [each["id"] for each in made if "/rg-img-" in each["id"].lower()]
    assert len({each["type"] for each in made if each["id"] in ids}) == 8
    assert all(inventory.exists(each) for each in ids)
    azure.clean_up(job)
    assert not any(inventory.exists(each) for each in ids)


def test_everything_that_a_copy_makes_can_be_asked_after(
    gallery_azure: AzureGalleryBench, inventory: AzureInventory
) -> None:
    gallery_azure.quick()
    job = gallery_azure.job()
    gallery_azure.copy(job)
    target = gallery_target(job)
    assert inventory.exists(target.gallery_id)
    assert inventory.exists(target.definition_id)
    assert inventory.exists(target.version_id)
    gallery_azure.removal(job)
    assert not inventory.exists(target.version_id)
    assert not inventory.exists(target.definition_id)


def test_a_group_is_taken_away_by_its_id_and_its_tags(azure: AzureBench, inventory: AzureInventory) -> None:
    job = azure.job(catalog_name=CATALOG)
    azure.network(job)
    [found] = everything(inventory, azure.subscription, SweepKind.GROUPS)
    with pytest.raises(PermanentError, match="other tags"):
        inventory.begin_group_removal(found.resource_id, {**found.tags, "catalog": "another"})
    assert inventory.exists(found.resource_id)
    assert inventory.begin_group_removal(found.resource_id, found.tags) is not None
    removed(inventory, job, found)
    assert not inventory.exists(found.resource_id)
    assert inventory.begin_group_removal(found.resource_id, found.tags) is None


def test_a_subscription_that_can_not_be_read_is_refused_by_name(azure: AzureBench, inventory: AzureInventory) -> None:
    azure.fault("/resourcegroups$", refusal("AuthorizationFailed", 403))
    with pytest.raises(PermanentError, match=azure.subscription) as caught:
        inventory.tagged(azure.subscription, SweepKind.GROUPS, None)
    assert caught.value.code == "AuthorizationFailed"
