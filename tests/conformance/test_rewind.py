"""Rewind and restart: how a failed orchestration goes on, and how any may be run again.

Rewinding is [S] throughout. These are the cases in which every reading of it agrees: what failed was last, and
without retries.
"""

import uuid

import pytest

from tests.conformance.client import Host, Instance
from tests.conformance.history import done, failed, shown


class Steps:
    """Steps with names of their own, which can be broken and mended, and counted."""

    def __init__(self, control: Host) -> None:
        self._control = control
        self._mark = uuid.uuid4().hex

    def named(self, *names: str) -> list[str]:
        return [f"{name}-{self._mark}" for name in names]

    def set(self, name: str, state: str) -> None:
        response = self._control.function("PUT", f"steps/{name}-{self._mark}/{state}")
        assert (response.status_code, response.text) == (200, state)

    def ran(self, *names: str) -> list[int]:
        return [int(self._control.function("GET", f"steps/{name}").text) for name in self.named(*names)]

    def results(self, *names: str) -> list[str]:
        return [f"{name} done" for name in self.named(*names)]


@pytest.fixture(name="steps")
def _steps(control: Host) -> Steps:
    return Steps(control)


def rewinds(instance: Instance) -> None:
    response = instance.tell("rewind", "mended")
    assert (response.status_code, response.content) == (202, b"")


def test_only_what_failed_runs_again(control: Host, steps: Steps) -> None:
    steps.set("two", "broken")
    instance = control.start("walks", steps.named("one", "two", "three")).reaches("Failed")
    steps.set("two", "mended")
    rewinds(instance)
    assert instance.completed()["output"] == steps.results("one", "two", "three")
    assert steps.ran("one", "two", "three") == [1, 2, 1]


def test_the_failure_is_no_longer_in_the_history(control: Host, steps: Steps) -> None:
    steps.set("two", "broken")
    instance = control.start("walks", steps.named("one", "two")).reaches("Failed")
    before = shown(instance.status())[1:-1]
    one, two = steps.results("one", "two")
    assert before == [done("step", one), failed("step", "Activity function 'step' failed:  RuntimeError: broken")]
    steps.set("two", "mended")
    rewinds(instance)
    after = [event for event in shown(instance.completed()) if event.kind in ("TaskCompleted", "TaskFailed")]
    assert after == [done("step", one), done("step", two)]


def test_it_may_fail_and_be_rewound_again(control: Host, steps: Steps) -> None:
    steps.set("one", "broken")
    instance = control.start("walks", steps.named("one", "two")).reaches("Failed")
    for broken in ("two", None):
        if broken:
            steps.set(broken, "broken")
        steps.set("one", "mended")
        rewinds(instance)
        if broken:
            instance.until("the second failure", lambda it: it["runtimeStatus"] == "Failed" and steps.ran("two") == [1])
            steps.set(broken, "mended")
    assert instance.completed()["output"] == steps.results("one", "two")
    assert steps.ran("one", "two") == [2, 2]


def test_of_several_at_once_only_the_failed_ones_run_again(control: Host, steps: Steps) -> None:
    for name in ("two", "three"):
        steps.set(name, "broken")
    instance = control.start("walks_together", steps.named("one", "two", "three")).reaches("Failed")
    for name in ("two", "three"):
        steps.set(name, "mended")
    rewinds(instance)
    assert instance.completed()["output"] == steps.results("one", "two", "three")
    assert steps.ran("one", "two", "three") == [1, 2, 2]


def test_a_failed_child_is_rewound_with_its_parent(control: Host, steps: Steps) -> None:
    steps.set("two", "broken")
    instance = control.start("parent_of_walk", steps.named("one", "two")).reaches("Failed")
    steps.set("two", "mended")
    rewinds(instance)
    assert instance.completed()["output"] == steps.results("one", "two")
    assert steps.ran("one", "two") == [1, 2]
    assert control.instance(f"{instance.id}-child").status()["runtimeStatus"] == "Completed"


def test_the_sdks_client_may_ask_for_it(control: Host, steps: Steps) -> None:
    steps.set("one", "broken")
    instance = control.start("walks", steps.named("one")).reaches("Failed")
    steps.set("one", "mended")
    control.client("rewind", instance_id=instance.id, reason="mended")
    assert instance.completed()["output"] == steps.results("one")


class TestRestart:
    @pytest.mark.parametrize("data", [None, {"a": 1}, [1], "text"])
    def test_it_runs_again_with_the_same_input_under_a_new_id(self, control: Host, data: object) -> None:
        old = control.start("echo", data)
        old.completed()
        response = old.tell("restart")
        assert response.status_code == 202
        assert response.headers["retry-after"] == "10"
        new = Instance(control, response.json())
        assert response.headers["location"] == new.links["statusQueryGetUri"]
        assert new.id != old.id
        status = new.completed()
        assert (status["name"], status["output"]) == ("echo", data)
        assert old.status()["output"] == data

    def test_it_may_keep_its_id(self, control: Host, steps: Steps) -> None:
        old = control.start("walks", steps.named("one"))
        old.completed()
        response = control.api("POST", f"instances/{old.id}/restart?restartWithNewInstanceId=false")
        assert (response.status_code, response.json()["id"]) == (202, old.id)
        control.until("the second run", lambda: steps.ran("one") == [2])
        assert old.completed()["output"] == steps.results("one")

    def test_a_failed_one_may_be_run_again(self, control: Host, steps: Steps) -> None:
        steps.set("one", "broken")
        old = control.start("walks", steps.named("one")).reaches("Failed")
        steps.set("one", "mended")
        new = Instance(control, old.tell("restart").json())
        assert new.completed()["output"] == steps.results("one")
