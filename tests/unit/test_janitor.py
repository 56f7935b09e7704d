"""The timers of the janitor."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import azure.durable_functions as df
import pytest

from shared import wiring
from shared.models.orphans import SweepTask
from shared.settings import Settings
from triggers.timers import janitor

Status = df.OrchestrationRuntimeStatus


@dataclass
class FakeClient:
    """A durable client that knows how the last sweep stands."""

    last: Any = None
    started: list[tuple[str, str, Any]] = field(default_factory=list)
    purged: list[tuple[datetime, datetime, set[Any]]] = field(default_factory=list)

    async def get_status(self, instance_id: str) -> Any:
        assert instance_id == "sweep"
        return SimpleNamespace(runtime_status=self.last, created_time=None)

    async def start_new(self, name: str, instance_id: str, client_input: Any) -> None:
        self.started.append((str(name), instance_id, client_input))

    async def purge_instance_history_by(
        self, created_time_from: datetime, created_time_to: datetime, runtime_status: list[Any]
    ) -> Any:
        self.purged.append((created_time_from, created_time_to, set(runtime_status)))
        return SimpleNamespace(instances_deleted=3)


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(
        key_vault_url="https://vault.example",
        catalog_name="catalog-1",
        janitor_removes=True,
        janitor_grace_hours=2,
        history_days=7,
    )
    monkeypatch.setattr(wiring, "settings", lambda: settings)


def run(builder: Any, client: FakeClient) -> None:
    function = builder.build()._func
    asyncio.run(getattr(function, "client_function", function)(timer=None, client=client))


@pytest.mark.parametrize("last", [None, Status.Completed, Status.Failed, Status.Terminated])
def test_a_sweep_begins_by_the_settings(last: Any) -> None:
    client = FakeClient(last)
    run(janitor.sweep_orphans, client)
    [(name, instance_id, given)] = client.started
    task = SweepTask.model_validate(given)
    assert (name, instance_id) == ("sweep", "sweep")
    assert (task.rules.catalog_name, task.rules.removes, task.rules.grace) == ("catalog-1", True, timedelta(hours=2))
    assert not task.planned


@pytest.mark.parametrize("last", [Status.Running, Status.Pending])
def test_one_sweep_at_a_time(last: Any) -> None:
    client = FakeClient(last)
    run(janitor.sweep_orphans, client)
    assert client.started == []


def test_two_timers_at_once_name_the_same_sweep() -> None:
    """The engine takes no second start of an instance that is at work."""
    client = FakeClient()
    run(janitor.sweep_orphans, client)
    run(janitor.sweep_orphans, client)
    assert {instance_id for _, instance_id, _ in client.started} == {"sweep"}


def test_only_what_has_ended_and_is_old_is_forgotten() -> None:
    client = FakeClient()
    run(janitor.forget_old_histories, client)
    [(first, last, statuses)] = client.purged
    age = datetime.now(UTC) - last
    assert timedelta(days=7) <= age < timedelta(days=7, minutes=1)
    assert first < last - timedelta(days=365)
    assert statuses == {Status.Completed, Status.Failed, Status.Terminated, Status.Canceled}
