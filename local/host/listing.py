"""What a host says when it is ready: its functions, with their triggers and URLs."""

from local.host.app import HTTP_TRIGGER, App, Function
from local.host.routes import build

_DETAILS = ("schedule", "queueName")
"""Properties of other triggers that say when or by what a function is called."""


def listing(app: App, prefix: str, url: str) -> str:
    """Describe the functions line by line, HTTP functions first, the others by their trigger."""
    routes = build(app.of(HTTP_TRIGGER), prefix)
    rows = [
        (each.function.name, f"[{','.join(sorted(each.methods)) or 'any method'}] {url}/{each.template}")
        for each in routes
    ]
    others = (each for each in app.functions if each.trigger.type != HTTP_TRIGGER)
    rows += [(each.name, _trigger(each)) for each in sorted(others, key=lambda each: each.trigger.type)]
    width = max((len(name) for name, _ in rows), default=0)
    return "\n".join(["Functions:", *(f"{name.ljust(width)}  {what}" for name, what in rows)])


def _trigger(function: Function) -> str:
    properties = function.trigger.properties
    details = [str(properties[key]) for key in _DETAILS if properties.get(key)]
    if function.durable_name != function.name:
        details.append(f"called {function.durable_name}")
    return " ".join([function.trigger.type, *details])
