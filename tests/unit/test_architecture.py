"""The import table of docs/architecture.md, and what replay forbids in orchestrators."""

import ast
import graphlib
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = {"shared", "orchestrators", "activities", "triggers", "local", "tools", "tests", "benchmarks", "function_app"}
AZURE = {"azure"}

DURABLE = "azure.durable_functions"
SDKS = ("azure.core", "azure.mgmt", "azure.data", "azure.identity", "azure.keyvault", "azure.eventgrid")
WORDS = (
    *("pydantic", "shared.names", "shared.log", "shared.arm_ids", "shared.errors", "shared.states"),
    *("shared.redaction", "shared.signatures"),
)
"""What every room may use."""
MODELS = (*WORDS, "shared.models")
WORKFLOW = (*MODELS, "shared.workflow")
PORTS = (*WORKFLOW, "shared.ports")
DELIVERY = (*PORTS, "shared.delivery")
CATALOGUE = (*DELIVERY, "shared.catalogue")
REQUESTS = (*CATALOGUE, "shared.requests")
CONFIGURED = ("shared.wiring", "shared.settings")

ALLOWED: dict[str, tuple[str, ...]] = {
    # what a module may import besides the standard library, by the beginning of the name
    "shared": WORDS,
    "shared/settings.py": (*MODELS, "shared.workflow.pace"),
    "shared/wiring.py": ("shared",),  # the one place that chooses implementations
    "shared/errors": ("shared.errors",),
    "shared/states": ("shared.states",),
    "shared/models": MODELS,
    "shared/workflow": WORKFLOW,
    "shared/ports": PORTS,
    "shared/delivery": DELIVERY,
    "shared/catalogue": CATALOGUE,
    "shared/requests": REQUESTS,
    "shared/cloud": (*PORTS, "shared.settings", "shared.cloud", *SDKS, "requests", "urllib3"),
    "orchestrators": (*WORKFLOW, DURABLE, "orchestrators"),
    "activities": (*CATALOGUE, *CONFIGURED, DURABLE, "activities.run", "activities.guest_scripts"),
    "activities/blueprints.py": ("activities",),
    "triggers": (*REQUESTS, *CONFIGURED, DURABLE, "azure.functions", "triggers"),
    "function_app.py": ("shared.wiring", DURABLE, "azure.functions", "activities", "orchestrators", "triggers"),
    "local/arm": ("starlette", "uvicorn", "httpx", "trustme", "cryptography", "local.arm"),
    "local/vault": ("starlette", "cryptography", "local.https", "local.vault"),
    "local/topic": ("starlette", "local.https", "local.topic"),
    "local/genuine": ("starlette", "azure.functions", "local.genuine", "local.host", "local.tether"),
    "local/host": (
        *("starlette", "uvicorn", "httpx", "rich", "watchfiles"),
        *("azure.functions", DURABLE, "azure.core", "azure.identity", "azure.storage", "croniter"),
        *("local.host", "local.tether"),
    ),
}
MOST_IMPORTERS = 40
MOST_LINES = 250
MOST_LINES_OF_A_FUNCTION = 40
"""Without its docstring."""


def _files() -> Iterator[tuple[str, str, ast.Module]]:
    for rule in sorted(ALLOWED, key=len, reverse=True):
        place = ROOT / rule
        for path in [place] if place.is_file() else sorted(place.rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if "node_modules" not in name and rule == _rule_of(name):
                yield name, rule, ast.parse(path.read_text(encoding="utf-8"))


def _rule_of(name: str) -> str:
    return max((rule for rule in ALLOWED if name == rule or name.startswith(f"{rule}/")), key=len)


def _imports(name: str, tree: ast.AST) -> Iterator[str]:
    """The full names of what a file imports; relative imports are resolved."""
    package = name.split("/")[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def _begins(name: str, prefixes: tuple[str, ...]) -> bool:
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)


def _is_standard(name: str) -> bool:
    return name.split(".")[0] in sys.stdlib_module_names


def _modules(*rooms: str) -> Mapping[str, ast.Module]:
    """Every module of these folders, by its full name."""
    paths = [path for room in rooms for path in (ROOT / room).rglob("*.py") if "node_modules" not in path.parts]
    names = {path: ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in paths}
    return {name: ast.parse(path.read_text(encoding="utf-8")) for path, name in names.items()}


def _imported_modules(modules: Mapping[str, ast.Module]) -> Mapping[str, set[str]]:
    """Which of the modules each of them imports."""

    def of(name: str, tree: ast.Module) -> set[str]:
        imports = set(_imports(f"{name.replace('.', '/')}.py", tree))
        return ({each if each in modules else each.rpartition(".")[0] for each in imports} & set(modules)) - {name}

    return {name: of(name, tree) for name, tree in modules.items()}


FILES = list(_files())
ORCHESTRATORS = [(name, tree) for name, rule, tree in FILES if rule == "orchestrators"]
APP = _imported_modules(_modules("shared", "orchestrators", "activities", "triggers"))


def test_there_is_something_to_look_at():
    assert {rule for _, rule, _ in FILES} == set(ALLOWED)


@pytest.mark.parametrize(("name", "rule", "tree"), FILES, ids=[name for name, _, _ in FILES])
def test_a_module_imports_only_what_its_place_allows(name, rule, tree):
    for imported in _imports(name, tree):
        if _is_standard(imported):
            continue
        assert _begins(imported, ALLOWED[rule]), f"{name} imports {imported}"


IN_THE_APP = [(name, tree) for name, rule, tree in FILES if not rule.startswith("local")]


@pytest.mark.parametrize(("name", "tree"), IN_THE_APP, ids=[name for name, _ in IN_THE_APP])
def test_files_and_functions_are_short(name, tree):
    assert len((ROOT / name).read_text(encoding="utf-8").splitlines()) <= MOST_LINES
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert {each.name: _lines(each) for each in functions if _lines(each) > MOST_LINES_OF_A_FUNCTION} == {}


def _lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    described = ast.get_docstring(function, clean=False)
    return (function.end_lineno or 0) - function.lineno + 1 - (described.count("\n") + 1 if described else 0)


def test_no_module_imports_itself_by_a_detour():
    """`prepare` raises CycleError, which names the circle."""
    graphlib.TopologicalSorter(APP).prepare()


def test_no_module_is_imported_everywhere():
    importers = Counter(imported for imports in APP.values() for imported in imports)
    assert {name: count for name, count in importers.items() if count > MOST_IMPORTERS} == {}
    assert importers["shared.models.base"] > 1, "there is something to count"


@pytest.mark.parametrize(("name", "rule", "tree"), FILES, ids=[name for name, _, _ in FILES])
def test_pure_code_imports_no_web_or_cloud_library_behind_the_table(name, rule, tree):
    if rule.startswith(("shared", "orchestrators")) and rule not in {"shared/cloud", "shared/wiring.py"}:
        heads = {imported.split(".")[0] for imported in _imports(name, tree)} - OURS - AZURE - {"pydantic"}
        assert all(_is_standard(head) for head in heads)


NOT_IN_REPLAY = {
    "modules": {"random", "secrets", "time", "os", "io", "pathlib", "socket", "subprocess", "threading", "asyncio"},
    "calls": {"open", "now", "utcnow", "today", "uuid1", "uuid4", "urandom", "getenv", "input", "print"},
}


@pytest.mark.parametrize(("name", "tree"), ORCHESTRATORS, ids=[name for name, _ in ORCHESTRATORS])
def test_an_orchestrator_has_no_clock_randomness_or_files(name, tree):
    modules = {imported.split(".")[0] for imported in _imports(name, tree)}
    assert not modules & NOT_IN_REPLAY["modules"], name
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Attribute):  # datetime.now(), uuid.uuid4(), …
                owner = called.value.id if isinstance(called.value, ast.Name) else ""
                assert not (owner in {"datetime", "date", "uuid", "os"} and called.attr in NOT_IN_REPLAY["calls"]), name
            elif isinstance(called, ast.Name) and called.id != "now":  # `now(context)` is the durable clock
                assert called.id not in NOT_IN_REPLAY["calls"], name


TASKS = {"call_activity", "call_activity_with_retry", "call_sub_orchestrator", "create_timer"}


def test_durable_tasks_are_always_yielded():
    """A forgotten `yield` schedules nothing and hands a task on as if it were its result.

    A task may be yielded by itself, as one of several, or by the name that it was given.
    """
    for name, tree in ORCHESTRATORS:
        yields = [node.value for node in ast.walk(tree) if isinstance(node, ast.Yield) and node.value is not None]
        parts = [part for value in yields for part in ast.walk(value)]
        names = {part.id for part in parts if isinstance(part, ast.Name)}
        awaited = {id(part) for part in parts}
        awaited |= {
            id(node.value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and names & {each.id for each in node.targets if isinstance(each, ast.Name)}
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in TASKS:
                assert id(node) in awaited, f"{name}:{node.lineno}"


KEEPING = {
    *("functools.cache", "functools.lru_cache", "functools.cached_property", "shared.cloud.importing.once"),
    *("collections.OrderedDict", "threading.Lock", "threading.RLock", "requests.Session"),
}
"""What keeps something in memory from one call to the next, or supposes one process."""


def _uses(name: str, tree: ast.AST) -> Iterator[str]:
    """The full names of what a file imports, or takes from a module."""
    yield from _imports(name, tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{node.value.id}.{node.attr}"


MEMORY = {name for name, rule, tree in FILES if not rule.startswith("local") and KEEPING & set(_uses(name, tree))}


def test_what_a_process_keeps_in_memory_is_judged_for_several_hosts():
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    section = text.partition("## Several hosts")[2].partition("\n## ")[0]
    assert set(re.findall(r"`([a-z_/]+\.py)`", section)) == MEMORY


@pytest.mark.parametrize(("name", "rule", "tree"), FILES, ids=[name for name, _, _ in FILES])
def test_no_global_variable_is_written(name, rule, tree):
    if not rule.startswith("local"):
        assert not any(isinstance(node, ast.Global) for node in ast.walk(tree)), name


RETRIED = ("call_activity_with_retry", "call_sub_orchestrator_with_retry")


def _not_yielded_at_once(tree: ast.AST) -> list[int]:
    """The lines where a call with retries is anything else than what a `yield` stands before."""
    yielded = {
        id(node.value.func)
        for node in ast.walk(tree)
        if isinstance(node, ast.Yield) and isinstance(node.value, ast.Call)
    }
    mentions = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr in RETRIED)
    return [node.lineno for node in mentions if id(node) not in yielded]


def test_no_call_with_retries_is_raced():
    """Against a timer that is cancelled afterwards it fails the instance (seen on Durable extension 3.19).

    What is yielded at once is in no race.
    """
    assert [(name, line) for name, tree in ORCHESTRATORS for line in _not_yielded_at_once(tree)] == []
    mentioned = [name for name in RETRIED if any(name in ast.unparse(tree) for _, tree in ORCHESTRATORS)]
    assert mentioned, "there is something to look at"


@pytest.mark.parametrize(
    "code",
    [
        "yield context.task_any([context.call_activity_with_retry('a', retry, 1), timer])",
        "work = context.call_sub_orchestrator_with_retry('a', retry, 1)\nyield context.task_any([timer, work])",
        "works.append(context.call_activity_with_retry('a', retry, 1))",
        "call = context.call_activity_with_retry\nyield call('a', retry, 1)",
        "def begin(context): return context.call_activity_with_retry('a', retry, 1)",
    ],
)
def test_a_call_with_retries_that_may_be_raced_is_found(code):
    assert _not_yielded_at_once(ast.parse(code))
    assert not _not_yielded_at_once(ast.parse("yield context.call_activity_with_retry('a', retry, 1)"))
