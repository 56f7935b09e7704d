"""What every fake can do: fail as it was told to, and say which of its methods were called."""

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass
class _Failure:
    error: Exception
    after: bool


class Scripted:
    """The base of the fakes; each of their methods enters with `enter` and leaves with `answer`.

    `fail(method, error)` lets the next call raise, `times` says how many calls, and `after=True` lets a call do its
    work first, as when an answer gets lost on its way. `calls` are the methods called so far.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._failures: defaultdict[str, deque[_Failure]] = defaultdict(deque)

    def fail(self, method: str, error: Exception, *, times: int = 1, after: bool = False) -> None:
        """Let the next `times` calls of a method raise `error`, before or after they do their work."""
        if not hasattr(self, method):
            raise ValueError(f"{type(self).__name__} has no method {method}")
        self._failures[method].extend([_Failure(error, after)] * times)

    def enter(self, method: str) -> Exception | None:
        """Note a call; raise what is scripted for now, return what is scripted for after its work."""
        self.calls.append(method)
        if not self._failures[method]:
            return None
        failure = self._failures[method].popleft()
        if not failure.after:
            raise failure.error
        return failure.error


def answer(value: T, lost: Exception | None) -> T:
    """Return what a call answers, or raise in its place."""
    if lost is not None:
        raise lost
    return value
