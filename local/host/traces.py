"""Tracebacks as a developer wants them: they begin in the app's code, and tell what is told elsewhere in one line."""

import re
import sysconfig
import traceback
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import azure.durable_functions as df
import azure.functions as func

_SDK_FAILURE = re.compile(r"(?:Activity|Orchestrator) function '[^']*' failed: ")
_DETAILS = " \n "
"""What the SDK puts between the reason of a failed task and its details, which hold the whole traceback again."""

_STANDARD_LIBRARY = sysconfig.get_path("stdlib")
_BENEATH = ("<frozen ", *(str(Path(str(each)).parent) for each in (__file__, func.__file__, df.__file__)))
_KEPT = 256


def shorten(error: BaseException) -> BaseException:
    """Drop the frames of host, SDK and standard library from the front of all tracebacks of an exception; returns it.

    A traceback that has nothing else goes, if it is of a syntax error, which names its place, and stays if not.
    """
    for each in _chain(error):
        rest = each.__traceback__
        while rest is not None and _is_beneath(rest):
            rest = rest.tb_next
        if rest is not None or isinstance(each, SyntaxError):
            each.__traceback__ = rest
    return error


def rendered(error: BaseException) -> str:
    """Return what Python prints of an exception, without the details of failed tasks that it was made from."""
    text = "".join(traceback.format_exception(error)).rstrip("\n")
    for each in _chain(error):
        if is_passed_on(each):
            text = text.replace(str(each), headline(str(each)))
    return text


def summary(error: BaseException) -> str:
    """Return type and message of an exception in one line."""
    return "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]


def is_passed_on(error: BaseException) -> bool:
    """Whether an orchestrator got this exception from a failed activity or sub-orchestration; those are logged."""
    return type(error) is Exception and bool(_SDK_FAILURE.match(str(error)))


def headline(text: str) -> str:
    """Return the reason of a failure without the details that the SDK appends to it."""
    return text.partition(_DETAILS)[0]


class Repeats:
    """Remembers tracebacks that have been shown, the last ones only."""

    def __init__(self) -> None:
        self._shown: OrderedDict[tuple[str, str], int] = OrderedDict()

    def knows(self, function: str, instance_id: str, trace: str) -> bool:
        """Whether this was the last traceback of the function for the instance; from now on it is."""
        key, mark = (function, instance_id), hash(trace)
        known = self._shown.pop(key, None) == mark
        self._shown[key] = mark
        if len(self._shown) > _KEPT:
            self._shown.popitem(last=False)
        return known


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Everything that Python prints of an exception: itself, its causes, the members of groups."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [each.__cause__, each.__context__]
        waiting += each.exceptions if isinstance(each, BaseExceptionGroup) else ()


def _is_beneath(trace: TracebackType) -> bool:
    file = trace.tb_frame.f_code.co_filename
    standard = file.startswith(_STANDARD_LIBRARY) and "site-packages" not in file
    return standard or file.startswith(_BENEATH)
