"""Rows that wait for the end of their transaction are as if they had been written at once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.host.durable.decisions import Status
from local.host.durable.history import EventType, event
from local.host.durable.instance import Activity, Instance, Message
from local.host.durable.store import Store

NOW = "2026-01-01T00:00:00.000000Z"


def message(number: int) -> Message:
    return Message(number, "one", "e1", event(EventType.EVENT_RAISED, NOW, Name="go", Input="1"))


def report(number: int) -> Message:
    return Message(0, "one", "e1", event(EventType.TASK_COMPLETED, NOW), activity_id=number)


@pytest.fixture(name="store")
def _store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "state.sqlite")
    yield store
    store.close()


def test_what_comes_and_goes_within_a_transaction_is_never_written(store: Store) -> None:
    written: list[str] = []
    store._db.set_trace_callback(written.append)
    with store.transaction():
        store.add_messages([message(1)])
        store.consume([message(1)])
    assert written == ["BEGIN", "COMMIT"]


def test_what_was_there_before_goes(store: Store) -> None:
    with store.transaction():
        store.add_messages([message(1), message(2)])
        store.add_activities([Activity(7, "one", "e1", 0, "work", "null"), Activity(8, "one", "e1", 1, "work", "null")])
    with store.transaction():
        store.add_messages([message(3)])
        store.consume([message(2), report(7)])
    assert [each.id for each in store.messages()] == [1, 3]
    assert [each.id for each in store.activities()] == [8]


def test_the_last_word_on_an_instance_counts(store: Store) -> None:
    instance = Instance("one", "count", "e1")
    with store.transaction():
        store.add_instance(instance, None, NOW)
        for status in (Status.RUNNING, Status.COMPLETED):
            instance.status = status
            store.update_instance(instance, "1", None, NOW)
        assert store.status("one") == Status.COMPLETED
    assert store.status("one") == Status.COMPLETED


def test_an_instance_may_end_and_be_replaced_within_a_transaction(store: Store) -> None:
    with store.transaction():
        for execution_id in ("e1", "e2"):
            instance = Instance("one", "count", execution_id)
            store.add_instance(instance, execution_id, NOW)
            store.add_messages([message(int(execution_id[1]))])
            store.append_history("one", 0, f'"{execution_id}"')
            instance.status = Status.COMPLETED
            store.update_instance(instance, "1", None, NOW)
    assert store.history("one") == ['"e2"']
    assert store.input("one") == "e2"
    assert [each.id for each in store.messages()] == [2]


def test_a_transaction_that_fails_leaves_nothing_to_be_written_later(store: Store) -> None:
    def fail() -> None:
        with store.transaction():
            store.add_messages([message(1)])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with store.transaction():
        store.add_messages([message(2)])
    assert [each.id for each in store.messages()] == [2]
