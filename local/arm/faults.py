"""Faults by rule: which calls are disturbed, when, and how.

A rule looks at `method` ("*" is any) and `path` (a regular expression, searched without regard to case). Of the calls
that match it fires on all, or on the `nth` only, or on `every` so-manieth, or by chance (`probability`, with a `seed`),
and at most `count` times. Rules are asked in the order in which they came; the first that fires is the one that
happens. The phases:

- ``first``: the request itself, whatever it is: error, delay, drop, garble, status, storm
- ``poll``: the same, on polls of an operation; `method` and `path` are those of the request that began it
- ``final``: how the operation that the request begins will end: fail, cancel, stuck, lasts, foreignHost
- ``replication``: how the copying of an image version to a region goes, ``/regions/{region}`` being added to its path
- ``event``: how the events of a request that ended arrive: lose, duplicate, late, shuffle
- ``guest``: what happens inside the machine: runCommand (on its PUT or POST), agent (on the machine's PUT)
"""

import random
import re
from dataclasses import asdict, dataclass, field
from itertools import count

from .calls import Json
from .operations import CANCELED, FAILED, Operation

FIRST = "first"
POLL = "poll"
FINAL = "final"
GUEST = "guest"
EVENT = "event"
REPLICATION = "replication"

_REQUEST = {FIRST, POLL}
# Action -> the phases it fits, the members it must have, the members it may have.
_ACTIONS: dict[str, tuple[set[str], set[str], set[str]]] = {
    "error": (
        _REQUEST,
        {"status", "code"},
        {"message", "target", "details", "retryAfter", "headers", "unwrapped", "when"},
    ),
    "delay": (_REQUEST, {"seconds"}, {"when"}),
    "drop": (_REQUEST, set(), {"when"}),
    "garble": (_REQUEST, {"kind"}, {"status"}),
    "status": (_REQUEST, {"status"}, set()),
    "storm": (_REQUEST | {FINAL}, set(), set()),
    "fail": ({FINAL}, {"code"}, {"message", "details"}),
    "cancel": ({FINAL}, set(), {"code", "message"}),
    "stuck": ({FINAL}, set(), set()),
    "lasts": ({FINAL}, {"seconds"}, set()),
    "foreignHost": ({FINAL}, {"host"}, set()),
    "regionFails": ({REPLICATION}, set(), {"message", "sticky", "completesAfter"}),
    "regionStuck": ({REPLICATION}, set(), {"at"}),
    "regionLasts": ({REPLICATION}, {"seconds"}, set()),
    "lose": ({EVENT}, set(), set()),
    "duplicate": ({EVENT}, set(), {"copies"}),
    "late": ({EVENT}, {"seconds"}, set()),
    "shuffle": ({EVENT}, {"within"}, set()),
    "runCommand": ({GUEST}, set(), {"state", "exitCode", "output", "error", "seconds"}),
    "agent": ({GUEST}, set(), {"after"}),
}
BEFORE, AFTER = "before", "after"
_GARBLED = {"html", "truncated"}
# What a storm consists of: throttling, servers that fail, and answers that never arrive.
_STORM: tuple[Json, ...] = (
    {"type": "error", "status": 429, "code": "TooManyRequests", "message": "Storm.", "retryAfter": 5},
    {"type": "error", "status": 500, "code": "InternalServerError", "message": "Storm."},
    {"type": "error", "status": 503, "code": "ServerTimeout", "message": "Storm."},
    {"type": "drop", "when": BEFORE},
    {"type": "drop", "when": AFTER},
    {"type": "garble", "kind": "html", "status": 502},
)
# How operations end in a storm that reaches them.
_STORM_ENDS: tuple[Json, ...] = (
    {"type": "fail", "code": "InternalOperationError", "message": "Storm."},
    {"type": "cancel", "message": "Storm."},
)


@dataclass
class Rule:
    """One rule. `matched` and `fired` count what it met and what it did."""

    action: Json
    path: str = ""
    method: str = "*"
    phase: str = FIRST
    nth: int | None = None
    every: int | None = None
    count: int | None = None
    probability: float | None = None
    seed: int = 1
    id: int = 0
    matched: int = 0
    fired: int = 0
    _random: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - a storm must be repeatable
        re.compile(self.path)
        _check(self.action, self.phase)

    def fires(self, method: str, path: str) -> bool:
        """Count a call, and say whether it is disturbed."""
        if self.method not in ("*", method) or not re.search(self.path, path, re.IGNORECASE):
            return False
        self.matched += 1
        due = (
            (self.count is None or self.fired < self.count)
            and (self.nth is None or self.matched == self.nth)
            and (self.every is None or self.matched % self.every == 0)
            and (self.probability is None or self._random.random() < self.probability)
        )
        self.fired += due
        return due

    def disturbance(self) -> Json:
        """What to do to a request now; a storm draws one of its parts."""
        return self._random.choice(_STORM) if self.action["type"] == "storm" else self.action

    def plan(self, operation: Operation) -> None:
        """Decide how an operation that has just begun will go."""
        action = self._random.choice(_STORM_ENDS) if self.action["type"] == "storm" else self.action
        match action["type"]:
            case "fail":
                operation.outcome = {"status": FAILED, "error": _error(action, action["code"])}
            case "cancel":
                operation.outcome = {"status": CANCELED, "error": _error(action, "OperationCanceled")}
            case "stuck":
                operation.due = None
            case "lasts":
                operation.due = operation.started + float(action["seconds"])
            case "foreignHost":
                operation.foreign_host = action["host"]

    def delays(self) -> list[float]:
        """The simulated seconds by which an event is late, once for each time it is delivered."""
        match self.action["type"]:
            case "duplicate":
                return [0.0] * int(self.action.get("copies", 2))
            case "late":
                return [float(self.action["seconds"])]
            case "shuffle":
                return [self._random.uniform(0.0, float(self.action["within"]))]
            case _:
                return []

    def document(self) -> Json:
        """The rule as the admin endpoint shows it."""
        return {name: value for name, value in asdict(self).items() if value is not None and name != "_random"}


class Faults:
    """The rules in force."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self._ids = count(1)

    def add(self, document: Json) -> Rule:
        """Take a rule as the admin endpoint gets it; ValueError says what is wrong with it."""
        try:
            rule = Rule(**{name: value for name, value in document.items() if name not in ("id", "matched", "fired")})
        except (TypeError, re.error) as problem:
            raise ValueError(f"not a rule: {problem}") from problem
        rule.id = next(self._ids)
        self.rules.append(rule)
        return rule

    def clear(self, rule_id: int | None = None) -> None:
        """Remove one rule, or all."""
        self.rules = [rule for rule in self.rules if rule_id is not None and rule.id != rule_id]

    def match(self, phase: str, method: str, path: str, kind: str | None = None) -> Rule | None:
        """The rule, with this type of action if one is named, that disturbs this call in this phase; or None."""
        fitting = (rule for rule in self.rules if rule.phase == phase and kind in (None, rule.action["type"]))
        return next((rule for rule in fitting if rule.fires(method, path)), None)

    def event_delays(self, method: str, path: str) -> list[float]:
        """How an event is delivered: the simulated seconds by which it is late, once for each delivery."""
        rule = self.match(EVENT, method, path)
        return rule.delays() if rule else [0.0]


def _check(action: Json, phase: str) -> None:
    kind = action.get("type") if isinstance(action, dict) else None
    if kind not in _ACTIONS:
        raise ValueError(f"unknown action {kind!r}; known are {', '.join(_ACTIONS)}")
    phases, required, optional = _ACTIONS[kind]
    members = set(action) - {"type"}
    if phase not in phases:
        raise ValueError(f"the action {kind!r} does not fit the phase {phase!r}, only {', '.join(sorted(phases))}")
    if required - members or members - required - optional:
        raise ValueError(f"{kind!r} needs {sorted(required)} and may have {sorted(optional)}, not {sorted(members)}")
    if action.get("when", BEFORE) not in (BEFORE, AFTER):
        raise ValueError("'when' is 'before' or 'after'")
    if kind == "garble" and action["kind"] not in _GARBLED:
        raise ValueError(f"'kind' of garble is one of {sorted(_GARBLED)}")


def _error(action: Json, code: str) -> Json:
    error: Json = {"code": action.get("code", code), "message": action.get("message", f"Simulated: {code}.")}
    return error | ({"details": action["details"]} if "details" in action else {})
