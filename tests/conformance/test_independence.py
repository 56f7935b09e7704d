"""What makes the suite one for any host: apps that are nothing but function apps, and scenarios that know no host."""

import ast
import json
from pathlib import Path

import pytest

from tests.conformance.hosts import APPS, NAMES

SUITE = Path(__file__).parent
KNOWS_THE_LOCAL_HOST = {"hosts.py", "test_independence.py"}

SCENARIOS = sorted(path for path in SUITE.rglob("*.py") if APPS not in path.parents)


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module).partition(".")[0])
    return found


@pytest.mark.parametrize("app", NAMES)
def test_an_app_runs_without_our_code(app: str) -> None:
    ours = {"local", "shared", "activities", "orchestrators", "triggers", "tests", "tools", "benchmarks"}
    assert not imported(APPS / app / "function_app.py") & ours


@pytest.mark.parametrize("app", NAMES)
def test_an_app_is_what_core_tools_starts(app: str) -> None:
    host = json.loads((APPS / app / "host.json").read_text())
    assert host["version"] == "2.0"
    assert host["extensionBundle"]["id"] == "Microsoft.Azure.Functions.ExtensionBundle"
    assert "azure-functions" in (APPS / app / "requirements.txt").read_text()


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.name)
def test_scenarios_do_not_know_the_local_host(path: Path) -> None:
    if path.name not in KNOWS_THE_LOCAL_HOST:
        assert "local" not in imported(path)
        assert "local.host" not in path.read_text(encoding="utf-8")
