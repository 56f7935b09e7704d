"""What is registered is what `shared.names` says: orchestrations of older releases ask for it by these names."""

from pathlib import Path

import azure.durable_functions as df

from activities.blueprints import ACTIVITIES
from local.host.app import ACTIVITY_TRIGGER, ORCHESTRATION_TRIGGER, index
from orchestrators.blueprints import ORCHESTRATIONS
from shared.names import Activity, Orchestrator


def _registered(trigger: str) -> set[str]:
    app = df.DFApp()
    for blueprint in (*ORCHESTRATIONS, *ACTIVITIES):
        app.register_functions(blueprint)
    return set(index(app, Path()).named(trigger))


def test_every_activity_is_registered_under_its_name():
    assert _registered(ACTIVITY_TRIGGER) == {name.value for name in Activity}


def test_every_orchestration_is_registered_under_its_name():
    assert _registered(ORCHESTRATION_TRIGGER) == {name.value for name in Orchestrator}
