"""Requests about many instances at once, about entities, and what the API does not have."""

from base64 import b64encode
from collections.abc import Iterator

from tests.conformance.comparison.case import JSON, Case
from tests.conformance.comparison.instances import FAR

SHARED = "looked-at"
"""How the ids of instances and entities begin that are only looked at."""

PAST = "2000-01-01T00:00:00Z"
NONSENSE = ("x", "", "-1", "0", "1.5", "1_0", "%D9%A1", "99999999999")

_LIST_QUERIES = (
    "showInput=false",
    "showHistory=true&showHistoryOutput=true",
    f"createdTimeFrom={PAST}",
    f"createdTimeTo={PAST}",
    f"createdTimeFrom={FAR}",
    f"createdTimeTo={FAR}",
    f"createdTimeFrom={PAST}&createdTimeTo={FAR}",
    f"createdTimeFrom={FAR}&createdTimeTo={PAST}",
    f"createdTimeFrom={PAST}&runtimeStatus=Completed",
    "createdTimeFrom=2000-01-01",
    "createdTimeFrom=2000-01-01T00:00:00",
    "createdTimeFrom=2000-01-01T00:00:00%2B02:00",
    "createdTimeFrom=01/02/2000",
    "createdTimeFrom=Sat,%2001%20Jan%202000%2000:00:00%20GMT",
    "createdTimeFrom=20000101",
    "createdTimeFrom=yesterday",
    "createdTimeFrom=",
    "createdTimeTo=tomorrow",
    "runtimeStatus=Completed",
    "runtimeStatus=completed",
    "runtimeStatus=Running,Failed",
    "runtimeStatus=Running,%20Failed",
    "runtimeStatus=Running&runtimeStatus=Failed",
    "runtimeStatus=Suspended",
    "runtimeStatus=Terminated",
    "runtimeStatus=Pending,Canceled,ContinuedAsNew",
    "runtimeStatus=Unheard",
    "runtimeStatus=Unheard,Completed",
    "runtimeStatus=",
    "runtimeStatus=1",
    "RUNTIMESTATUS=Completed&SHOWINPUT=false",
    "top=2",
    "top=6",
    "top=7",
    "top=100",
    *(f"top={text}" for text in NONSENSE),
    "unheard=of",
)

_PURGES = (
    "",
    "runtimeStatus=Completed",
    f"createdTimeTo={FAR}",
    f"createdTimeFrom={FAR}",
    f"createdTimeFrom={PAST}&createdTimeTo={PAST}",
    f"createdTimeFrom={FAR}&runtimeStatus=Completed",
    "createdTimeFrom=yesterday",
    "createdTimeFrom=",
    f"createdTimeFrom={PAST}&createdTimeTo={PAST}&runtimeStatus=Unheard",
    f"createdTimeFrom={PAST}&createdTimeTo=tomorrow&runtimeStatus=Canceled",
)

_FIRST_PURGES = (
    ("runtimeStatus=Canceled", ()),
    ("runtimeStatus=Terminated", ("completed", "terminated")),
    ("runtimeStatus=Terminated", ()),
    ("runtimeStatus=Running,Completed", ("completed", "running", "failed")),
    ("runtimeStatus=Failed,completed", ("completed", "failed", "suspended")),
    ("runtimeStatus=Running", ("completed", "running", "failed")),
    ("", ("suspended", "completed")),
    ("runtimeStatus=Unheard", ("running", "failed")),
)
"""They delete what others may need, so they come first and in this order; each with the instances made before it."""

_ENTITY_LISTS = (
    "entities",
    "entities/",
    "entities/counter",
    "entities/Counter",
    "entities/counter/",
    "entities/nobody",
    "entities/counter?fetchState=true",
    "entities/counter?fetchState=false",
    "entities?fetchState=true",
    "entities/counter?top=1",
    "entities/counter?top=2",
    f"entities/counter?lastOperationTimeFrom={PAST}",
    f"entities/counter?lastOperationTimeFrom={FAR}",
    f"entities/counter?lastOperationTimeTo={PAST}",
    f"entities/counter?lastOperationTimeTo={FAR}",
    "entities/counter?lastOperationTimeFrom=yesterday",
    *(f"entities/counter?top={text}" for text in NONSENSE),
)

_SIGNALS = (
    ("?op=add", '"5"', JSON),
    ("?op=add", "5", JSON),
    ("?op=add", "{broken", JSON),
    ("?op=add", '"5"', "text/plain"),
    ("?op=add", "5", ""),
    ("?op=get", None, JSON),
    ("?op=unheard", None, JSON),
    ("?op=", None, JSON),
    ("", None, JSON),
    ("", '"5"', JSON),
    ("?OP=add", '"5"', JSON),
)

_NOT_THERE = (
    "",
    "nothing",
    "nothing/at/all",
    "orchestrators",
    "orchestrators/",
    "orchestrators/echo",
    "orchestrators/echo/x/y",
    "instances",
    "instances/x/terminate",
    "instances/x/dance",
    "instances/x/y/z",
    "instances/x/raiseEvent/Go",
    "entities/counter/x/y",
    "makeprimary",
    "makeprimary/x",
)


def cases() -> Iterator[Case]:
    """Return the other requests."""
    for query in _LIST_QUERIES:
        yield Case("GET", f"instances?instanceIdPrefix={SHARED}-&{query}")
    for path in ("instances", "instances/", "instances?top=1", "instances?instanceIdPrefix="):
        yield Case("GET", path)
    for prefix in (f"{SHARED}-c", SHARED.upper(), "nobody"):
        yield Case("GET", f"instances?instanceIdPrefix={prefix}")
    for token in ("", "null", "nonsense!", b64encode(f"{SHARED}-d".encode()).decode(), b64encode(b"zzz").decode()):
        yield Case("GET", f"instances?instanceIdPrefix={SHARED}-&top=2", token=token)
        yield Case("GET", f"instances?instanceIdPrefix={SHARED}-", token=token)
        yield Case("GET", "entities/counter?top=1", token=token)
    for query in _PURGES:
        yield Case("DELETE", f"instances?{query}" if query else "instances")
    yield from _entities()
    for path in _NOT_THERE:
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
            if (method, path) not in {("GET", "instances"), ("DELETE", "instances"), ("POST", "orchestrators/echo")}:
                yield Case(method, path)
    yield Case("PUT", "instances/{id}", "running")
    yield Case("POST", "instances/{id}", "running")
    yield Case("PUT", "entities/counter/x")
    yield Case("POST", "ORCHESTRATORS/echo/{id}", content="1")
    yield Case("GET", "INSTANCES/{id}", "completed")
    yield Case("GET", "instances/{id}/", "completed")
    yield Case("GET", "/instances/{id}", "completed")


def _entities() -> Iterator[Case]:
    for path in _ENTITY_LISTS:
        yield Case("GET", path)
    for key in ("looked-at-entity", "LOOKED-AT-ENTITY", "nobody", "$", "with%23hash", "with%20space"):
        yield Case("GET", f"entities/counter/{key}")
    yield Case("GET", "entities/COUNTER/looked-at-entity")
    yield Case("GET", "entities/nobody/looked-at-entity")
    yield Case("GET", "instances/@counter@looked-at-entity")
    for query, content, kind in _SIGNALS:
        yield Case("POST", f"entities/counter/{{id}}{query}", content=content, kind=kind)
    for key in ("$", "{id}%23", "{id}%3F", "{id}%5C", "{id}%09", "{id}%2F", "{id}%20", "@{id}"):
        yield Case("POST", f"entities/counter/{key}?op=get")
    yield Case("POST", "entities/nobody/{id}?op=add")
    yield Case("POST", "entities/counter?op=add")
    yield Case("DELETE", "entities/counter/{id}")
    yield Case("DELETE", "entities/counter")
    yield Case("PUT", "entities/counter")
    yield Case("DELETE", "entities/nobody/{id}")
    yield Case("DELETE", "instances/@counter@{id}")
    for operation in ("terminate", "suspend", "resume", "rewind", "restart", "raiseEvent/Go"):
        yield Case("POST", f"instances/@counter@looked-at-entity/{operation}", content="1")


def purges() -> Iterator[Case]:
    """Return the requests that come first, one after the other."""
    for query, states in _FIRST_PURGES:
        yield Case("DELETE", f"instances?createdTimeFrom={PAST}&{query}", "+".join(states))
        yield Case("GET", "instances?instanceIdPrefix=case-")
