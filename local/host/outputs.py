"""What functions write to output bindings."""

from typing import Any, Protocol

import azure.functions as func

from local.host.app import RETURN, Binding, Function


class OutputFailed(Exception):
    """What a function set or returned could not be written; the text is for its author."""


class Out(func.Out[Any]):
    """The parameter of an output binding, which a function may set."""

    def __init__(self) -> None:
        self._value: Any = None

    def set(self, val: Any) -> None:
        """Set what is written when the function has succeeded; None writes nothing."""
        self._value = val

    def get(self) -> Any:
        """Return what was set, None if nothing was."""
        return self._value


class Outputs(Protocol):
    """Where output bindings write to."""

    async def write(self, function: Function, binding: Binding, value: Any) -> None:
        """Write a value that is not None; raises OutputFailed, which fails the invocation."""


class NoOutputs:
    """For apps whose functions have no output bindings."""

    async def write(self, function: Function, binding: Binding, value: Any) -> None:
        """Refuse."""
        raise OutputFailed(f"{function.name} has the output {binding.name}, and {type(value).__name__} goes nowhere")


def parameters(function: Function) -> dict[str, Out]:
    """Make the arguments for a function's output bindings."""
    return {binding.name: Out() for binding in function.outputs if binding.name != RETURN}


async def write(outputs: Outputs, function: Function, arguments: dict[str, Any], result: Any) -> None:
    """Write what a function set and returned, the parameters first.

    Raises OutputFailed, also where it returned something that nothing takes, as the worker has it.
    """
    if result is not None and not function.returns:
        raise OutputFailed(f"function {function.name!r} without a $return binding returned a non-None value")
    for binding in sorted(function.outputs, key=lambda each: each.name == RETURN):
        value = result if binding.name == RETURN else arguments[binding.name].get()
        if value is not None:
            await outputs.write(function, binding, value)
