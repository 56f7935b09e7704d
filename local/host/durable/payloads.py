"""The URLs that Durable Functions hands out: to the client binding, and in answers to a start."""

from urllib.parse import quote_plus

from local.host.durable.history import dumps

WEBHOOK = "/runtime/webhooks/durabletask"
"""The public management API."""

RPC = "/durabletask"
"""The same for the client in the worker, on a listener of its own that asks for no key."""

_UNESCAPED = "-_.!*()"
"""What the extension leaves in an id as it is; a blank becomes a plus, which in a path is none any more."""

_INSTANCE_ID = "INSTANCEID"
"""What the SDK replaces by an instance's id."""


def management_urls(origin: str, task_hub: str, instance_id: str, key: str | None) -> dict[str, str]:
    """Return the URLs to manage an instance with, `id` included.

    `origin` is scheme, host and port; `key` is the extension's system key where one is asked for.
    """
    instance = f"{origin}{WEBHOOK}/instances/{quote_plus(instance_id, safe=_UNESCAPED)}"
    query = _hub(task_hub, key)
    return {
        "id": instance_id,
        "statusQueryGetUri": f"{instance}?{query}",
        "sendEventPostUri": f"{instance}/raiseEvent/{{eventName}}?{query}",
        "terminatePostUri": f"{instance}/terminate?reason={{text}}&{query}",
        "purgeHistoryDeleteUri": f"{instance}?{query}",
        "restartPostUri": f"{instance}/restart?{query}",
        "suspendPostUri": f"{instance}/suspend?reason={{text}}&{query}",
        "resumePostUri": f"{instance}/resume?reason={{text}}&{query}",
    }


def client_binding(origin: str, rpc_origin: str, task_hub: str, key: str | None) -> str:
    """Return the JSON text that a durable client binding receives; each origin is scheme, host and port."""
    base = f"{origin}{WEBHOOK}"
    start = f"{base}/orchestrators/{{functionName}}[/{{instanceId}}]"
    instance = f"{base}/instances/{_INSTANCE_ID}"
    rewind = {"rewindPostUri": f"{instance}/rewind?reason={{text}}&{_hub(task_hub, key)}"}
    wait = ["timeout={timeoutInSeconds}", "pollingInterval={intervalInSeconds}", *_code(key)]
    return dumps({
        "taskHubName": task_hub,
        "connectionName": None,
        "creationUrls": {
            "createNewInstancePostUri": "?".join([start, *_code(key)]),
            "createAndWaitOnNewInstancePostUri": f"{start}?{'&'.join(wait)}",
        },
        "managementUrls": management_urls(origin, task_hub, _INSTANCE_ID, key) | rewind,
        "baseUrl": base,
        "requiredQueryStringParameters": "".join(_code(key)),
        "rpcBaseUrl": f"{rpc_origin}{RPC}/",
        "httpBaseUrl": None,
    })  # fmt: skip


def _hub(task_hub: str, key: str | None) -> str:
    return "&".join([f"taskHub={task_hub}", "connection=Storage", *_code(key)])


def _code(key: str | None) -> list[str]:
    return [] if key is None else [f"code={key}"]
