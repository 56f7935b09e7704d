"""Requests about one orchestration: start, status, events, what is told to it, purge, restart."""

from collections.abc import Iterator

from tests.conformance.comparison.case import JSON, Case

STATES = ("unknown", "running", "suspended", "completed", "failed", "terminated", "functionless")
"""Of which an instance is there before the request; the last has failed as its function is unknown."""

TEXT = '"[1]"'
"""An input as the SDK's client sends it: JSON within JSON."""

FAR = "2999-01-01T00:00:00Z"

_STATUS_QUERIES = (
    "",
    "showInput=true",
    "showInput=false",
    "showInput=maybe",
    "showHistory=true",
    "showHistory=false",
    "showHistory=1",
    "showHistory=",
    "showHistoryOutput=true",
    "showHistory=true&showHistoryOutput=true",
    "showHistory=true&showInput=false",
    "showHistory=true&showHistoryOutput=true&showInput=false",
    "SHOWHISTORY=TRUE&showinput=False",
    "returnInternalServerErrorOnFailure=true",
    "returnInternalServerErrorOnFailure=false",
    "returnInternalServerErrorOnFailure=true&showHistory=true",
    "returnInternalServerErrorOnFailure=perhaps",
    "connection=Storage",
    "code=whatever",
    "unheard=of",
    "showInput=false&showInput=true",
)

_STARTS = (
    (None, JSON),
    ("", JSON),
    ("null", JSON),
    ("7", JSON),
    ("1.50", JSON),
    ("1e2", JSON),
    ("12345678901234567890", JSON),
    ("true", JSON),
    ('"text"', JSON),
    ('"2026-01-01T00:00:00Z"', JSON),
    ('{"a": {"b": [1, null]}}', JSON),
    ('{"ü": "\\u00fc"}', JSON),
    ("[1, 2]", JSON),
    ("[]", JSON),
    ('{"a": 1}', "text/plain"),
    ('{"a": 1}', ""),
    ('{"a": 1}', "application/json; charset=utf-8"),
)

_BROKEN = ("{broken", "{", "[1,", "nobody", "'single'", "{a: 1}", '{"a": 1} x', '"open', "")

_EVENTS = (
    ("7", JSON),
    ("null", JSON),
    ('"text"', JSON),
    ('{"a": [1, 2]}', JSON),
    ("1", "application/json; charset=utf-8"),
    ("1", "text/plain"),
    ("1", ""),
    ("1", "application/xml"),
    ("{", JSON),
    ("broken", JSON),
    ("", JSON),
    (None, JSON),
)

_AFTER = {
    # what is told to an instance, and the status that it reaches by it, by the state it was in
    "terminate": {"running": "Terminated", "suspended": "Terminated"},
    "suspend": {"running": "Suspended"},
    "resume": {"suspended": "Running"},
    "rewind": {"failed": "Failed"},
}


def cases() -> Iterator[Case]:
    """Return the requests."""
    yield from _status()
    yield from _starts()
    yield from _events()
    yield from _told()
    yield from _again()


def _status() -> Iterator[Case]:
    for state in STATES:
        for query in _STATUS_QUERIES:
            yield Case("GET", f"instances/{{id}}?{query}" if query else "instances/{id}", state)


def _starts() -> Iterator[Case]:
    for content, kind in _STARTS:
        yield Case("POST", "orchestrators/one_event/{id}", content=content, kind=kind, ends="Running")
    for content in _BROKEN:
        yield Case("POST", "orchestrators/echo/{id}", content=content)
    yield Case("POST", "orchestrators/echo", content=TEXT)
    yield Case("POST", "orchestrators/echo/", content=TEXT)
    yield Case("POST", "orchestrators/echo/{id}", content=TEXT, ends="Completed")
    yield Case("POST", "orchestrators/echo/{id}", content="1", ends="Failed")
    yield Case("POST", "orchestrators/ECHO/{id}", content=TEXT, ends="Completed")
    yield Case("POST", "orchestrators/nobody/{id}", content="1", ends="Failed")
    yield Case("POST", "orchestrators/step/{id}", content="1", ends="Failed")
    yield Case("POST", "orchestrators/failing/{id}", ends="Failed")
    yield Case("POST", "orchestrators/one_event/{id}", ends="Running")
    yield Case("POST", "orchestrators/echo/{id}?version=2.0", content=TEXT, ends="Completed")
    yield Case("POST", "orchestrators/echo/{id}?taskHub=Elsewhere", content=TEXT)
    yield Case("POST", "orchestrators/echo/{id}?connection=Storage&code=key", content=TEXT)
    for mark in ("@name@{id}", "@{id}", "{id}%23", "{id}%3F", "{id}%09", "{id}%5C", "{id}%2F", "{id}%20", "{id}%C3%BC"):
        yield Case("POST", f"orchestrators/echo/{mark}", content=TEXT)
    yield Case("POST", "orchestrators/echo/{id}-{id}-{id}-{id}-{id}-{id}-{id}-{id}-{id}-{id}-{id}", content=TEXT)
    for state in STATES:
        yield Case("POST", "orchestrators/one_event/{id}", state, ends="Running")
    for timeout, interval in (("10", "0.1"), ("10", "1")):
        yield Case("POST", f"orchestrators/echo/{{id}}?timeout={timeout}&pollingInterval={interval}", content=TEXT)
    for timeout, interval in (("1", "2"), ("0.5", "0.75"), ("1", "1"), ("0", "0"), ("-1", "0"), ("0", "-1")):
        query = f"timeout={timeout}&pollingInterval={interval}"
        yield Case("POST", f"orchestrators/one_event/{{id}}?{query}", ends="Running")
    for query in (
        *("timeout=10", "pollingInterval=0.1", "timeout=x&pollingInterval=y", "timeout=5&pollingInterval=y"),
        *(
            "timeout=nan",
            "timeout=5&pollingInterval=nan",
            "timeout=1_0&pollingInterval=1",
            "timeout=inf&pollingInterval=1",
        ),
        *(
            "timeout=1e30&pollingInterval=1",
            "timeout=Infinity&pollingInterval=1",
            "timeout=-Infinity&pollingInterval=1",
        ),
    ):
        yield Case("POST", f"orchestrators/one_event/{{id}}?{query}")
    for name in ("failing", "nobody", "one_event"):
        timeout = "1" if name == "one_event" else "10"
        yield Case("POST", f"orchestrators/{name}/{{id}}?timeout={timeout}&pollingInterval=0.2")


def _events() -> Iterator[Case]:
    for state in STATES:
        for content, kind in _EVENTS:
            path = "instances/{id}/raiseEvent/Go"
            heard = state == "running" and kind.startswith(JSON) and content not in ("{", "broken", "", None)
            yield Case("POST", path, state, content, kind, ends="Completed" if heard else "")
    yield Case("POST", "instances/{id}/raiseEvent/GO", "running", "1", ends="Completed")
    yield Case("POST", "instances/{id}/raiseEvent/Other", "running", "1")
    yield Case("POST", "instances/{id}/raiseEvent/with%20space", "running", "1")
    yield Case("POST", "instances/{id}/raiseEvent/", "running", "1")
    yield Case("POST", "instances/{id}/raiseEvent", "running", "1")
    yield Case("POST", "instances/{id}/raiseEvent/Go/more", "running", "1")
    yield Case("POST", "instances/{id}/raiseEvent/Go?taskHub=Elsewhere", "running", "1")


def _told() -> Iterator[Case]:
    for operation, after in _AFTER.items():
        for state in STATES:
            for query in ("?reason=because", "", "?reason=", "?reason=a%26b%20%C3%BC"):
                yield Case("POST", f"instances/{{id}}/{operation}{query}", state, ends=after.get(state, ""))
        yield Case(
            "POST", f"instances/{{id}}/{operation}?reason=x", "running", '{"a": 1}', ends=after.get("running", "")
        )
        yield Case(
            "POST", f"instances/{{id}}/{operation.upper()}?REASON=x", "suspended", ends=after.get("suspended", "")
        )


def _again() -> Iterator[Case]:
    for state in STATES:
        yield Case("DELETE", "instances/{id}", state)
        yield Case("DELETE", "instances/{id}/", state)
        for query in ("", "?restartWithNewInstanceId=true", "?restartWithNewInstanceId=maybe"):
            yield Case("POST", f"instances/{{id}}/restart{query}", state)
        ends = {"completed": "Completed", "failed": "Failed", "terminated": "Running", "functionless": "Failed"}
        own = "instances/{id}/restart?restartWithNewInstanceId=false"
        yield Case("POST", own, state, ends=ends.get(state, ""))
    yield Case("POST", "instances/{id}/restart?timeout=5&pollingInterval=0.2", "completed")
    yield Case("POST", "instances/{id}/restart", "completed", '{"other": "input"}')
    yield Case("DELETE", "instances/{id}?taskHub=Elsewhere", "completed")
