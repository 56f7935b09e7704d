"""Images, sizes, quotas and terms: what an import looks at before it begins."""

import pytest

from tests.local.arm.conftest import LOCATION, MACHINE, Azure, code_of

_CIS = ("center-for-internet-security-inc", "cis-windows-server", "cis-windows-server2022-l1-gen2")
_WINDOWS_11 = ("MicrosoftWindowsDesktop", "windows-11", "win11-24h2-avd")


def test_the_catalogue_can_be_browsed(azure: Azure) -> None:
    """Publishers, offers, skus, versions: arrays with names and ids."""
    images = azure.compute.virtual_machine_images
    assert "MicrosoftWindowsDesktop" in [each.name for each in images.list_publishers(LOCATION)]
    assert [each.name for each in images.list_offers(LOCATION, "MicrosoftWindowsDesktop")] == [
        "office-365",
        "windows-10",
        "windows-11",
    ]
    assert "win11-24h2-avd" in [each.name for each in images.list_skus(LOCATION, *_WINDOWS_11[:2])]
    versions = [each.name for each in images.list(LOCATION, *_WINDOWS_11)]
    assert versions == sorted(versions)
    assert [each.name for each in images.list(LOCATION, *_WINDOWS_11, top=1, orderby="name desc")] == versions[-1:]


def test_latest_is_the_newest_version(azure: Azure) -> None:
    """`latest` answers with the concrete version's name."""
    images = azure.compute.virtual_machine_images
    newest = images.list(LOCATION, *_WINDOWS_11, top=1, orderby="name desc")[0].name
    found = images.get(LOCATION, *_WINDOWS_11, "latest")
    assert found.name == newest
    assert found.id.endswith(f"/versions/{newest}")


def test_an_image_tells_what_it_is(azure: Azure) -> None:
    """Plan, generation, security features, deprecation."""
    images = azure.compute.virtual_machine_images
    modern = images.get(LOCATION, *_WINDOWS_11, "latest")
    assert (modern.plan, modern.hyper_v_generation, modern.architecture) == (None, "V2", "x64")
    assert {feature.name: feature.value for feature in modern.features}["SecurityType"] == "TrustedLaunchSupported"
    bought = images.get(LOCATION, *_CIS, "latest")
    assert (bought.plan.publisher, bought.plan.product, bought.plan.name) == _CIS
    old = images.get(LOCATION, "MicrosoftWindowsDesktop", "windows-10", "win10-21h2-avd-g2", "latest")
    assert old.image_deprecation_status.image_state == "Deprecated"
    first_generation = images.get(LOCATION, "MicrosoftWindowsDesktop", "windows-10", "win10-22h2-avd", "latest")
    assert first_generation.hyper_v_generation == "V1"


@pytest.mark.parametrize("names", [("Nobody",), ("MicrosoftWindowsDesktop", "windows-12"), (*_WINDOWS_11[:2], "none")])
def test_what_is_not_offered_is_not_found(azure: Azure, names: tuple[str, ...]) -> None:
    """404 on every level of the catalogue."""
    images = azure.compute.virtual_machine_images
    listing = [images.list_offers, images.list_skus, images.list][len(names) - 1]
    assert code_of(lambda: listing(LOCATION, *names)) == "NotFound"


def test_an_image_of_some_regions_only(azure: Azure) -> None:
    """What a region does not have is not found there."""
    names = ("nvidia", "nvidia_hpc_sdk_vmi", "nvidia_hpc_sdk_vmi_25_03_gen2", "latest")
    images = azure.compute.virtual_machine_images
    assert images.get("eastus", *names).name == "25.3.1"
    assert code_of(lambda: images.get("northeurope", *names)) == "NotFound"


def test_sizes_have_capabilities_and_restrictions(azure: Azure) -> None:
    """What preflight reads: generations, cores, GPUs, TrustedLaunch, and where a size may not be used."""

    def sizes(location: str) -> dict[str, object]:
        return {size.name: size for size in azure.compute.resource_skus.list(filter=f"location eq '{location}'")}

    def capabilities(size: object) -> dict[str, str]:
        return {each.name: each.value for each in size.capabilities}  # type: ignore[attr-defined]

    here = sizes("eastus")
    general = capabilities(here["Standard_D4s_v5"])
    assert (general["vCPUs"], general["HyperVGenerations"], general["GPUs"]) == ("4", "V1,V2", "0")
    assert capabilities(here["Standard_NV4as_v4"])["TrustedLaunchDisabled"] == "True"
    assert capabilities(here["Standard_A2_v2"])["HyperVGenerations"] == "V1"
    there = sizes("northeurope")
    restriction = there["Standard_NV6ads_A10_v5"].restrictions[0]  # type: ignore[attr-defined]
    assert (restriction.type, restriction.reason_code) == ("Location", "NotAvailableForSubscription")
    assert not here["Standard_NV6ads_A10_v5"].restrictions  # type: ignore[attr-defined]
    assert "Standard_NG8ads_V620_v1" not in there


def test_usage_follows_the_machines(azure: Azure) -> None:
    """Cores of the region and of the family are counted from what exists."""

    def used() -> dict[str, int]:
        return {usage.name.value: usage.current_value for usage in azure.compute.usage.list(LOCATION)}

    assert used()["cores"] == 0
    azure.machine()
    assert {used()[name] for name in ("cores", "standardDSv5Family")} == {2}
    assert used()["virtualMachines"] == 1
    elsewhere = {usage.name.value: usage.current_value for usage in azure.compute.usage.list("westus2")}
    assert elsewhere["cores"] == 0
    azure.compute.virtual_machines.begin_delete("rg-test", MACHINE).result()
    assert used()["cores"] == 0


def test_terms_are_read_and_accepted(azure: Azure) -> None:
    """The agreement is sent back as it came, with accepted set; twice is harmless."""
    agreements = azure.marketplace.marketplace_agreements
    terms = agreements.get("virtualmachine", *_CIS)
    assert terms.accepted is False
    terms.accepted = True
    for _ in range(2):
        assert agreements.create("virtualmachine", *_CIS, terms).accepted is True
    assert agreements.get("virtualmachine", *_CIS).accepted is True


def test_terms_that_were_altered_are_refused(azure: Azure) -> None:
    """So are those of a plan that does not exist."""
    agreements = azure.marketplace.marketplace_agreements
    terms = agreements.get("virtualmachine", *_CIS)
    terms.accepted, terms.signature = True, "forged"
    assert code_of(lambda: agreements.create("virtualmachine", *_CIS, terms)) == "BadRequest"
    assert code_of(lambda: agreements.get("virtualmachine", "a", "b", "c")) == "BadRequest"


def test_terms_are_set_by_the_admin_endpoint(azure: Azure) -> None:
    """A test can begin with terms accepted, or take them back."""
    publisher, offer, plan = _CIS
    path = f"/_sim/subscriptions/{azure.subscription}/terms"
    document = {"publisher": publisher, "offer": offer, "plan": plan}
    for accepted in (True, False):
        assert azure.admin.put(path, json=document | {"accepted": accepted}).status_code == 204
        assert azure.marketplace.marketplace_agreements.get("virtualmachine", *_CIS).accepted is accepted


def test_kinds_of_extensions_can_be_listed(azure: Azure) -> None:
    """The drivers for GPUs, with versions."""
    kinds = azure.compute.virtual_machine_extension_images
    names = [each.name for each in kinds.list_types(LOCATION, "Microsoft.HpcCompute")]
    assert names == ["AmdGpuDriverWindows", "NvidiaGpuDriverLinux", "NvidiaGpuDriverWindows"]
    assert "1.10.0.0" in [
        each.name for each in kinds.list_versions(LOCATION, "Microsoft.HpcCompute", "NvidiaGpuDriverWindows")
    ]
