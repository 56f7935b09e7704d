"""What Azure refuses or garbles, and as what it is reported: the provider over the simulator, with faults."""

import logging
import threading

import pytest

from shared.cloud.arm.core.clients import ArmClients, about
from shared.cloud.arm.image_provider import AzureImageProvider
from shared.errors.azure import ErrorKind, PermanentError, TransientError
from shared.settings import Settings
from shared.workflow.naming import staging
from tests.conftest import ArmSimulator
from tests.contract.conftest import COMMAND, GROUP, MACHINE, NSG, PASSWORD, AzureBench
from tests.contract.simulated import refusal


def test_throttling_is_waited_out_as_long_as_azure_asked(azure: AzureBench) -> None:
    job = azure.job()
    azure.network(job)
    storm = refusal(
        "OperationNotAllowed",
        429,
        headers={"Retry-After": "2"},
        unwrapped=True,
        message="The server rejected the request because too many requests have been received.",
        details=[{"code": "TooManyRequests", "target": "PutVM", "message": '{"operationGroup":"PutVM"}'}],
    )
    azure.fault(MACHINE, storm, method="PUT", count=1)
    facts = azure.facts(job)
    with pytest.raises(TransientError) as caught:
        azure.images.begin_virtual_machine(job, facts, PASSWORD)
    assert (caught.value.kind, caught.value.retry_after) == (ErrorKind.THROTTLED, 2)
    assert caught.value.correlation_id == job.operation_id
    with pytest.raises(TransientError) as held_back:
        azure.images.begin_virtual_machine(job, facts, PASSWORD)
    assert held_back.value.kind is ErrorKind.THROTTLED
    assert 0 < (held_back.value.retry_after or 0) < 2
    assert held_back.value.correlation_id == job.operation_id
    machine = staging(job).vm
    assert len(azure.calls("PUT", machine)) == 1, "the second was not sent"
    azure.machine(job, facts)
    assert len(azure.calls("PUT", machine)) == 2


def test_no_quota_is_for_a_person_to_mend(azure: AzureBench) -> None:
    job = azure.job()
    azure.network(job)
    message = "Operation could not be completed as it results in exceeding approved standardDSv5Family Cores quota."
    azure.fault(MACHINE, refusal("OperationNotAllowed", message=message), method="PUT")
    with pytest.raises(PermanentError, match="higher quota") as caught:
        azure.images.begin_virtual_machine(job, azure.facts(job), PASSWORD)
    assert caught.value.code == "QuotaExceeded"
    assert PASSWORD not in str(caught.value)


def test_no_token_goes_to_a_foreign_host(azure: AzureBench, simulator: ArmSimulator) -> None:
    job = azure.job()
    azure.network(job)
    host = simulator.url.replace("127.0.0.1", "localhost").removeprefix("https://")
    azure.fault(MACHINE, {"type": "foreignHost", "host": host}, method="PUT", phase="final", count=1)
    with pytest.raises(PermanentError) as caught:
        azure.images.begin_virtual_machine(job, azure.facts(job), PASSWORD)
    assert caught.value.code == "ForeignOperationHost"
    with pytest.raises(PermanentError, match="Nothing was sent there"):
        azure.images.check_virtual_machine(job, f"https://{host}/subscriptions/{azure.subscription}/operations/1")
    assert azure.calls("GET", "/operations/1") == []


def test_a_script_that_fails_says_what_it_said(azure: AzureBench) -> None:
    job = azure.job()
    azure.ready(job)
    failing = {"type": "runCommand", "exitCode": 3, "state": "Failed", "error": "x" * 4000 + " access denied"}
    azure.fault(COMMAND, failing, method="PUT", phase="guest", count=1)
    with pytest.raises(PermanentError, match=r"exit code 3.*access denied") as caught:
        azure.script(job, "remote-desktop-1")
    assert caught.value.code == "RunCommandFailed"
    assert len(caught.value.message) < 1000
    azure.script(job, "remote-desktop-2")


def test_a_script_that_takes_too_long_is_named(azure: AzureBench) -> None:
    job = azure.job()
    azure.ready(job)
    azure.fault(COMMAND, {"type": "runCommand", "state": "TimedOut"}, method="PUT", phase="guest", count=1)
    with pytest.raises(PermanentError) as caught:
        azure.script(job, "remote-desktop-1")
    assert caught.value.code == "RunCommandTimedOut"


def test_missing_permission_says_which_and_where(azure: AzureBench) -> None:
    job = azure.job()
    azure.settings(permissions=[{"actions": ["*/read"], "notActions": [], "dataActions": [], "notDataActions": []}])
    with pytest.raises(PermanentError, match=r"Microsoft\.Resources/subscriptions/resource[gG]roups/write") as caught:
        azure.images.create_resource_group(job)
    assert caught.value.code == "AuthorizationFailed"
    assert staging(job).resource_group in caught.value.message


@pytest.mark.parametrize("status", [500, 502, 503])
def test_server_errors_may_pass(azure: AzureBench, status: int) -> None:
    azure.fault(GROUP, {"type": "garble", "kind": "html", "status": status}, method="PUT", count=1)
    with pytest.raises(TransientError) as caught:
        azure.images.create_resource_group(azure.job())
    assert caught.value.kind is ErrorKind.OUTAGE


def test_half_an_answer_may_pass(azure: AzureBench) -> None:
    azure.fault(GROUP, {"type": "garble", "kind": "truncated"}, method="PUT", count=1)
    with pytest.raises(TransientError):
        azure.images.create_resource_group(azure.job())


def test_half_a_record_may_pass(azure: AzureBench) -> None:
    job = azure.job()
    azure.fault("", {"type": "garble", "kind": "truncated"}, phase="poll", count=1)
    azure.network(job)


def test_azure_away_may_pass(azure: AzureBench) -> None:
    gone = AzureImageProvider.from_settings(
        Settings(key_vault_url="https://vault.example", arm_endpoint="https://127.0.0.1:1")
    )
    with pytest.raises(TransientError) as caught:
        gone.create_resource_group(azure.job())
    assert (caught.value.code, caught.value.kind) == ("AzureUnreachable", ErrorKind.OUTAGE)


def test_a_token_that_is_refused_once_is_renewed_and_refused_for_good_is_named(azure: AzureBench) -> None:
    job = azure.job()
    expired = refusal("ExpiredAuthenticationToken", 401, message="The access token expiry is in the past.")
    azure.fault(GROUP, expired, method="PUT", count=1)
    azure.images.create_resource_group(job)
    azure.fault(NSG, expired, method="PUT")
    with pytest.raises(PermanentError, match="managed identity") as caught:
        azure.images.begin_network_security_group(job)
    assert caught.value.code == "ExpiredAuthenticationToken"


def test_azures_own_log_knows_our_operation(azure: AzureBench, simulator: ArmSimulator) -> None:
    job = azure.job()
    settings = Settings(key_vault_url="https://vault.example", arm_endpoint=simulator.url)
    arm = ArmClients(settings).subscription(azure.subscription)
    answer = arm.get(f"{simulator.url}{staging(job).group_id}?api-version=2025-04-01", about(job))
    assert answer.headers["x-ms-correlation-request-id"] == job.operation_id


def test_what_was_begun_says_when_and_where_to_ask(azure: AzureBench, simulator: ArmSimulator) -> None:
    job = azure.job()
    azure.network(job)
    waiting = azure.images.begin_virtual_machine(job, azure.facts(job), PASSWORD)
    assert waiting is not None
    assert waiting.seconds
    assert waiting.handle is not None
    assert waiting.handle.startswith(simulator.url)


def test_the_password_is_in_no_log_however_talkative(azure: AzureBench, caplog: pytest.LogCaptureFixture) -> None:
    job = azure.job()
    with caplog.at_level(logging.DEBUG):
        azure.network(job)
        azure.machine(job)
    assert staging(job).vm in caplog.text
    assert PASSWORD not in caplog.text


def test_nothing_polls_behind_our_back(azure: AzureBench) -> None:
    job = azure.job()
    azure.network(job)
    before = set(threading.enumerate())
    azure.images.begin_virtual_machine(job, azure.facts(job), PASSWORD)
    assert set(threading.enumerate()) <= before
