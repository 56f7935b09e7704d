"""The built-in scripts of the action run command."""

from ...calls import Answer, Call, Json
from ...ids import same
from ...tracked import page
from ...world import World
from .. import errors
from ..model.run_commands import SCRIPTS

_SCHEMA = "http://schema.management.azure.com/schemas/2016-11-17/runcommands.json"


def listing(_world: World, _call: Call) -> Answer:
    """GET all scripts."""
    return Answer(200, page([_document(name) for name in SCRIPTS]))


def get(_world: World, call: Call) -> Answer:
    """GET one script."""
    found = next((name for name in SCRIPTS if same(name, call.params["command"])), None)
    if found is None:
        raise errors.invalid_parameter("commandId", f"The entity {call.params['command']} was not found.")
    return Answer(200, _document(found) | {"script": []})


def _document(name: str) -> Json:
    shell = "PowerShell" if "Power" in name else "Linux shell"
    described = {"label": f"Executes a {shell} script", "description": "The script is given in the property 'script'."}
    return {"$schema": _SCHEMA, "id": name, "osType": SCRIPTS[name]} | described
