"""Storage and Azure fail under the whole service; all of it, at every request, is a command: `python -m
benchmarks.faults`."""

import time
from collections.abc import Iterator
from functools import partial

import pytest

from local.azurite import running_azurite
from shared.states.enums import GpuType, OsType
from shared.workflow import plans, steps
from tests.e2e import faults
from tests.e2e.faults import CALLS, ELSEWHERE, Case, Fault
from tests.e2e.gate import Gate, Trouble, gate_before
from tests.e2e.stack import Import, Stack, Tenant, running_stack, wait_until
from tests.e2e.test_copy import with_gallery
from tests.e2e.test_import import find_no_password

AWAY_SECONDS = 2.0
"""More than a minute at the pace of the stack, whose first retry comes after a tenth of a second, not after 15."""
SAMPLE = ((Trouble.BUSY, 3), (Trouble.RESET, 17), (Trouble.LOST, 31), (Trouble.BUSY, 58))
"""Troubles, and the number of the request that meets with the first of them."""
ROW = 4
"""So many requests in a row: one alone is sent again by the adapter."""


@pytest.fixture(name="gated", scope="module")
def _gated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stack, Gate]]:
    with (
        running_azurite() as azurite,
        gate_before(azurite.connection_string) as gate,
        running_stack(tmp_path_factory.mktemp("gated"), gate.connection_string) as stack,
    ):
        yield stack, gate


def test_every_step_has_a_call_to_disturb():
    all_plans = (plans.import_steps(OsType.WVD, GpuType.NVIDIA), [steps.ALLOW_RDP], plans.copy_steps(replicated=True))
    assert {step.name for plan in all_plans for step in plan} == set(CALLS) | {step.name for step in ELSEWHERE}


@pytest.mark.parametrize("trouble", [Trouble.BUSY, Trouble.RESET])
def test_storage_that_is_away_for_a_minute_fails_nothing(gated: tuple[Stack, Gate], trouble: Trouble):
    stack, gate = gated
    jobs = _both(stack)
    gate.arm(trouble)
    wait_until(lambda: gate.troubled >= ROW, "requests in trouble")
    back_at = time.monotonic() + AWAY_SECONDS
    wait_until(lambda: time.monotonic() >= back_at, "storage to be back")
    gate.disarm()
    _all_is_well(stack, jobs)


def test_a_request_meanwhile_hears_when_to_come_back(gated: tuple[Stack, Gate]):
    stack, gate = gated
    tenant = Tenant(stack).set_up()
    for trouble in (Trouble.BUSY, Trouble.RESET):
        gate.arm(trouble)
        answers = [tenant.request("GET", "/images"), tenant.request("POST", "/images", json=tenant.import_body())]
        gate.disarm()
        assert {answer.status_code for answer in answers} == {503}
        assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers)
    faults.await_rest(stack)
    assert tenant.ok("GET", "/images")["content"] == []
    assert faults.secrets_left(stack) == []


@pytest.mark.parametrize(("trouble", "nth"), SAMPLE, ids=[f"{trouble}-{nth}" for trouble, nth in SAMPLE])
def test_wherever_storage_fails_imports_and_copies_succeed(gated: tuple[Stack, Gate], trouble: Trouble, nth: int):
    stack, gate = gated
    jobs = _both(stack)
    gate.arm(trouble, nth, nth + ROW - 1)
    faults.await_rest(stack)
    assert gate.troubled == ROW, f"only {gate.passed} requests came"
    gate.disarm()
    _all_is_well(stack, jobs)


def test_whatever_azure_does_at_any_step_the_end_is_right(stack: Stack):
    """Each step once, with another fault from step to step; the command has them all."""
    turns = [fault for fault in Fault if fault is not Fault.STUCK]  # which needs a deadline that others would miss
    by_step: dict[tuple[str, str], list[Case]] = {}
    for case in faults.cases():
        by_step.setdefault((case.action, case.step.name), []).append(case)
    chosen = [
        next(case for case in each if case.fault is turns[turn % len(turns)])
        for turn, each in enumerate(by_step.values())
    ]
    jobs = [(case, faults.begin(stack, case)) for case in chosen]
    found: list[str] = []
    for case, job in jobs:
        job.ended(110)
        found += faults.judge(case, job)
    assert found == []


@pytest.mark.timeout(180)
@pytest.mark.parametrize("action", ["import", "copy"])
def test_a_host_that_is_killed_in_every_step_goes_on(folder, action: str):
    """Each step's call to Azure is held up, and the host dies while it waits for the answer."""
    with running_stack(folder) as stack:
        tenant = with_gallery(Tenant(stack))
        plan = plans.copy_steps(replicated=True) if action == "copy" else plans.import_steps(OsType.WVD, GpuType.NVIDIA)
        held = [CALLS[step.name] for step in plan if step not in ELSEWHERE]
        for method, path in held:
            tenant.fault({"type": "delay", "seconds": 1, "when": "after"}, method=method, path=path, count=1)
        job = faults.submit(tenant, action)
        rules = [rule["id"] for rule in stack.arm.get("/_sim/faults").json()["value"]]
        for rule_id in rules:
            wait_until(partial(_has_fired, stack, rule_id), f"rule {rule_id} to fire")
            stack.kill_host()
            stack.start_host()
        assert job.ended(90)["status"] == "Succeeded", job.operation
        assert [*faults.wrong(job)] == []
        begun = [call["path"] for call in tenant.calls() if call["method"] == "PUT" and call["status"] == 201]
        assert len(set(begun)) == len(begun), "something was created twice"
        faults.await_rest(stack)
        assert faults.secrets_left(stack) == []


def _both(stack: Stack) -> list[Import]:
    """An import and a copy, each in a subscription of its own."""
    return [faults.submit(with_gallery(Tenant(stack)), action) for action in ("import", "copy")]


def _has_fired(stack: Stack, rule_id: int) -> bool:
    rules = stack.arm.get("/_sim/faults").json()["value"]
    return any(rule["id"] == rule_id and rule["fired"] for rule in rules)


def _all_is_well(stack: Stack, jobs: list[Import]) -> None:
    for job in jobs:
        operation = job.ended(90)
        assert (operation["status"], operation["error"]) == ("Succeeded", None), operation
        assert [*faults.wrong(job)] == []
    faults.await_rest(stack)
    assert faults.secrets_left(stack) == []
    for job in jobs:
        find_no_password(stack, job)
