"""Reads that are behind the truth: what is new is missing for a while, as a subscription's setting `lag` says.

Azure is like that now and then: a GET right after a 201 finds nothing, and a listing lacks what was created some
seconds ago. Writes, references and deletions see the truth here, and so do reads of resource groups.
"""

from typing import Any

from . import errors, ids
from .calls import Answer, Call, Json
from .world import World


def is_lag(value: Any) -> bool:
    """Whether a value can be the setting."""
    numbers = list(value.values()) if isinstance(value, dict) and set(value) == {"get", "list"} else [None]
    return all(isinstance(each, int | float) and each >= 0 for each in numbers)


def lagging(world: World, call: Call, lag: Json, answer: Answer) -> Answer:
    """The answer to a read as a replica would give it that has not heard of everything."""
    if call.method != "GET" or answer.status != 200 or not (lag["get"] or lag["list"]):
        return answer
    if _age(world, call.path) < lag["get"]:
        parsed = ids.parse(call.path)
        raise errors.resource_not_found(parsed.kind, "/".join(parsed.names), parsed.group)
    listed = answer.body.get("value") if isinstance(answer.body, dict) else None
    if isinstance(listed, list):
        answer.body = answer.body | {"value": [each for each in listed if _age(world, _id(each)) >= lag["list"]]}
    return answer


def _id(listed: Any) -> str:
    return str(listed.get("id", "")) if isinstance(listed, dict) else ""


def _age(world: World, resource_id: str) -> float:
    """Simulated seconds since the creation; endless for what was there before, or is no resource."""
    born = world.births.get(resource_id.lower())
    return float("inf") if born is None else world.now - born
