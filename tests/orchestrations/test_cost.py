"""What an operation costs the durable engine: in Azure each step of an orchestration takes about 0.15 seconds.

Where these figures rise, every operation becomes slower and dearer there, though nobody sees it here.
"""

from collections import Counter
from dataclasses import dataclass

import pytest

from local.host.durable.history import EventType
from shared.workflow.replication import ReplicationState
from tests import builders
from tests.orchestrations.scenarios import WORKS


@dataclass(frozen=True)
class Cost:
    """What is in the histories of all instances of an operation."""

    activities: int
    sub_orchestrations: int
    timers: int
    episodes: int

    @classmethod
    def of(cls, world):
        kinds = Counter(event["EventType"] for history in world.histories().values() for event in history)
        return cls(
            kinds[EventType.TASK_SCHEDULED],
            kinds[EventType.SUB_ORCHESTRATION_CREATED],
            kinds[EventType.TIMER_CREATED],
            kinds[EventType.ORCHESTRATOR_STARTED],
        )

    def with_polls(self, polls):
        """The same with more questions to Azure: each is a timer and an activity, and an episode after each."""
        return Cost(self.activities + polls, self.sub_orchestrations, self.timers + polls, self.episodes + 2 * polls)


IMPORT = Cost(activities=24, sub_orchestrations=8, timers=4, episodes=45)
"""Each of the four works that take time is done when it is first asked after."""
COPY = Cost(activities=22, sub_orchestrations=6, timers=4, episodes=39)
"""Into the home region and one more, where it is at the first look."""


@pytest.mark.parametrize("polls", [1, 3])
def test_a_plain_import(world, job, polls):
    for work in ("network_security_group", "virtual_machine", "run_command", "restart"):
        world.images.takes(work, 1)
    world.images.takes("virtual_machine", polls)
    world.accept(job)
    world.run(job)
    assert Cost.of(world) == IMPORT.with_polls(polls - 1)


@pytest.mark.parametrize("polls", [1, 3])
def test_a_copy(world, polls):
    job = builders.copy_job("westus2")
    for work in WORKS["galleries"]:
        world.galleries.takes(work, 1)
    world.galleries.takes("image_version", polls)
    world.galleries.replicates("westus2", (ReplicationState.COMPLETED, 100))
    world.accept(job)
    world.run(job)
    assert Cost.of(world) == COPY.with_polls(polls - 1)
