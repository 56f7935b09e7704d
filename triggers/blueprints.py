"""All triggers, for the function app and for tests that call them."""

from triggers.events import create_requests, resource_events
from triggers.routes import (
    dead_letters,
    image_sources,
    images,
    operations,
    orphans,
    provider_instances,
    retries,
    versions,
)
from triggers.timers import deliver_events, janitor, lost_operations

HTTP_TRIGGERS = (
    *(images.bp, versions.bp, operations.bp, retries.bp),
    *(image_sources.bp, provider_instances.bp, orphans.bp, dead_letters.bp),
)
TRIGGERS = (*HTTP_TRIGGERS, resource_events.bp, lost_operations.bp, janitor.bp, deliver_events.bp)
CREATE_EVENTS = create_requests.bp
"""Only where the settings say so: it lets events ask for images."""
