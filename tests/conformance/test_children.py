"""Who a sub-orchestration is: its id, its parent, and what the API shows of both."""

import re

from tests.conformance.client import Host
from tests.conformance.history import Event, child_done, shown


def test_a_child_has_the_id_that_it_was_given_or_one_of_the_parents_execution(durable: Host) -> None:
    """The second form is `<execution>:<number of the decision>`, seen on Durable extension 3.19."""
    instance = durable.start("parent")
    first, second = instance.completed()["output"]
    assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:0", first["id"])
    assert second["id"] == f"{instance.id}-named"
    assert [first["parent"], second["parent"]] == [instance.id, instance.id]
    assert [first["number"], second["number"]] == [9, 16]


def test_the_number_in_a_childs_id_is_decimal(durable: Host) -> None:
    """Seen on Durable extension 3.19."""
    children = durable.start("late_parent").completed()["output"]
    assert [child["id"].partition(":")[2] for child in children] == ["9", "10"]


def test_the_executions_of_what_is_restarted_have_ids_without_dashes(durable: Host) -> None:
    """As has each but the first of a start (seen on Durable extension 3.19); a child's id tells its parent's."""
    instance = durable.start("parent")
    instance.completed()
    answer = durable.api("POST", f"instances/{instance.id}/restart?restartWithNewInstanceId=true")
    assert answer.status_code == 202
    first, _ = durable.instance(answer.json()["id"]).completed()["output"]
    assert re.fullmatch("[0-9a-f]{32}:0", first["id"])


def test_a_child_is_an_instance_of_its_own(durable: Host) -> None:
    instance = durable.start("parent")
    status = instance.completed()
    for each in status["output"]:
        child = durable.instance(each["id"]).completed()
        assert (child["name"], child["output"]) == ("child", each)
    assert shown(status)[1:-1] == [child_done("child", each) for each in status["output"]]


def test_a_child_at_work_is_an_event_of_its_parent(durable: Host) -> None:
    """[S] Only when the child has ended, the API calls its orchestrator a `FunctionName`."""
    instance = durable.start("parent_of_waiting")
    status = instance.shows("SubOrchestrationInstanceCreated")
    assert shown(status)[1:] == [Event("SubOrchestrationInstanceCreated", "one_event")]
    created = status["historyEvents"][1]
    assert (created["Name"], created["InstanceId"]) == ("one_event", f"{instance.id}-child")
    durable.instance(f"{instance.id}-child").appears().reaches("Running").send("Go", 1)
    assert instance.completed()["output"] == 1


def test_the_end_of_a_parent_does_not_end_its_children(durable: Host) -> None:
    """[D] for hosts that were not tried."""
    instance = durable.start("parent_of_waiting")
    child = durable.instance(f"{instance.id}-child").appears()
    assert instance.tell("terminate").status_code == 202
    instance.ended()
    assert child.reaches("Running").send("Go", 2).status_code == 202
    assert child.completed()["output"] == 2


def test_the_id_of_a_child_that_has_ended_is_free(durable: Host) -> None:
    instance = durable.start("losing_child")
    assert instance.completed()["output"] == 36
    again = durable.start("no_step", instance_id=f"{instance.id}-child")
    status = again.until("the second run", lambda it: it["output"] == "done without a step")
    assert status["name"] == "no_step"
