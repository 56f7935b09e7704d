"""What runs inside a machine: extensions and run commands."""

from typing import Any

from tests.local.arm.conftest import GROUP, LOCATION, MACHINE, Azure, code_of, until

_NVIDIA = {"publisher": "Microsoft.HpcCompute", "type": "NvidiaGpuDriverWindows", "typeHandlerVersion": "1.10"}
_AMD = {"publisher": "Microsoft.HpcCompute", "type": "AmdGpuDriverWindows", "typeHandlerVersion": "1.1"}
_SCRIPT = {"publisher": "Microsoft.Compute", "type": "CustomScriptExtension", "typeHandlerVersion": "1.10"}
_GPU: dict[str, Any] = {"hardwareProfile": {"vmSize": "Standard_NC4as_T4_v3"}}


def _install(azure: Azure, name: str = "ext", **properties: Any) -> Any:
    body = {"location": LOCATION, "properties": properties}
    return azure.compute.virtual_machine_extensions.begin_create_or_update(GROUP, MACHINE, name, body)


def _run(azure: Azure, name: str = "step", machine: str = MACHINE, **properties: Any) -> Any:
    body = {"location": LOCATION, "properties": {"source": {"script": "dir"}} | properties}
    return azure.compute.virtual_machine_run_commands.begin_create_or_update(GROUP, machine, name, body)


def test_the_driver_of_a_gpu(azure: Azure) -> None:
    """It is installed on a size with such a GPU, and reported in the instance views."""
    azure.ready_machine(**_GPU)
    made = _install(azure, autoUpgradeMinorVersion=True, settings={}, **_NVIDIA).result()
    assert made.provisioning_state == "Succeeded"
    view = azure.compute.virtual_machine_extensions.get(GROUP, MACHINE, "ext", expand="instanceView").instance_view
    assert view.statuses[0].code == "ProvisioningState/succeeded"
    whole = azure.compute.virtual_machines.instance_view(GROUP, MACHINE)
    assert [each.name for each in whole.extensions] == ["ext"]
    assert whole.vm_agent.extension_handlers[0].type == "Microsoft.HpcCompute.NvidiaGpuDriverWindows"
    assert azure.compute.virtual_machines.get(GROUP, MACHINE).resources[0].name == "ext"


def test_a_driver_takes_minutes(frozen: Azure) -> None:
    """Four at least, seven as a rule."""
    frozen.clock(frozen=False)
    frozen.ready_machine(**_GPU)
    frozen.clock(frozen=True)
    body = {"location": LOCATION, "properties": _NVIDIA}
    extensions = frozen.compute.virtual_machine_extensions
    extensions.begin_create_or_update(GROUP, MACHINE, "ext", body, polling=False)
    frozen.clock(step=240)
    assert extensions.get(GROUP, MACHINE, "ext").provisioning_state == "Creating"
    frozen.clock(step=400)
    assert extensions.get(GROUP, MACHINE, "ext").provisioning_state == "Succeeded"


def test_a_driver_for_another_gpu_fails(azure: Azure) -> None:
    """The extension reports it, and stays behind as Failed."""
    azure.ready_machine(**_GPU)
    assert code_of(lambda: _install(azure, **_AMD).result()) == "VMExtensionProvisioningError"
    extensions = azure.compute.virtual_machine_extensions
    assert extensions.get(GROUP, MACHINE, "ext").provisioning_state == "Failed"
    status = extensions.get(GROUP, MACHINE, "ext", expand="instanceView").instance_view.statuses[0]
    assert status.code == "ProvisioningState/failed/VMExtensionProvisioningError"
    extensions.begin_delete(GROUP, MACHINE, "ext").result()
    assert list(extensions.list(GROUP, MACHINE).value or []) == []


def test_one_extension_of_a_kind(azure: Azure) -> None:
    """A second one under another name is refused; the same name again is an update."""
    azure.ready_machine()
    _install(azure, "one", protectedSettings={"commandToExecute": "hidden-command"}, **_SCRIPT).result()
    assert code_of(lambda: _install(azure, "two", **_SCRIPT)) == "BadRequest"
    again = _install(azure, "one", forceUpdateTag="2", **_SCRIPT).result()
    assert "hidden-command" not in str(again.as_dict())


def test_extensions_that_do_not_exist(azure: Azure) -> None:
    """Unknown kinds and versions, and those of another operating system, are not found."""
    azure.ready_machine()
    unknown = {"publisher": "Nobody", "type": "None", "typeHandlerVersion": "1.0"}
    assert code_of(lambda: _install(azure, **unknown)) == "ArtifactNotFound"
    assert code_of(lambda: _install(azure, **_SCRIPT | {"typeHandlerVersion": "9.9"})) == "ArtifactVersionNotFound"
    linux = {"publisher": "Microsoft.Azure.Extensions", "type": "CustomScript", "typeHandlerVersion": "2.1"}
    assert code_of(lambda: _install(azure, **linux)) == "ArtifactNotFound"


def test_nothing_runs_in_a_stopped_machine(azure: Azure) -> None:
    """Extensions and run commands, written or deleted, are refused with 409 OperationNotAllowed."""
    azure.ready_machine()
    _install(azure, **_SCRIPT).result()
    _run(azure).result()
    azure.compute.virtual_machines.begin_deallocate(GROUP, MACHINE).result()
    compute = azure.compute
    action = {"commandId": "RunPowerShellScript", "script": ["dir"]}
    codes = {
        code_of(lambda: _install(azure, **_SCRIPT)),
        code_of(lambda: _run(azure, "other")),
        code_of(lambda: compute.virtual_machine_extensions.begin_delete(GROUP, MACHINE, "ext")),
        code_of(lambda: compute.virtual_machine_run_commands.begin_delete(GROUP, MACHINE, "step")),
        code_of(lambda: compute.virtual_machines.begin_run_command(GROUP, MACHINE, action)),
    }
    assert codes == {"OperationNotAllowed"}


def test_a_run_command_runs_on_after_its_operation(frozen: Azure) -> None:
    """With asyncExecution the operation ends when the script has begun; the instance view tells the rest."""
    frozen.clock(frozen=False)
    frozen.ready_machine()
    frozen.clock(frozen=True)
    commands = frozen.compute.virtual_machine_run_commands
    body = {"location": LOCATION, "properties": {"source": {"script": "dir"}, "asyncExecution": True}}
    frozen.fault({"type": "runCommand", "output": "hello", "seconds": 100}, phase="guest", path="runCommands/step")
    commands.begin_create_or_update(GROUP, MACHINE, "step", body, polling=False)

    def view() -> Any:
        return commands.get_by_virtual_machine(GROUP, MACHINE, "step", expand="instanceView")

    assert (view().provisioning_state, view().instance_view.execution_state) == ("Creating", "Pending")
    frozen.clock(step=30)
    assert (view().provisioning_state, view().instance_view.execution_state) == ("Succeeded", "Running")
    frozen.clock(step=100)
    ended = view().instance_view
    assert (ended.execution_state, ended.exit_code, ended.output) == ("Succeeded", 0, "hello")
    assert ended.start_time <= ended.end_time


def test_a_run_command_that_is_waited_for(azure: Azure) -> None:
    """Without asyncExecution the operation ends with the script."""
    azure.ready_machine()
    _run(azure).result()
    view = azure.compute.virtual_machine_run_commands.get_by_virtual_machine(
        GROUP, MACHINE, "step", expand="instanceView"
    )
    assert view.instance_view.execution_state == "Succeeded"


def test_a_script_that_fails(azure: Azure) -> None:
    """The platform did its work, so the command is provisioned; the script's exit code tells the rest."""
    azure.ready_machine()
    azure.fault({"type": "runCommand", "exitCode": 3, "error": "x" * 5000 + "end"}, phase="guest", path="/step")
    assert _run(azure, asyncExecution=True).result().provisioning_state == "Succeeded"
    ended = azure.command("step")
    assert (ended.execution_state, ended.exit_code) == ("Failed", 3)
    assert len(ended.error) == 4096
    assert ended.error.endswith("end")


def test_a_script_that_must_not_fail(azure: Azure) -> None:
    """With treatFailureAsDeploymentFailure the operation fails as well."""
    azure.ready_machine()
    azure.fault({"type": "runCommand", "exitCode": 3}, phase="guest", path="/step")
    code = code_of(lambda: _run(azure, treatFailureAsDeploymentFailure=True).result())
    assert code == "VMExtensionProvisioningError"


def test_a_script_that_takes_too_long(azure: Azure) -> None:
    """It is ended at its own timeout."""
    azure.ready_machine()
    azure.fault({"type": "runCommand", "seconds": 900}, phase="guest", path="/step")
    _run(azure, asyncExecution=True, timeoutInSeconds=60).result()
    assert azure.command("step").execution_state == "TimedOut"


def test_the_same_command_does_not_run_again(azure: Azure) -> None:
    """A repeated PUT is harmless; another script under the same name runs."""
    azure.ready_machine()
    _run(azure, asyncExecution=True, protectedParameters=[{"name": "p", "value": "hidden-value"}]).result()
    started = azure.command("step").start_time
    repeated = _run(azure, asyncExecution=True, protectedParameters=[{"name": "p", "value": "hidden-value"}]).result()
    assert "hidden-value" not in str(repeated.as_dict())
    assert azure.command("step").start_time == started
    _run(azure, asyncExecution=True, source={"script": "other"}).result()
    assert azure.command("step").start_time > started


def test_a_restart_ends_a_script(azure: Azure) -> None:
    """What ran when the machine went down did not succeed."""
    azure.ready_machine()
    azure.fault({"type": "runCommand", "seconds": 5000}, phase="guest", path="/step")
    _run(azure, asyncExecution=True).result()
    azure.compute.virtual_machines.begin_restart(GROUP, MACHINE).result()
    assert azure.command("step").execution_state == "Failed"


def test_a_command_needs_an_agent_that_reports(frozen: Azure) -> None:
    """Sent too early, it fails with VMAgentStatusCommunicationError."""
    frozen.created_while_frozen()
    body = {"location": LOCATION, "properties": {"source": {"script": "dir"}, "asyncExecution": True}}
    commands = frozen.compute.virtual_machine_run_commands
    assert frozen.agent() == "Not Ready"
    commands.begin_create_or_update(GROUP, MACHINE, "early", body, polling=False)
    frozen.clock(step=300)
    found = commands.get_by_virtual_machine(GROUP, MACHINE, "early", expand="instanceView")
    assert (found.provisioning_state, found.instance_view.execution_state) == ("Failed", "Failed")


def test_an_agent_that_never_reports(azure: Azure) -> None:
    """A fault on the machine's PUT keeps the agent silent; extensions and commands fail."""
    azure.fault({"type": "agent"}, phase="guest", method="PUT", path=MACHINE)
    azure.machine()
    assert code_of(lambda: _install(azure, **_SCRIPT).result()) == "VMAgentStatusCommunicationError"
    assert code_of(lambda: _run(azure).result()) == "VMAgentStatusCommunicationError"
    assert azure.agent() == "Not Ready"


def test_a_machine_that_timed_out_may_still_become_ready(azure: Azure) -> None:
    """OSProvisioningTimedOut is no last word: the agent reports five minutes later."""
    fault = {"type": "fail", "code": "OSProvisioningTimedOut"}
    azure.fault(fault, phase="final", method="PUT", path=f"{MACHINE}$")
    azure.fault({"type": "agent", "after": 300}, phase="guest", method="PUT", path=MACHINE)
    assert code_of(azure.machine) == "OSProvisioningTimedOut"
    until(lambda: azure.agent() == "Ready")


def test_the_action_run_command(azure: Azure) -> None:
    """Its result, from Location, has both streams."""
    azure.ready_machine()
    azure.fault({"type": "runCommand", "output": "out", "error": "err"}, phase="guest", method="POST")
    command = {"commandId": "RunPowerShellScript", "script": ["dir"]}
    result = azure.compute.virtual_machines.begin_run_command(GROUP, MACHINE, command).result()
    assert [each.message for each in result.value] == ["out", "err"]
    wrong = {"commandId": "RunShellScript", "script": ["ls"]}
    call = azure.compute.virtual_machines.begin_run_command
    assert code_of(lambda: call(GROUP, MACHINE, wrong)) == "InvalidParameter"


def test_one_action_at_a_time(frozen: Azure) -> None:
    """A second one is a Conflict."""
    frozen.clock(frozen=False)
    frozen.ready_machine()
    frozen.clock(frozen=True)
    call = frozen.compute.virtual_machines.begin_run_command
    command = {"commandId": "RunPowerShellScript", "script": ["dir"]}
    call(GROUP, MACHINE, command, polling=False)
    assert code_of(lambda: call(GROUP, MACHINE, command)) == "Conflict"


def test_commands_are_listed_and_deleted(azure: Azure) -> None:
    """And the built-in ones can be read."""
    azure.ready_machine()
    _run(azure).result()
    commands = azure.compute.virtual_machine_run_commands
    assert [each.name for each in commands.list_by_virtual_machine(GROUP, MACHINE)] == ["step"]
    commands.begin_delete(GROUP, MACHINE, "step").result()
    assert list(commands.list_by_virtual_machine(GROUP, MACHINE)) == []
    assert {each.id for each in commands.list(LOCATION)} == {"RunPowerShellScript", "RunShellScript"}
    assert commands.get(LOCATION, "RunShellScript").os_type == "Linux"


def test_an_extension_is_patched(azure: Azure) -> None:
    """What a PATCH does not name stays as it was."""
    azure.ready_machine()
    inner = {"publisher": "Microsoft.Compute", "type": "CustomScriptExtension", "typeHandlerVersion": "1.10"}
    extensions = azure.compute.virtual_machine_extensions
    extensions.begin_create_or_update(GROUP, MACHINE, "e", {"location": LOCATION, "properties": inner}).result()
    change = {"tags": {"a": "b"}, "properties": {"settings": {"x": 1}}}
    changed = extensions.begin_update(GROUP, MACHINE, "e", change).result()
    assert (changed.tags, changed.settings) == ({"a": "b"}, {"x": 1})
    assert changed.properties.type == "CustomScriptExtension"


def test_a_run_command_is_patched(azure: Azure) -> None:
    """Another script runs, the rest stays; a PATCH of what is not there is a 404."""
    azure.ready_machine()
    commands = azure.compute.virtual_machine_run_commands
    inner = {"source": {"script": "dir"}, "timeoutInSeconds": 77}
    commands.begin_create_or_update(GROUP, MACHINE, "c", {"location": LOCATION, "properties": inner}).result()
    change = {"properties": {"source": {"script": "exit"}}}
    changed = commands.begin_update(GROUP, MACHINE, "c", change).result()
    assert (changed.source.script, changed.timeout_in_seconds) == ("exit", 77)
    assert code_of(lambda: commands.begin_update(GROUP, MACHINE, "missing", change)) == "ResourceNotFound"
