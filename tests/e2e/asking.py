"""Which of the calls to ARM ask how things are: what events can spare."""

from collections.abc import Sequence

from local.arm import durations
from tests.e2e.stack import Json, Tenant


def asking(calls: Sequence[Json]) -> list[Json]:
    """The reads of operations' records, and of what the import itself has made.

    Preflight reads what others made, a first look finds nothing (404), and writes are no questions.
    """
    reads = [call for call in calls if call["method"] == "GET" and call["status"] == 200]
    return [call for call in reads if "/operations/" in call["path"] or "/rg-img-" in call["path"].lower()]


def in_typical_time(tenant: Tenant) -> Tenant:
    """Let everything in the tenant's subscription take its typical time, so that counts can be compared."""
    lasting = {
        "networkSecurityGroups/[^/]+$": durations.NETWORK_WRITE,
        "virtualMachines/[^/]+$": durations.MACHINE_CREATE_WINDOWS,
        "/restart$": durations.MACHINE_RESTART,
        "/extensions/[^/]+$": durations.EXTENSION_GPU_DRIVER,
    }
    for path, name in lasting.items():
        tenant.fault({"type": "lasts", "seconds": durations.TYPICAL[name].seconds}, phase="final", path=path)
    agent = durations.TYPICAL[durations.AGENT_READY_WINDOWS].seconds
    for path in ("virtualMachines/[^/]+$", "/restart$"):
        tenant.fault({"type": "agent", "after": agent}, phase="guest", path=path)
    return tenant
