"""A whole Marketplace import, call by call as a product makes it, with the SDK's own clients."""

from tests.local.arm.conftest import GROUP, LOCATION, MACHINE, PASSWORD, WINDOWS_11, Azure, machine_body, until

IMAGE = tuple(WINDOWS_11.values())


def test_an_import_from_the_first_look_to_the_clean_up(azure: Azure) -> None:
    """Every step of an import works with the real clients, and nothing is left at its end."""
    newest = azure.compute.virtual_machine_images.list(LOCATION, *IMAGE, top=1, orderby="name desc")[0].name
    image = azure.compute.virtual_machine_images.get(LOCATION, *IMAGE, newest)
    assert image.plan is None
    assert image.hyper_v_generation == "V2"
    sizes = {size.name: size for size in azure.compute.resource_skus.list(filter=f"location eq '{LOCATION}'")}
    assert not sizes["Standard_D2s_v5"].restrictions
    assert any(usage.name.value == "cores" for usage in azure.compute.usage.list(LOCATION))

    azure.group()
    body = machine_body(azure.subscription)
    body["properties"]["storageProfile"]["imageReference"]["version"] = newest
    body["properties"]["securityProfile"] = {
        "securityType": "TrustedLaunch",
        "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True},
    }
    machine = azure.compute.virtual_machines.begin_create_or_update(GROUP, MACHINE, body).result()
    assert machine.provisioning_state == "Succeeded"
    assert machine.storage_profile.image_reference.exact_version == newest
    assert PASSWORD not in str(machine.as_dict())
    until(lambda: azure.agent() == "Ready")

    command = {
        "location": LOCATION,
        "properties": {"source": {"script": "Enable-NetFirewallRule"}, "asyncExecution": True, "timeoutInSeconds": 600},
    }
    azure.compute.virtual_machine_run_commands.begin_create_or_update(GROUP, MACHINE, "step-1", command).result()
    ended = azure.command("step-1")
    assert (ended.execution_state, ended.exit_code) == ("Succeeded", 0)
    azure.compute.virtual_machines.begin_restart(GROUP, MACHINE).result()
    until(lambda: azure.agent() == "Ready")
    azure.compute.virtual_machines.begin_update(GROUP, MACHINE, {"tags": {"assetId": "a-1", "done": "yes"}}).result()

    assert len(list(azure.resources.resources.list(filter="tagName eq 'done' and tagValue eq 'yes'"))) == 1
    azure.resources.resource_groups.begin_delete(
        GROUP, force_deletion_types="Microsoft.Compute/virtualMachines"
    ).result()
    assert not azure.resources.resource_groups.check_existence(GROUP)
    assert [key for key in azure.inventory() if GROUP in key] == []
