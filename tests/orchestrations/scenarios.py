"""What is run again and again with a fault at another place each time: imports, copies, deletions, and their ends."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache, partial
from itertools import count
from pathlib import Path
from types import MappingProxyType

import pytest

from shared import wiring
from shared.names import Activity
from shared.ports.azure import Preflight
from shared.states.enums import GpuType, OsType
from shared.states.statuses import OperationStatus
from shared.workflow import plans, steps
from shared.workflow.jobs.delete_job import DeleteJob
from shared.workflow.jobs.making_job import MakingJob
from shared.workflow.kinds import kind_of, removal_of
from shared.workflow.pace import Pace
from shared.workflow.sources import PurchasePlan
from shared.workflow.step import Step
from tests import builders
from tests.fakes import FOUND_FACTS
from tests.orchestrations import aftermath
from tests.orchestrations.conftest import World
from tests.orchestrations.faulty import Fault, Faults, Operation

Making = MakingJob
PORTS = ("catalog", "secrets", "images", "galleries")
WORKS = {
    "images": ("network_security_group", "virtual_machine", "run_command", "gpu_driver", "restart", "clean_up"),
    "galleries": ("gallery", "definition", "image_version", "target_regions", "copy_removal"),
}
"""All that takes time takes one look, so that every activity has its turn."""


@dataclass
class Run:
    """A run that has ended."""

    world: World
    faults: Faults
    job: Making
    deletion: DeleteJob | None = None
    began: datetime = builders.NOW

    @property
    def end(self) -> OperationStatus:
        """How the operation of the job ended."""
        return self.world.operation(self.job).status

    @property
    def wrong(self) -> Sequence[str]:
        """What is not as it should be."""
        return aftermath.wrong(self.world, self.job, self.deletion)


class Twist(StrEnum):
    """What else happens to an operation."""

    CANCELED = "canceled"
    DELETED = "deleted"
    """Its image is deleted, be it made or in the making."""
    LOST = "lost"
    """Its orchestration is terminated by hand; the reconciler notices."""


@dataclass(frozen=True)
class Scenario:
    """A job that runs, and what becomes of it.

    Attributes:
        make: the job, a new one each time.
        plan: the steps, without those that take something back.
        twist: what happens at the activity `at`, or, without that, after the end. Faults begin then.
        end: how the operation ends without a fault.
    """

    make: Callable[[], Making]
    plan: Sequence[Step]
    twist: Twist | None = None
    at: str | None = None
    end: OperationStatus = OperationStatus.SUCCEEDED

    @property
    def ends(self) -> frozenset[OperationStatus]:
        """How the operation may end where nothing fails for good: what is deleted may be done before it notices."""
        meanwhile = self.twist is Twist.DELETED and self.at is not None
        return frozenset({self.end, OperationStatus.SUCCEEDED} if meanwhile else {self.end})

    @property
    def steps(self) -> Sequence[Step]:
        """The steps that faults meet with. A deletion takes away what a clean-up has left, by the same activities."""
        if self.twist is None:
            return self.plan
        made = self.make()
        return (removal_of(made) if self.at is None else kind_of(made).clean_up,)

    def step_of(self, operation: Operation) -> Step | None:
        """The step that an operation belongs to; None if to none, as what writes progress does."""
        mine = [step for step in self.steps if operation.activity in (step.begin, step.check)]
        watches = operation.activity == Activity.READ_REPLICATION
        return steps.REPLICATION if watches else mine[0] if mine else None


_PACE = Pace(poll_seconds=60)
"""Looks at work that never ends are many enough."""


def _importing(os_type: OsType, gpu: GpuType) -> tuple[Callable[[], Making], Sequence[Step]]:
    return partial(builders.import_job, os_type=os_type, gpu_type=gpu, pace=_PACE), plans.import_steps(os_type, gpu)


def _copying(*regions: str) -> tuple[Callable[[], Making], Sequence[Step]]:
    return partial(builders.copy_job, *regions, pace=_PACE), plans.copy_steps(replicated=bool(regions))


_WVD = _importing(OsType.WVD, GpuType.NVIDIA)
_REPLICATED = _copying("westus2")

SCENARIOS: Mapping[str, Scenario] = {
    "import": Scenario(*_WVD),
    "import-client": Scenario(*_importing(OsType.CLIENT, GpuType.NONE)),
    "import-linux": Scenario(*_importing(OsType.LINUX, GpuType.AMD)),
    "copy": Scenario(*_copying()),
    "copy-replicated": Scenario(*_REPLICATED),
    "import-canceled": Scenario(*_WVD, Twist.CANCELED, Activity.BEGIN_RESTART, OperationStatus.CANCELED),
    "copy-canceled": Scenario(*_REPLICATED, Twist.CANCELED, Activity.CHECK_IMAGE_VERSION, OperationStatus.CANCELED),
    "import-deleted": Scenario(*_WVD, Twist.DELETED),
    "copy-deleted": Scenario(*_REPLICATED, Twist.DELETED),
    "import-deleted-meanwhile": Scenario(*_WVD, Twist.DELETED, Activity.BEGIN_RESTART, OperationStatus.CANCELED),
    "import-lost": Scenario(*_WVD, Twist.LOST, Activity.BEGIN_RESTART, OperationStatus.FAILED),
}
"""By name. Every step of an import and of a copy is in one of them, and every way to take them back."""

SAME_STORAGE = frozenset({"import-client", "import-linux", "copy"})
"""What asks storage for nothing that another scenario does not ask for."""


@dataclass(eq=False)
class Stage:
    """Runs scenarios, each in a world of its own, with the ports of the product going to that."""

    folder: Path
    _worlds: Iterator[int] = field(default_factory=count)

    def run(
        self,
        scenario: Scenario,
        plan: Mapping[int, Fault] = MappingProxyType({}),
        prepare: Callable[[Run], None] = lambda _: None,
    ) -> Run:
        """Run a scenario with these faults, by the number of the operation; `prepare` may do more to the world."""
        world = _world(self.folder / f"{next(self._worlds)}.sqlite")
        faults = Faults(lambda: world.now, world.activities, plan, begun=scenario.twist is None)
        run = Run(world, faults, scenario.make())
        with _wired(world, faults):
            world.accept(run.job)
            if scenario.at:
                world.before_activity = partial(_twist_at, scenario, run)
            prepare(run)
            world.run(run.job)
            if scenario.twist and not scenario.at:
                faults.begun = True
                run.deletion = _ask_for_deletion(run)
                world.run(run.deletion)
        return run

    @cache  # noqa: B019 - a stage lives as long as its tests
    def operations(self, scenario: Scenario) -> Sequence[Operation]:
        """What a run of the scenario asks of its ports, if nothing fails."""
        run = self.run(scenario)
        assert run.wrong == []
        assert run.end is scenario.end
        return run.faults.operations

    def hit(self, scenario: Scenario, operation: Operation, fault: Fault) -> Run:
        """Run a scenario with one fault. Whatever that is: afterwards all is as it should be."""
        run = self.run(scenario, {operation.number: fault})
        assert run.faults.happened == [(operation, fault)], f"there was no {operation} for {fault}"
        assert run.wrong == [], f"{fault} at {operation}"
        run.world.store_file.unlink()  # there are a thousand of them
        return run


def _world(store_file: Path) -> World:
    world = World(store_file)
    for name, works in WORKS.items():
        for work in works:
            getattr(world, name).takes(work, 1)
    plan = PurchasePlan(publisher="p", product="o", name="s")
    world.images.preflight_result = Preflight((), FOUND_FACTS.model_copy(update={"plan": plan}))
    return world


@contextmanager
def _wired(world: World, faults: Faults) -> Iterator[None]:
    """Let the product find this world's ports, through the faults."""
    with pytest.MonkeyPatch.context() as patch:
        for name in PORTS:
            patch.setattr(wiring, name, partial(faults.wrap, name, getattr(world, name)))
        patch.setattr(wiring, "outbox", lambda: world.outbox)
        patch.setattr(wiring, "settings", lambda: world.settings)
        yield


def _twist_at(scenario: Scenario, run: Run, activity: str) -> None:
    """Let the twist happen when its time has come: once."""
    if activity != scenario.at:
        return
    run.world.before_activity = lambda _: None
    run.faults.begun = True
    match scenario.twist:
        case Twist.CANCELED:
            run.world.cancel(run.job)
        case Twist.DELETED:
            run.deletion = _ask_for_deletion(run)
            run.world.start(run.deletion)
        case Twist.LOST:
            run.world.lose(run.job)
            run.world.repair(run.job)


def _ask_for_deletion(run: Run) -> DeleteJob:
    """Write what accepting the deletion writes."""
    deletion = builders.delete_job(run.job)
    image = run.world.image(run.job).model_copy(update={"deletion_id": deletion.operation_id})
    run.world.catalog.create(builders.deletion_operation(deletion), replacing=[image])
    return deletion
