"""Why the task hub refuses a request. The management API gives each its status code.

* Refusal
  - BadRequest            400
  - UnknownOrchestrator   400
  - UnknownEntity         400
  - InvalidInstanceId     400
  - InstanceExists        500, as this version of the extension does
  - NotPossibleNow        500, likewise
  - NoSuchInstance        404
  - InstanceHasEnded      410
"""

_FORBIDDEN_MARKS = "/\\#?"


def has_forbidden_mark(text: str) -> bool:
    """Whether an instance's id or an entity's key holds a slash, #, ? or a control character."""
    return any(mark in _FORBIDDEN_MARKS or not mark.isprintable() for mark in text)


class Refusal(Exception):
    """A request that the task hub refuses; the text is for the caller."""


class BadRequest(Refusal):
    """A body, a query or a header cannot be read."""


class UnknownOrchestrator(Refusal):
    """No orchestrator function has this name."""


class UnknownEntity(Refusal):
    """No entity function has this name."""


class InvalidInstanceId(Refusal):
    """An instance id must not be empty, begin with @, or have a forbidden mark; an entity's key must not have one."""


class InstanceExists(Refusal):
    """An instance of this id has not ended yet."""


class NotPossibleNow(Refusal):
    """The instance's status does not allow what is asked, but may later."""


class NoSuchInstance(Refusal):
    """There is no instance of this id."""


class InstanceHasEnded(Refusal):
    """The instance has ended, so nothing reaches it any more."""
