"""What every fake can do: fail as it was told to, and say which of its methods were called."""

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TypeVar

from shared.errors.azure import PermanentError
from shared.ports.azure import Waiting

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


class ScriptedWork(Scripted):
    """The base of the fakes whose work takes time.

    `takes("virtual_machine", 3)` lets that work need three checks before it is done; work not named is done at
    once. The names are those of the methods without `begin_` and `check_`.
    """

    wait_seconds: float | None = None
    """What every `Waiting` names as Azure's own wish."""
    untold = frozenset({"guest_agent"})
    """The works whose end is no event."""

    def __init__(self) -> None:
        super().__init__()
        self._polls: dict[str, int] = {}
        self._under_way: dict[tuple[str, str], int] = {}

    def takes(self, work: str, polls: int) -> None:
        """Let a piece of work need that many checks."""
        if not hasattr(self, f"check_{work}"):
            raise ValueError(f"there is no work called {work}")
        self._polls[work] = polls

    def begin_work(self, operation_id: str, work: str, name: str = "") -> Waiting | None:
        """Begin a piece of work of an operation, unless it began before."""
        left = self._under_way.setdefault((operation_id, f"{work}{name}"), self._polls.get(work, 0))
        return self.waiting(work) if left else None

    def check_work(self, operation_id: str, work: str, name: str = "") -> Waiting | None:
        """Ask after a piece of work, and so bring it on."""
        key = (operation_id, f"{work}{name}")
        if key not in self._under_way:
            raise PermanentError("ResourceNotFound", f"Nobody began the {work.replace('_', ' ')}.")
        if not self._under_way[key]:
            return None
        self._under_way[key] -= 1
        return self.waiting(work) if self._under_way[key] else None

    def finish(self, operation_id: str, work: str) -> None:
        """Let the next check of a piece of work that is under way find it done."""
        key = (operation_id, work)
        self._under_way[key] = min(self._under_way[key], 1)

    def checks_left(self, operation_id: str, work: str) -> int:
        """How many checks a piece of work still needs; none if it never began."""
        return self._under_way.get((operation_id, work), 0)

    def forget_work(self, operation_id: str, *works: str) -> None:
        """Forget that works of an operation began; none named: all of them."""
        for key in list(self._under_way):
            if key[0] == operation_id and (not works or key[1] in works):
                del self._under_way[key]

    def waiting(self, work: str) -> Waiting:
        """What a method answers whose work is under way."""
        return Waiting(self.wait_seconds, f"https://arm.example/operations/{work}", told=work not in self.untold)


def answer(value: T, lost: Exception | None) -> T:
    """Return what a call answers, or raise in its place."""
    if lost is not None:
        raise lost
    return value
