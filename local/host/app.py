"""Load a function app by its public registration, and index what it holds the way the Python worker does.

Nothing is left for later: what this host cannot run faithfully is refused here, by name.
"""

import importlib.util
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import azure.functions as func
from azure.functions.decorators.function_app import Function as Registered

from local.host.converters import converter
from local.host.errors import AppError, ImportFailed
from local.host.settings import is_disabled
from local.host.traces import shorten, summary

HTTP_TRIGGER = "httpTrigger"
ORCHESTRATION_TRIGGER = "orchestrationTrigger"
ACTIVITY_TRIGGER = "activityTrigger"
ENTITY_TRIGGER = "entityTrigger"
EVENT_GRID_TRIGGER = "eventGridTrigger"
TIMER_TRIGGER = "timerTrigger"
QUEUE_TRIGGER = "queueTrigger"
DURABLE_CLIENT = "durableClient"
HTTP_OUTPUT = "http"
QUEUE_OUTPUT = "queue"

TRIGGERS = frozenset(
    {
        HTTP_TRIGGER,
        ORCHESTRATION_TRIGGER,
        ACTIVITY_TRIGGER,
        ENTITY_TRIGGER,
        EVENT_GRID_TRIGGER,
        TIMER_TRIGGER,
        QUEUE_TRIGGER,
    }
)
RETURN = "$return"
_DEFAULT_SCRIPT = "function_app.py"


@dataclass(frozen=True, slots=True)
class Binding:
    """One binding of a function; `properties` is what its function.json would hold."""

    type: str
    name: str
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Function:
    """One indexed function. Where it is disabled, nothing triggers it. `bindings` are all it has, the trigger too."""

    name: str
    call: Callable[..., Any]
    is_async: bool
    trigger: Binding
    wants_context: bool
    disabled: bool
    bindings: tuple[Binding, ...]

    @property
    def clients(self) -> tuple[Binding, ...]:
        """Its durable client bindings."""
        return self._of(DURABLE_CLIENT)

    @property
    def outputs(self) -> tuple[Binding, ...]:
        """What it writes to besides the answer to its trigger."""
        return self._of(QUEUE_OUTPUT)

    @property
    def returns(self) -> bool:
        """Whether something takes what it returns: a `$return` binding, or the trigger itself."""
        return any(binding.name == RETURN for binding in self.bindings) or bool(
            converter(self.trigger.type).has_implicit_output()
        )

    @property
    def durable_name(self) -> str:
        """The name that orchestrations call it by: its own, unless the trigger sets another."""
        properties = self.trigger.properties
        named = properties.get("orchestration") or properties.get("activity") or properties.get("entityName")
        return str(named or self.name)

    def _of(self, binding_type: str) -> tuple[Binding, ...]:
        return tuple(binding for binding in self.bindings if binding.type == binding_type)


@dataclass(frozen=True, slots=True)
class App:
    """An indexed function app, its functions in the order of their names (that orders the routes too).

    `orchestrators` and `activities` are keyed by lower-case durable name: the host ignores case.
    """

    directory: Path
    functions: tuple[Function, ...]

    def of(self, trigger: str) -> tuple[Function, ...]:
        """Return the functions that this trigger type runs, in order of name; the disabled ones are left out."""
        return tuple(each for each in self.functions if each.trigger.type == trigger and not each.disabled)

    def named(self, trigger: str) -> dict[str, Function]:
        """Return the durable functions of this trigger type by lower-case durable name."""
        found: dict[str, Function] = {}
        for function in self.of(trigger):
            key = function.durable_name.lower()
            if key in found:
                raise AppError(f"functions {found[key].name} and {function.name} share the durable name {key}")
            found[key] = function
        return found


@contextmanager
def loaded(directory: Path) -> Iterator[App]:
    """Import the app folder's script and index it; importable from the folder until the block ends.

    Raises AppError where there is no script, it holds no or several apps, or needs what is not offered.
    What the app's own code raises is the cause of an ImportFailed.
    """
    script = directory / os.environ.get("PYTHON_SCRIPT_FILE_NAME", _DEFAULT_SCRIPT)
    if not script.is_file():
        raise AppError(f"there is no {script.name} in {directory}")
    before = sys.modules.get(script.stem)
    sys.path.insert(0, str(directory))
    try:
        yield index(_registered_app(script), directory)
    finally:
        sys.path.remove(str(directory))
        sys.modules.pop(script.stem, None)
        if before is not None:
            sys.modules[script.stem] = before


def index(app: func.FunctionRegister, directory: Path) -> App:
    """Index a function app object; raises AppError for what this host does not offer."""
    # The SDK remembers the names it has seen and refuses a second indexing, which a restart in one process is.
    app.functions_bindings = None
    try:
        registered = app.get_functions()
    except ValueError as exc:
        raise AppError(str(exc)) from exc
    functions = [_function(each) for each in registered]
    return App(directory, tuple(sorted(functions, key=lambda function: function.name.lower())))


def _registered_app(script: Path) -> func.FunctionRegister:
    spec = importlib.util.spec_from_file_location(script.stem, script)
    if spec is None or spec.loader is None:
        raise AppError(f"{script} is not a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[script.stem] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as exc:  # noqa: BLE001 - whatever the app's code raises
        raise ImportFailed(f"{script} cannot be imported: {summary(exc)}") from shorten(exc)
    apps = [value for value in vars(module).values() if isinstance(value, func.FunctionRegister)]
    if len(apps) != 1:
        raise AppError(f"{script.name} must hold exactly one function app at module level, and holds {len(apps)}")
    return apps[0]


def _function(registered: Registered) -> Function:
    name = str(registered.get_function_name())
    bindings = [_binding(json.loads(raw)) for raw in registered.get_raw_bindings()]
    trigger_type = getattr(registered.get_trigger(), "type", "")
    if trigger_type not in TRIGGERS:
        raise AppError(f"function {name}: the trigger {trigger_type} is not offered by this host")
    trigger = next(binding for binding in bindings if binding.type == trigger_type)
    for binding in bindings:
        if binding is not trigger:
            _check(name, binding)
    call = registered.get_user_function()
    parameters = {binding.name for binding in bindings if binding.name != RETURN}
    return Function(
        name=name,
        call=call,
        is_async=inspect.iscoroutinefunction(call),
        trigger=trigger,
        wants_context=_wants_context(name, call, parameters),
        disabled=is_disabled(name),
        bindings=tuple(bindings),
    )


def _check(name: str, binding: Binding) -> None:
    """Raise AppError for a binding beside the trigger that this host does not offer."""
    if binding.type == DURABLE_CLIENT:
        if binding.properties.get("taskHub") or binding.properties.get("connectionName"):
            raise AppError(f"function {name}: a client of another task hub is not offered by this host")
    elif binding.type != QUEUE_OUTPUT and (binding.type, binding.name) != (HTTP_OUTPUT, RETURN):
        raise AppError(f"function {name}: the binding {binding.type} is not offered by this host")


def _binding(raw: Mapping[str, Any]) -> Binding:
    return Binding(raw["type"], raw["name"], raw)


def _wants_context(name: str, call: Callable[..., Any], bound: set[str]) -> bool:
    """Check parameters against bindings as the worker does; `context` may be there without a binding."""
    parameters = set(inspect.signature(call).parameters)
    missing, unbound = bound - parameters, parameters - bound - {"context"}
    if missing or unbound:
        raise AppError(
            f"function {name}: its parameters {sorted(parameters)} do not match its bindings {sorted(bound)}"
        )
    return "context" in parameters - bound
