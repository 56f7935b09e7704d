"""The function app: registers the blueprints, nothing else."""

import azure.durable_functions as df
import azure.functions as func

from activities.blueprints import ACTIVITIES
from orchestrators.blueprints import ORCHESTRATIONS
from shared import wiring
from triggers.blueprints import CREATE_EVENTS, TRIGGERS

_settings = wiring.settings()  # A setting that is missing should stop the start, not the first request.

app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)

for _blueprint in (*TRIGGERS, *ORCHESTRATIONS, *ACTIVITIES):
    app.register_functions(_blueprint)

if _settings.create_events:
    app.register_functions(CREATE_EVENTS)
