"""Webhooks that subscribed to events: which ones they want, and how far their validation is."""

import re
from dataclasses import asdict, dataclass, field
from urllib.parse import urlsplit

from ..calls import Json
from . import documents

PENDING, READY = "AwaitingManualAction", "Succeeded"


@dataclass
class Hook:
    """A subscription to events.

    `scope` is the id of a subscription or a resource group, the topic; `endpoint` an http or https URL. Events are
    those of `event_types` and `operations` (all, when empty). Nothing is delivered before `state` is READY; `code`
    proves the validation. The counters say what became of the events, each counted once.
    """

    name: str
    scope: str
    endpoint: str
    schema: str = documents.EVENT_GRID
    event_types: list[str] = field(default_factory=list)
    operations: list[str] = field(default_factory=list)
    state: str = PENDING
    code: str = ""
    delivered: int = 0
    retried: int = 0
    dropped: int = 0

    def wants(self, event: Json) -> bool:
        """Whether an event is in scope, and passes the filters."""
        place, scope = event["data"]["resourceUri"].lower() + "/", self.scope.lower() + "/"
        operation = event["data"]["operationName"].lower()
        return (
            self.state == READY
            and place.startswith(scope)
            and (not self.event_types or event["type"] in self.event_types)
            and (not self.operations or operation in map(str.lower, self.operations))
        )

    def document(self) -> Json:
        """The hook as it is kept."""
        return asdict(self)

    def shown(self) -> Json:
        """The hook as the admin endpoint shows it."""
        kept = self.document()
        return {_WIRE.get(name, name): value for name, value in kept.items() if name != "code"}


_SCOPE = re.compile(r"/subscriptions/[^/]+(/resourceGroups/[^/]+)?", re.IGNORECASE)
_WIRE = {"event_types": "eventTypes"}
_MEMBERS = {"scope", "endpoint", "schema", "eventTypes", "operations"}


def parse(name: str, sent: Json, code: str) -> Hook:
    """A hook as the admin endpoint gets it; ValueError says what is wrong with it."""
    if not isinstance(sent, dict) or set(sent) - _MEMBERS or not {"scope", "endpoint"} <= set(sent):
        raise ValueError(f"scope and endpoint are needed, and the members are {sorted(_MEMBERS)}")
    scope = str(sent["scope"]).rstrip("/")
    if not _SCOPE.fullmatch(scope):
        raise ValueError("the scope is the id of a subscription or of a resource group")
    if urlsplit(str(sent["endpoint"])).scheme not in ("http", "https"):
        raise ValueError("the endpoint is an http or https URL")
    if sent.get("schema", documents.EVENT_GRID) not in documents.SCHEMAS:
        raise ValueError(f"the schema is one of {', '.join(documents.SCHEMAS)}")
    if not all(isinstance(sent.get(member, []), list) for member in ("eventTypes", "operations")):
        raise ValueError("eventTypes and operations are lists")
    return Hook(
        name=name,
        scope=scope,
        endpoint=str(sent["endpoint"]),
        schema=sent.get("schema", documents.EVENT_GRID),
        event_types=list(map(str, sent.get("eventTypes", []))),
        operations=list(map(str, sent.get("operations", []))),
        code=code,
    )
