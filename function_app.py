"""The function app: registers the blueprints, nothing else."""

import azure.durable_functions as df
import azure.functions as func

from activities import (
    access,
    catalog,
    deletion,
    gallery,
    guest,
    keeping,
    network,
    preflight,
    queue,
    resource_group,
    secrets,
    sweep_operations,
    sweep_resources,
    virtual_machine,
)
from activities import sweep as sweep_activities
from orchestrators import (
    await_retry,
    await_turn,
    copy_image,
    import_image,
    remove_image,
    repair_operation,
    replicate_version,
    run_step,
    sweep,
)
from shared import wiring
from triggers import (
    create_events,
    dead_letters,
    events,
    image_sources,
    images,
    janitor,
    operations,
    orphans,
    provider_instances,
    publishing,
    retries,
    schedules,
    versions,
)

_settings = wiring.settings()  # A setting that is missing should stop the start, not the first request.

app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)

for _module in (
    images,
    versions,
    operations,
    retries,
    image_sources,
    provider_instances,
    schedules,
    dead_letters,
    events,
    publishing,
    janitor,
    orphans,
    import_image,
    copy_image,
    remove_image,
    repair_operation,
    replicate_version,
    await_turn,
    run_step,
    await_retry,
    keeping,
    sweep,
    catalog,
    queue,
    deletion,
    preflight,
    access,
    gallery,
    resource_group,
    network,
    virtual_machine,
    guest,
    secrets,
    sweep_activities,
    sweep_operations,
    sweep_resources,
):
    app.register_functions(_module.bp)

if _settings.create_events:
    app.register_functions(create_events.bp)
