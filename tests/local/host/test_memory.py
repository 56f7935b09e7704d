"""What a task hub keeps in memory: nothing of what has ended, and no more histories than it may."""

# mypy: disallow-untyped-decorators=False
# The Durable SDK has no types.

import json
from collections.abc import Generator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import pytest

from local.host import sdk
from local.host.app import index
from local.host.durable.hub import TaskHub
from local.host.durable.instance import Activity, Instance
from local.host.durable.shelf import Shelf
from local.host.durable.store import Store

app = df.DFApp()


@app.activity_trigger(input_name="number")
def increment(number: int) -> int:
    return number + 1


@app.orchestration_trigger(context_name="context")
def count(context: df.DurableOrchestrationContext) -> Generator[Any, Any, int]:
    number = 0
    for _ in range(context.get_input()):
        number = yield context.call_activity("increment", number)
    return number


@app.orchestration_trigger(context_name="context")
def doze(context: df.DurableOrchestrationContext) -> Generator[Any, Any, None]:
    """Wait for an event; the timer that was cancelled stays until it is due."""
    timer = context.create_timer(context.current_utc_datetime + timedelta(days=1))
    yield context.task_any([timer, context.wait_for_external_event("wake")])
    timer.cancel()


class Bench:
    """A task hub whose rounds are done by hand."""

    def __init__(self, path: Path) -> None:
        sdk.prepare()
        self.store = Store(path)

        self.hub = TaskHub(self.store, index(app, Path()))

    def start(self, name: str, data: object, instances: int) -> list[str]:
        with self.store.transaction():
            return [self.hub.start(name, None, json.dumps(json.dumps(data)), "") for _ in range(instances)]

    def work(self) -> None:
        """Work until only timers and events are waited for."""
        while self.hub.post.has_ready or self.hub.has_work:
            with self.store.transaction():
                while self.hub.post.has_ready:
                    self.hub.work()
            for activity in self.hub.take_work():
                assert isinstance(activity, Activity)
                with self.store.transaction():
                    self.hub.report(activity, str(json.loads(activity.input_json) + 1), None, None)

    def rows(self, table: str) -> int:
        number: int = self.store._db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - a constant
        return number


@pytest.fixture(name="bench")
def _bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "state.sqlite")
    yield bench
    bench.store.close()


def test_what_has_ended_is_in_no_memory(bench: Bench) -> None:
    bench.start("count", 3, 20)
    bench.work()
    assert (len(bench.hub.post), len(bench.hub._shelf._kept), bench.hub._shelf._events) == (0, 0, 0)
    assert bench.rows("instance") == 20
    assert bench.rows("message") == bench.rows("activity") == 0


def test_timers_of_what_has_ended_do_not_pile_up(bench: Bench) -> None:
    for _ in range(5):
        ids = bench.start("doze", None, 300)
        bench.work()
        with bench.store.transaction():
            for each in ids:
                bench.hub.terminate(each, None)
        bench.work()
    assert len(bench.hub.post) == 0
    assert bench.rows("message") == 0
    assert len(bench.hub.post._timers) <= 1000


def test_an_instance_goes_on_after_its_history_was_laid_aside(bench: Bench) -> None:
    bench.hub._shelf = Shelf(max_events=30)
    ids = bench.start("count", 10, 10)
    bench.work()
    assert bench.hub._shelf._events == 0
    assert [bench.store.status(each) for each in ids] == ["Completed"] * 10


def test_only_the_histories_that_were_needed_last_are_kept() -> None:
    shelf = Shelf(max_events=10)
    instances = [Instance(str(number), "count", "e", history=[{}] * 4) for number in range(4)]
    for each in instances:
        shelf.keep(each)
    shelf.keep(instances[2])
    assert [each.history is None for each in instances] == [True, True, False, False]
    assert shelf._events == 8


def test_one_history_may_be_larger_than_all_that_may_be_kept() -> None:
    shelf = Shelf(max_events=10)
    large = Instance("large", "count", "e", history=[{}] * 11)
    shelf.keep(large)
    assert large.history is not None
    shelf.keep(Instance("small", "count", "e", history=[{}]))
    assert large.history is None
