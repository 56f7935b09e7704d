"""Whose turn it is: decided from the tickets of a provider instance, and taken by one operation at a time."""

from datetime import timedelta

import pytest

from activities.records.turn import take
from orchestrators.engine import policies
from shared.catalogue.queue import new_ticket, place_of, ticket_of
from shared.models.operation import Operation, Ticket
from shared.states.statuses import OperationStatus
from shared.workflow.jobs.import_job import ImportJob
from shared.workflow.messages import TurnTask
from shared.workflow.pace import Pace
from tests import builders
from tests.fakes import FakeCatalogStore

LIMIT = 2


def tickets(marks: str) -> list[Ticket]:
    """One ticket for each letter, in order: R runs, w waits."""
    return [
        Ticket(
            org_id=builders.ORG,
            provider_instance_id=builders.PROVIDER,
            queued_at=builders.NOW + timedelta(seconds=place),
            operation_id=str(place),
            running=mark == "R",
        )
        for place, mark in enumerate(marks)
    ]


@pytest.mark.parametrize(
    ("marks", "mine", "position", "may_run"),
    [
        ("w", 0, 1, True),
        ("ww", 1, 2, True),
        ("www", 2, 3, False),
        ("Rww", 1, 1, True),
        ("Rww", 2, 2, False),
        ("RRw", 2, 1, False),
        ("RRRw", 3, 1, False),
        ("wR", 0, 1, True),
        ("wRR", 0, 1, False),
        ("RR", 1, None, True),
        ("RRR", 2, None, True),
    ],
)
def test_so_many_of_the_first_may_run_as_there_is_room_for(marks: str, mine: int, position: int | None, may_run: bool):
    place = place_of(str(mine), tickets(marks), LIMIT)
    assert (place.position, place.may_run, place.running) == (position, may_run, marks.count("R"))


def test_those_before_one_are_those_at_work_and_those_that_came_earlier():
    place = place_of("2", tickets("wRwwR"), LIMIT)
    assert [ticket.operation_id for ticket in place.before] == ["1", "4", "0"]


def test_one_that_is_too_far_back_to_be_seen_is_behind_all_others():
    assert place_of("far", tickets("RRww"), LIMIT).position == 3


def test_tickets_sort_by_the_moment_of_acceptance():
    rows = [ticket.row_key for ticket in tickets("w" * 12)]
    assert rows == sorted(rows)
    assert rows[0].startswith(f"ticket:{builders.PROVIDER}:0")


def test_who_comes_later_asks_more_rarely():
    pace = Pace()
    delays = [policies.queue_delay(position, 20, pace) for position in (1, 20, 21, 100, 1000, 10_000)]
    assert delays == [20, 20, 40, 100, 300, 300]


def accepted(catalog: FakeCatalogStore, number: int) -> list[ImportJob]:
    jobs = [builders.import_job(image_name=f"Image-{place}") for place in range(number)]
    for place, job in enumerate(jobs):
        catalog.create(*builders.accepted(job, builders.NOW + timedelta(seconds=place)))
    return jobs


def running(catalog: FakeCatalogStore) -> set[str]:
    return {ticket.operation_id for ticket in catalog.all(Ticket) if ticket.running}


def test_a_turn_is_taken_once_and_a_repetition_finds_it_taken():
    catalog = FakeCatalogStore()
    first, second = accepted(catalog, 2)
    for _ in range(2):
        turn = take(TurnTask(job=first), catalog, 1)
        assert (turn.position, turn.running, turn.error) == (None, 1, None)
        assert take(TurnTask(job=second), catalog, 1).position == 1
    assert running(catalog) == {first.operation_id}


def test_who_sees_more_at_work_than_the_limit_steps_back(monkeypatch: pytest.MonkeyPatch):
    """Another one, accepted earlier but written later, takes its turn between our look and our mark."""
    catalog = FakeCatalogStore()
    late, mine = accepted(catalog, 2)
    [late_ticket, _] = catalog.all(Ticket)
    catalog.delete(late_ticket)
    update = catalog.update

    def overtaken(*records, **more):
        monkeypatch.undo()
        catalog.create(late_ticket.model_copy(update={"etag": None}))
        assert take(TurnTask(job=late), catalog, 1).position is None
        update(*records, **more)

    monkeypatch.setattr(catalog, "update", overtaken)
    assert take(TurnTask(job=mine), catalog, 1).position == 1
    assert running(catalog) == {late.operation_id}


def test_a_ticket_that_somebody_deleted_is_written_anew_where_it_was():
    catalog = FakeCatalogStore()
    first, second = accepted(catalog, 2)
    row = catalog.all(Ticket)[0].row_key
    catalog.delete(catalog.all(Ticket)[0])
    take(TurnTask(job=first), catalog, 5)
    assert catalog.all(Ticket)[0].row_key == row
    assert running(catalog) == {first.operation_id}
    assert second.operation_id not in running(catalog)


@pytest.mark.parametrize(
    "change", [{"cancel_requested_at": builders.NOW}, {"status": OperationStatus.FAILED}], ids=["canceled", "ended"]
)
def test_one_that_is_to_end_has_no_turn(change):
    catalog = FakeCatalogStore()
    [job] = accepted(catalog, 1)
    operation = catalog.get(Operation, job.org_id, job.operation_id)
    catalog.update(operation.model_copy(update=change))
    turn = take(TurnTask(job=job), catalog, 1)
    assert turn.error is not None
    assert turn.error.code == "OPERATION_CANCELED"
    assert not running(catalog)


def test_an_operation_of_an_older_release_has_no_ticket():
    old = builders.operation()
    assert ticket_of(old, builders.PROVIDER, FakeCatalogStore(new_ticket(old, builders.PROVIDER))) is None
