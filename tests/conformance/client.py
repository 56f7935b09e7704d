"""An HTTP client of a host: an app's functions, and the public API of Durable Functions."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import httpx

from tests.conformance.hosts import KEY_HEADER, route_prefix

Json = Any

API = "/runtime/webhooks/durabletask"
CONTINUATION = "x-ms-continuation-token"

FIRST_POLL_SECONDS = 0.01
SLOWEST_POLL_SECONDS = 0.25

ENDED = ("Completed", "Failed", "Terminated", "Canceled")
NOTHING: Any = object()
"""No body, where None would be the JSON null."""

NO_MORE = ("", "null", base64.b64encode(b"null").decode())
"""How hosts say that there is no further page, if they say it at all."""


class Host:
    """A host that runs one app of this suite. Safe to use from several threads."""

    def __init__(self, url: str, app: str, key: str, deadline: float) -> None:
        headers = {KEY_HEADER: key} if key else {}
        self.http = httpx.Client(base_url=url, headers=headers, timeout=deadline)
        self.url = url
        self.prefix = route_prefix(app)
        self.deadline = deadline

    def function(self, method: str, route: str, **more: Any) -> httpx.Response:
        """Call an HTTP function."""
        return self.http.request(method, f"{self.prefix}{route}", **more)

    def api(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Call the public API of Durable Functions."""
        return self.http.request(method, f"{API}/{path}", **more)

    def ask_client(self, name: str, **arguments: Json) -> Json:
        """Call a method of the SDK's own client, inside a function; `{"result": …}` or `{"error": …}`."""
        response = self.function("POST", f"client/{name}", json=arguments)
        assert response.status_code == 200, response.text
        return response.json()

    def client(self, method: str, **arguments: Json) -> Json:
        """Call a method of the SDK's own client, inside a function, and return its result."""
        answer = self.ask_client(method, **arguments)
        assert "error" not in answer, answer
        return answer["result"]

    def start(self, orchestrator: str, data: Json = None, instance_id: str | None = None) -> "Instance":
        """Start an orchestration whose input is encoded twice, as the SDK's client does it."""
        return self.start_raw(orchestrator, NOTHING if data is None else json.dumps(data), instance_id)

    def start_raw(self, orchestrator: str, body: Json = NOTHING, instance_id: str | None = None) -> "Instance":
        """Start an orchestration with a JSON body as it is."""
        path = f"orchestrators/{orchestrator}" + (f"/{instance_id}" if instance_id else "")
        response = self.api("POST", path, **({} if body is NOTHING else {"json": body}))
        assert response.status_code == 202, response.text
        return Instance(self, response.json())

    def instance(self, instance_id: str) -> "Instance":
        """Return an instance that somebody else has started."""
        return Instance(self, {"id": instance_id})

    def pages(self, path: str, **query: str) -> Iterator[list[Json]]:
        """Return the pages of a list, one after the other."""
        headers: dict[str, str] = {}
        while True:
            response = self.api("GET", path, params=query, headers=headers)
            assert response.status_code == 200, response.text
            yield response.json()
            token = response.headers.get(CONTINUATION, "")
            if token in NO_MORE:
                return
            headers = {CONTINUATION: token}

    def until(self, what: str, look: Callable[[], Json]) -> Json:
        """Look again and again until there is something to see, and return it; `what` names it, should it not come."""
        end = time.monotonic() + self.deadline
        pause = FIRST_POLL_SECONDS
        while True:
            seen = look()
            if seen:
                return seen
            assert time.monotonic() < end, f"still waiting for {what}"
            time.sleep(pause)
            pause = min(pause * 1.3, SLOWEST_POLL_SECONDS)


class Instance:
    """One orchestration. `links` is what the host answered to its start."""

    def __init__(self, host: Host, links: dict[str, str]) -> None:
        self.host = host
        self.links = links
        self.id = links["id"]

    def get(self, **query: str) -> httpx.Response:
        """Ask for the status; by the link that the host gave, where it did."""
        url = httpx.URL(self.links.get("statusQueryGetUri", f"{API}/instances/{self.id}"))
        return self.host.http.get(url.copy_merge_params(query))

    def status(self, *, history: bool = True) -> dict[str, Json]:
        """Return the status, with the whole history if it can be shown: one that a replay parted from can't be."""
        response = self.get(showHistory=str(history).lower(), showHistoryOutput="true")
        assert response.status_code in (200, 202), (response.status_code, response.text)
        body: dict[str, Json] = response.json()
        return body

    def until(self, what: str, met: Callable[[dict[str, Json]], object], *, history: bool = True) -> dict[str, Json]:
        """Poll the status until the condition is met."""
        status: dict[str, Json] = {}

        def look() -> object:
            nonlocal status
            status = self.status(history=history)
            return met(status)

        try:
            self.host.until(what, look)
        except AssertionError as exc:
            raise AssertionError(f"{exc}: {status}") from None
        return status

    def appears(self) -> "Instance":
        """Wait until the host knows it: a child is there a moment after its parent has asked for it."""
        self.host.until("the instance", lambda: self.get().status_code != 404)
        return self

    def reaches(self, runtime_status: str) -> "Instance":
        """Wait until the instance is in this state."""
        self.until(runtime_status, lambda status: status["runtimeStatus"] == runtime_status)
        return self

    def shows(self, kind: str, count: int = 1) -> dict[str, Json]:
        """Wait until the history holds so many events of a kind."""
        return self.until(
            f"{count} {kind}",
            lambda status: sum(event["EventType"] == kind for event in status.get("historyEvents") or ()) >= count,
        )

    def ended(self, *, history: bool = True) -> dict[str, Json]:
        """Wait for the end, whichever."""
        return self.until("the end", lambda status: status["runtimeStatus"] in ENDED, history=history)

    def completed(self) -> dict[str, Json]:
        """Wait for the end, which must be a good one."""
        status = self.ended()
        assert status["runtimeStatus"] == "Completed", status
        return status

    def send(self, event: str, data: Json = None, **more: Any) -> httpx.Response:
        """Send an external event, and return the host's answer."""
        link = self.links.get("sendEventPostUri", f"{API}/instances/{self.id}/raiseEvent/{{eventName}}")
        body = more or {"content": json.dumps(data), "headers": {"Content-Type": "application/json"}}
        return self.host.http.post(link.replace("{eventName}", event), **body)

    def tell(self, operation: str, reason: str = "because") -> httpx.Response:
        """Terminate, suspend, resume, rewind or restart the instance, and return the host's answer."""
        link = self.links.get(f"{operation}PostUri", f"{API}/instances/{self.id}/{operation}?reason={{text}}")
        return self.host.http.post(link.replace("{text}", quote(reason, safe="")))

    def purge(self) -> httpx.Response:
        """Delete the instance, and return the host's answer."""
        return self.host.http.delete(self.links.get("purgeHistoryDeleteUri", f"{API}/instances/{self.id}"))
