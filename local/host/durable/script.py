"""What an episode gives the interpreter beside the history."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Action = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Script:
    """What the SDK returned for an episode.

    `output_json` is the orchestrator's result; `error` what it raised, None if it did not.
    """

    actions: list[Action]
    is_done: bool
    output_json: str | None
    error: str | None
    error_details: str | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """What the replay must know beside history and script: who runs, and which names can be called."""

    orchestrator: str
    instance_id: str
    execution_id: str
    has_activity: Callable[[str], bool]
    has_orchestrator: Callable[[str], bool]
    has_entity: Callable[[str], bool]
