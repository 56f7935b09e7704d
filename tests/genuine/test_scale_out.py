"""Several hosts on one task hub: hosts come, go and die, and every operation ends once.

Each host runs all timers, and some of them ring on all hosts at once. On Azure a lock keeps a timer to one host, so
this is harder than production.
"""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from local.azurite import running_azurite
from tests.e2e import hub_tables
from tests.e2e.aftermath import SWEEP
from tests.e2e.faults import secrets_left
from tests.e2e.stack import wait_until
from tests.e2e.test_events_out import assert_complete
from tests.e2e.test_import import find_no_password
from tests.genuine.crowd import Crowd, Deed, Story
from tests.genuine.fleet import Fleet

SPEED = 60.0
"""So slow that operations are at work while hosts come and go."""

KEPT = {"FAILED_KEEP_SECONDS": "900"}
TIMERS = ("reconcile_operations", "reconcile_records", "sweep_orphans")
SETTLE_SECONDS = 240.0
LONGEST_PAUSE_SECONDS = 8.0

Happening = Callable[[Fleet, random.Random], None]


@pytest.fixture(name="fleet")
def _fleet(tmp_path: Path) -> Iterator[Fleet]:
    with running_azurite() as azurite:
        fleet = Fleet(tmp_path, azurite.connection_string, speed=SPEED, settings=KEPT, topic=True)
        try:
            fleet.start()
            yield fleet
        finally:
            fleet.stop()


@pytest.mark.brief
def test_two_hosts_share_the_work_and_a_third_takes_over_from_one_that_dies(fleet: Fleet) -> None:
    fleet.join("second")
    with Crowd(fleet, [Deed.IMPORT] * 5 + [Deed.COPY] * 3 + [Deed.CANCEL] * 2 + [Deed.RETRY] * 2) as crowd:
        after_calls(fleet, 60)
        ring(fleet)
        fleet.kill("second")
        fleet.join("third")
        judge(fleet, crowd.stories())
    assert all("Executed" in fleet.log(name) for name in ("host-1", "second", "third")), "each host was at work"


def test_hosts_come_and_go_and_die_and_every_operation_ends_once(fleet: Fleet) -> None:
    """Three hosts, sixty operations; six kills, two hosts that come, and one that is stopped in order; seeded."""
    chance = random.Random("scale-out")  # noqa: S311 - to be repeated
    fleet.join("host-a", "host-b")
    deeds = [Deed.IMPORT] * 24 + [Deed.COPY] * 16 + [Deed.CANCEL] * 10 + [Deed.RETRY] * 10
    chance.shuffle(deeds)
    happenings = [kill] * 6 + [come] * 2 + [retire, ring, ring]
    chance.shuffle(happenings)
    with Crowd(fleet, deeds) as crowd:
        after_calls(fleet, 100)
        for happening in happenings:
            time.sleep(chance.uniform(0.0, LONGEST_PAUSE_SECONDS))
            happening(fleet, chance)
        assert crowd.ended < len(deeds), "all was over before the last of it happened"
        judge(fleet, crowd.stories())


def kill(fleet: Fleet, chance: random.Random) -> None:
    """Let a host crash, and come back under its name, as on the same machine."""
    name = chance.choice(fleet.at_work)
    fleet.kill(name)
    fleet.join(name)


def come(fleet: Fleet, _: random.Random) -> None:
    """Let a further host come."""
    fleet.start_host()


def retire(fleet: Fleet, chance: random.Random) -> None:
    """Stop a host in order."""
    fleet.retire(chance.choice(fleet.at_work))


def ring(fleet: Fleet, _: object = None) -> None:
    """Let timers ring on all hosts at the same moment."""
    for timer in TIMERS:
        fleet.call_timer(timer)


def after_calls(fleet: Fleet, count: int) -> None:
    """Wait for so many calls to Azure."""
    wait_until(lambda: len(fleet.arm.get("/_sim/calls").json()["calls"]) >= count, "calls to Azure", SETTLE_SECONDS)


def judge(fleet: Fleet, stories: Sequence[Story]) -> None:
    """What must be true once everything has ended: of each operation, of the vault, the events, and the task hub."""
    ring(fleet)

    def at_rest() -> bool:
        return hub_tables.read(fleet.azurite, fleet.host_state).leftovers() == []

    wait_until(at_rest, "the task hub to come to rest", SETTLE_SECONDS)
    assert [fault for story in stories for fault in story.wrong()] == []
    assert secrets_left(fleet) == []
    for story in stories:
        assert_complete(fleet, story.job)
    find_no_password(fleet, stories[0].job)
    hub = hub_tables.read(fleet.azurite, fleet.host_state)
    assert hub.faults() == []
    assert {each.status for each in hub.instances.values()} == {"Completed"}
    tops = {name for name in hub.instances if ":" not in name} - {SWEEP}
    assert tops == {story.job.operation["id"] for story in stories}
