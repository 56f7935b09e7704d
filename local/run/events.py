"""Azure's resource events on one machine: from the simulator to the host's webhook, as a system topic sends them."""

import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

FUNCTION = "resource_events"
OPERATIONS: Sequence[str] = (
    "Microsoft.Compute/galleries/images/delete",
    "Microsoft.Compute/galleries/images/versions/delete",
    "Microsoft.Compute/galleries/images/versions/write",
    "Microsoft.Compute/galleries/images/write",
    "Microsoft.Compute/virtualMachines/extensions/write",
    "Microsoft.Compute/virtualMachines/restart/action",
    "Microsoft.Compute/virtualMachines/runCommands/write",
    "Microsoft.Compute/virtualMachines/write",
    "Microsoft.Network/networkSecurityGroups/write",
    "Microsoft.Resources/subscriptions/resourceGroups/delete",
)
"""What a workflow waits for; infra/modules/resource-events.bicep has the same. Others would wake it for nothing."""
_SECONDS = 30.0


def hook(subscription: str, host: str) -> Mapping[str, Any]:
    """What the simulator's `PUT /_sim/events/{name}` takes, for the events of a subscription."""
    endpoint = f"{host}/runtime/webhooks/EventGrid?functionName={FUNCTION}"
    scope = f"/subscriptions/{subscription}"
    return {"scope": scope, "endpoint": endpoint, "schema": "CloudEventSchemaV1_0", "operations": list(OPERATIONS)}


async def subscribe(arm: str, authority: Path, subscription: str, host: str) -> bool:
    """Let the host have a subscription's events; returns whether it wants them: another app has no such function."""
    context = ssl.create_default_context(cafile=authority)
    async with httpx.AsyncClient(base_url=arm, verify=context, timeout=_SECONDS, trust_env=False) as client:
        answer = await client.put(f"/_sim/events/{subscription}", json=dict(hook(subscription, host)))
    return answer.is_success
