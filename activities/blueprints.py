"""All activities, for the function app and for tests that run orchestrations."""

from activities.janitor import sweep, sweep_operations, sweep_resources
from activities.records import progress, removal, retry_window, secret, turn
from activities.steps import access, gallery, guest, network, preflight, resource_group, virtual_machine

ACTIVITIES = (
    *(preflight.bp, access.bp, resource_group.bp, network.bp, virtual_machine.bp, guest.bp, gallery.bp),
    *(progress.bp, removal.bp, retry_window.bp, secret.bp, turn.bp),
    *(sweep.bp, sweep_operations.bp, sweep_resources.bp),
)
