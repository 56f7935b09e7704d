"""The real orchestrators and activities on the local host's engine, in virtual time, over fake ports."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import pytest

from activities.blueprints import ACTIVITIES
from local.host import sdk
from local.host.app import ACTIVITY_TRIGGER, App, index
from local.host.durable.hub import TaskHub
from local.host.durable.instance import Activity
from local.host.durable.store import Store
from local.host.durable.timers import EarlyTimers, ExactTimers, Timers
from local.host.invoke import failure_text
from orchestrators.blueprints import ORCHESTRATIONS
from shared import wiring
from shared.catalogue import commit, transitions
from shared.delivery.outbox import Outbox
from shared.models.base import Model
from shared.models.history import HistoryEntry
from shared.models.image import Asset, Image
from shared.models.ledger_entry import LedgerEntry
from shared.models.operation import Operation
from shared.models.orphans import SweepRules, SweepTask
from shared.names import QUEUE, SWEEP_INSTANCE_ID, Event, Orchestrator, kept_instance_id, step_instance_id
from shared.settings import Settings
from shared.states.enums import Action, OperationAction
from shared.workflow.jobs.any_job import AnyJob
from shared.workflow.jobs.import_job import ImportJob
from shared.workflow.jobs.job import Job
from shared.workflow.jobs.making_job import MakingJob
from shared.workflow.messages import RepairTask
from tests import builders
from tests.fakes import FakeCatalogStore, FakeGalleryProvider, FakeImageProvider, FakeInventory, FakeSecretStore

ORCHESTRATORS = {
    Action.IMPORT: Orchestrator.IMPORT_IMAGE,
    Action.COPY_EXISTING_IMAGE: Orchestrator.COPY_IMAGE,
    OperationAction.DELETE: Orchestrator.REMOVE_IMAGE,
}
PASSWORD = "correct-Horse-battery-7"
MOST_EPISODES = 5000


@cache
def _app() -> App:
    app = df.DFApp()
    for blueprint in (*ORCHESTRATIONS, *ACTIVITIES):
        app.register_functions(blueprint)
    return index(app, Path())


@dataclass(slots=True)
class World:
    """The ports, and the engine that runs a job over them."""

    store_file: Path
    catalog: FakeCatalogStore = field(default_factory=FakeCatalogStore)
    images: FakeImageProvider = field(default_factory=FakeImageProvider)
    galleries: FakeGalleryProvider = field(default_factory=FakeGalleryProvider)
    secrets: FakeSecretStore = field(default_factory=FakeSecretStore)
    outbox: Outbox = field(default_factory=Outbox)
    inventory: FakeInventory = field(default_factory=FakeInventory)
    settings: Settings = field(default_factory=partial(Settings, key_vault_url="https://vault.example"))
    now: datetime = builders.NOW
    activities: list[str] = field(default_factory=list)
    """The activities that ran, in order."""
    custom_statuses: list[dict[str, Any]] = field(default_factory=list)
    crash_at: int | None = None
    """Forget everything in memory at the so-many-th activity, as a killed host does; then go on."""
    crash_moment: str = "before"
    """Before the activity, or after it and before its result is kept."""
    before_activity: Callable[[str], None] = lambda _: None
    """Called with the name of each activity before it runs: for what happens meanwhile."""
    before_wait: Callable[[], None] = lambda: None
    """Called whenever everything waits for time to pass."""
    timers: Timers = field(default_factory=ExactTimers)
    """When durable timers ring."""
    _running: tuple[Store, TaskHub] = field(init=False)

    @property
    def earliest(self) -> timedelta:
        """How long before its time a timer may ring."""
        return timedelta(seconds=1 if isinstance(self.timers, EarlyTimers) else 0)

    def accept(self, job: MakingJob) -> None:
        """Write what accepting the job's request writes."""
        if job.secret_name:
            self.secrets.put(job.secret_name, PASSWORD)
        self.catalog.create(*builders.accepted(job))

    def run(self, job: AnyJob) -> dict[str, Any] | str:
        """Run the job's orchestration to its end, however long it waits; returns its output or failure."""
        return self._run(ORCHESTRATORS[job.action], job.operation_id, job)

    def run_all(self, jobs: Sequence[MakingJob]) -> None:
        """Run the orchestrations of several jobs at once, each to its end."""
        with self._engine() as store:
            hub = self._hub(store)
            for job in jobs:
                self.start(job)
            while self._live(hub):
                hub = self._turn(store, hub)

    def run_repair(self, job: MakingJob) -> dict[str, Any] | str:
        """Run the repair of an operation alone, to its end."""
        task = RepairTask(job=job, reason="Terminated")
        return self._run(Orchestrator.REPAIR_OPERATION, step_instance_id(job.operation_id, "repair"), task)

    def run_sweep(self, rules: SweepRules) -> dict[str, Any] | str:
        """Let the janitor make a round."""
        return self._run(Orchestrator.SWEEP, SWEEP_INSTANCE_ID, SweepTask(began_at=self.now, rules=rules))

    def _run(self, orchestrator: Orchestrator, instance_id: str, given: Model) -> dict[str, Any] | str:
        with self._engine() as store:
            hub = self._hub(store)
            self._start(orchestrator, instance_id, given)
            while self._live(hub):
                hub = self._turn(store, hub)
            return self._output(instance_id)

    def histories(self) -> dict[str, list[dict[str, Any]]]:
        """Every instance's name and history, by its id."""
        with self._engine() as store:
            rows = store._db.execute("SELECT id FROM instance").fetchall()
            return {row[0]: json.loads(f"[{','.join(store.history(row[0]))}]") for row in rows}

    def _turn(self, store: Store, hub: TaskHub) -> TaskHub:
        with store.transaction():
            while hub.post.has_ready:
                hub.work()
        for activity in hub.take_work():
            assert isinstance(activity, Activity)
            self.before_activity(activity.name)
            crash = self.crash_at == len(self.activities)
            answer = None if crash and self.crash_moment == "before" else self._perform(activity)
            if crash or answer is None:
                self.crash_at = None
                return self._hub(store)
            with store.transaction():
                hub.report(activity, *answer)
        if not hub.post.has_ready:
            self.before_wait()
        if not hub.post.has_ready:
            self.now += timedelta(seconds=hub.post.seconds_to_timer() or 0)
            with store.transaction():
                hub.post.ring()
        return hub

    def start(self, job: AnyJob) -> None:
        """Start the job's orchestration, while others run or not."""
        self._start(ORCHESTRATORS[job.action], job.operation_id, job)

    def _start(self, orchestrator: Orchestrator, instance_id: str, given: Model) -> None:
        store, hub = self._running
        with store.transaction():
            hub.start(orchestrator, instance_id, json.dumps(json.dumps(given.to_json())), "")

    def lose(self, job: Job) -> None:
        """Terminate the operation's orchestration, as somebody may in the portal; what it began goes on alone."""
        store, hub = self._running
        with store.transaction():
            hub.terminate(job.operation_id, "by hand")

    def repair(self, job: MakingJob, **known: Any) -> None:
        """Bring the operation to an end as the schedule does."""
        operation = self.operation(job).takes_no_retry().model_copy(update={"lost_at": self.now})
        self.catalog.update(operation)
        task = RepairTask(job=job, reason="Terminated", failed=operation.error if operation.kept else None, **known)
        self._start(Orchestrator.REPAIR_OPERATION, step_instance_id(job.operation_id, "repair"), task)

    def cancel(self, job: Job, *, heard: bool = True) -> None:
        """Ask for an operation's end, as the API does; the hint of it may get lost."""
        operation = self.operation(job)
        self.catalog.update(operation.asked_to_end(self.now))
        at_work = step_instance_id(operation.id, operation.step or QUEUE, operation.retries)
        if heard and operation.kept:
            self._hint(kept_instance_id(operation.id, operation.retries), Event.DECIDED)
        elif heard:
            self._hint(at_work, Event.CANCEL)

    def retry(self, job: Job, *, heard: bool = True) -> None:
        """Ask for a retry, as the API does; the hint of it may get lost."""
        operation = self.operation(job)
        tree = commit.read_tree(self.catalog, operation, job.image_id, job.version_id, job.asset_id)
        commit.write(self.catalog, lambda: transitions.resume(tree, self.now), lambda: False)
        if heard:
            self._hint(kept_instance_id(operation.id, operation.retries), Event.DECIDED)

    def _hint(self, instance_id: str, event: Event) -> None:
        store, hub = self._running
        if hub.post.find(instance_id):
            with store.transaction():
                hub.raise_event(instance_id, event, "null")

    def news(self, job: Job, times: int = 1) -> None:
        """Tell the step that the operation is at that Azure has news, as an event of a resource does."""
        operation = self.operation(job)
        store, hub = self._running
        at_work = step_instance_id(operation.id, operation.step or QUEUE, operation.retries)
        for _ in range(times if hub.post.find(at_work) else 0):
            with store.transaction():
                hub.raise_event(at_work, Event.NEWS, "null")

    def _hub(self, store: Store) -> TaskHub:
        hub = self._opened(store)
        self._running = (store, hub)
        return hub

    def _opened(self, store: Store) -> TaskHub:
        hub = TaskHub(store, _app(), clock=lambda: self.now, timers=self.timers)
        with store.transaction():
            hub.recover()
        return hub

    def _perform(self, activity: Activity) -> tuple[str | None, str | None, str | None]:
        function = _app().named(ACTIVITY_TRIGGER)[activity.name.lower()]
        self.activities.append(activity.name)
        assert len(self.activities) < MOST_EPISODES, "the workflow does not end"
        try:
            result = function.call(**{function.trigger.name: json.loads(activity.input_json)})
        except Exception as error:  # noqa: BLE001 - whatever an activity raises is its failure
            return None, f"Activity function '{activity.name}' failed:  {failure_text(error)}", "{}"
        return json.dumps(result), None, None

    @contextmanager
    def _engine(self) -> Iterator[Store]:
        store = Store(self.store_file)
        store._db.execute("PRAGMA synchronous=OFF")  # who dies here forgets its memory; no power fails
        try:
            yield store
        finally:
            store.close()

    def _live(self, hub: TaskHub) -> bool:
        return hub.post.has_ready or hub.has_work or hub.post.seconds_to_timer() is not None

    def _output(self, instance_id: str) -> dict[str, Any] | str:
        with self._engine() as store:
            row = store._db.execute(
                "SELECT status, output, custom_status FROM instance WHERE id = ?", (instance_id,)
            ).fetchone()
        self.custom_statuses.append(json.loads(row[2] or "null"))
        output: dict[str, Any] | str = json.loads(row[1])
        return output

    def image(self, job: Job) -> Image:
        return self.catalog.get(Image, job.org_id, job.image_id)

    def asset(self, job: Job, asset_id: str | None = None) -> Asset:
        return self.catalog.get(Asset, job.org_id, job.image_id, job.version_id, asset_id or job.asset_id)

    def operation(self, job: Job) -> Operation:
        return self.catalog.get(Operation, job.org_id, job.operation_id)

    def statuses(self, asset_id: str | None = None) -> list[str]:
        """The asset's statuses, the oldest first; of all assets, unless one is named."""
        entries = sorted(self.catalog.all(HistoryEntry), key=lambda entry: entry.sequence)
        assets = [entry for entry in entries if entry.entity == "ASSET"]
        return [entry.after for entry in assets if asset_id in (None, entry.entity_id)]

    def ledger(self, job: Job | None = None) -> dict[str, str]:
        """State by the last part of the resource's id, but of galleries, which stay; of all operations or of one."""
        entries = [entry for entry in self.catalog.all(LedgerEntry) if not entry.stays]
        wanted = [entry for entry in entries if job is None or entry.operation_id == job.operation_id]
        return {entry.resource_id.rsplit("/", 1)[-1]: entry.state for entry in wanted}


@pytest.fixture(name="world", params=[ExactTimers, EarlyTimers], ids=["exact", "early"])
def _world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest) -> World:
    sdk.prepare()
    world = World(tmp_path / "history.sqlite", timers=request.param())
    monkeypatch.setattr(wiring, "settings", lambda: world.settings)
    monkeypatch.setattr(wiring, "catalog", lambda: world.catalog)
    monkeypatch.setattr(wiring, "images", lambda: world.images)
    monkeypatch.setattr(wiring, "galleries", lambda: world.galleries)
    monkeypatch.setattr(wiring, "secrets", lambda: world.secrets)
    monkeypatch.setattr(wiring, "outbox", lambda: world.outbox)
    monkeypatch.setattr(wiring, "inventory", lambda: world.inventory)
    return world


@pytest.fixture(name="job")
def _job() -> ImportJob:
    return builders.import_job()


@pytest.fixture(name="stage", scope="session")
def _stage(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Runs scenarios with faults in them."""
    from tests.orchestrations.scenarios import Stage  # which needs this module

    sdk.prepare()
    return Stage(tmp_path_factory.mktemp("stage"))
