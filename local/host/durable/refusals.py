"""Why the task hub refuses a request, and what the management API answers for it: as Durable extension 3.19 does.

* Refusal
  - NoSuchInstance      404
  - InstanceHasEnded    410
  - WrongValue          400, {"Message"}
  - InstanceExists      409, {"Message"}
  + Told: a JSON string
    - NoTimeToPurge     400
    - NothingToRewind   404
    - WrongStatus       412
  + Raised: what the extension tells of a .NET exception
    - NotJson           400
    - NothingToRestart  400
    - UnreadableHistory 400
    - InstanceToRestart 409
    - NotPossibleNow    500
    - StorageRefused    500
    - TooLong           500
"""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, ClassVar

from local.host.app import Function

_FORBIDDEN_MARKS = "/\\#?"

_NONE = "No {kind} functions are currently registered!"


def has_forbidden_mark(text: str) -> bool:
    """Whether an entity's key holds a slash, #, ? or a control character."""
    return any(mark in _FORBIDDEN_MARKS or not mark.isprintable() for mark in text)


def unknown_function(name: str, kind: str, known: Iterable[Function]) -> str:
    """Say that the app has no function of a name and kind, and which it has."""
    names = ", ".join(f"'{each}'" for each in sorted(function.durable_name for function in known))
    there = f"The following are the known {kind} functions: {names}." if names else _NONE.format(kind=kind)
    return f"The function '{name}' doesn't exist, is disabled, or is not an {kind} function. Additional info: {there}"


class Refusal(Exception):
    """A request that the task hub refuses; the text is for the caller."""

    code: ClassVar[HTTPStatus]

    @property
    def body(self) -> Any:
        """The body of the answer; None for none."""
        return None


class NoSuchInstance(Refusal):
    """There is no instance of this id."""

    code = HTTPStatus.NOT_FOUND


class InstanceHasEnded(Refusal):
    """The instance has ended, so nothing reaches it any more."""

    code = HTTPStatus.GONE


class WrongValue(Refusal):
    """A body, a query or a name cannot be used."""

    code = HTTPStatus.BAD_REQUEST

    @property
    def body(self) -> Any:
        """The text as a message."""
        return {"Message": str(self)}


class InstanceExists(WrongValue):
    """An instance of this id has not ended yet."""

    code = HTTPStatus.CONFLICT


class Told(Refusal):
    """A refusal whose answer is nothing but its text."""

    @property
    def body(self) -> Any:
        """The text."""
        return str(self)


class NoTimeToPurge(Told):
    """Nothing says from when on instances are to be purged."""

    code = HTTPStatus.BAD_REQUEST


class NothingToRewind(Told):
    """There is no instance of this id."""

    code = HTTPStatus.NOT_FOUND


class WrongStatus(Told):
    """The instance's status does not allow what is asked."""

    code = HTTPStatus.PRECONDITION_FAILED


class Raised(Refusal):
    """A refusal that the extension tells as the exception that it met."""

    title: ClassVar[str] = "Something went wrong while processing your request"
    exception: ClassVar[str]

    @property
    def body(self) -> Any:
        """The members that the extension gives an exception; we have no stack of .NET to show."""
        return {
            "Message": self.title,
            "ExceptionMessage": str(self),
            "ExceptionType": self.exception,
            "StackTrace": "",
        }


class NotJson(Raised):
    """A body is no JSON."""

    code = HTTPStatus.BAD_REQUEST
    title = "Invalid JSON content"
    exception = "Newtonsoft.Json.JsonReaderException"


class NothingToRestart(Raised):
    """There is no instance of this id."""

    code = HTTPStatus.BAD_REQUEST
    title = "InstanceId does not match a valid orchestration instance."
    exception = "System.ArgumentException"


class UnreadableHistory(Raised):
    """The history has two tasks of one number, as after a replay that parted from it."""

    code = HTTPStatus.BAD_REQUEST
    title = "One or more of the arguments submitted is incorrect"
    exception = "System.ArgumentException"


class InstanceToRestart(Raised):
    """The instance that is to be restarted under its id has not ended yet."""

    code = HTTPStatus.CONFLICT
    title = "A non-terminal instance with this instance ID already exists."
    exception = "DurableTask.Core.Exceptions.OrchestrationAlreadyExistsException"


class NotPossibleNow(Raised):
    """The instance's status does not allow what is asked, but may later."""

    code = HTTPStatus.INTERNAL_SERVER_ERROR
    exception = "System.InvalidOperationException"


class StorageRefused(Raised):
    """Azure Storage would refuse what it is asked for."""

    code = HTTPStatus.INTERNAL_SERVER_ERROR
    exception = "DurableTask.AzureStorage.Storage.DurableTaskStorageException"


class TooLong(Raised):
    """A time is longer than .NET can hold."""

    code = HTTPStatus.INTERNAL_SERVER_ERROR
    exception = "System.OverflowException"
