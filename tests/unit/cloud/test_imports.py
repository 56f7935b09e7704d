"""What a cold start pays for: accepting a request must not load the management SDKs; and imports by many threads."""

import ast
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from shared.cloud.importing import once

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    "module", ["shared.cloud.storage.tables", "shared.cloud.key_vault", "shared.cloud.arm.image_provider"]
)
def test_no_management_sdk_is_loaded_before_it_is_needed(module: str) -> None:
    program = f"import sys, {module}; print([name for name in sys.modules if name.startswith('azure.mgmt')])"
    found = subprocess.run(  # noqa: S603 - our own command line
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"


def _late_imports(tree: ast.Module) -> Iterator[ast.AST]:
    """Imports inside functions, but for those that one thread at a time comes to."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        if any(isinstance(each, ast.Name) and each.id == "once" for each in function.decorator_list):
            continue
        alone = {
            id(each)
            for block in ast.walk(function)
            if isinstance(block, ast.With) and ast.unparse(block.items[0].context_expr) == "IMPORTING"
            for each in ast.walk(block)
        }
        for each in ast.walk(function):
            if isinstance(each, ast.Import | ast.ImportFrom) and id(each) not in alone:
                yield each


@pytest.mark.parametrize(
    "path", [ROOT / "shared" / "wiring.py", *(ROOT / "shared" / "cloud").rglob("*.py")], ids=lambda path: path.stem
)
def test_what_is_imported_late_is_imported_by_one_thread_at_a_time(path: Path) -> None:
    """Else threads that begin at once run into Python's deadlock detection, and a request into a 500."""
    assert not [ast.unparse(each) for each in _late_imports(ast.parse(path.read_text(encoding="utf-8")))]


def test_what_is_built_once_is_built_by_one_thread_and_shared() -> None:
    together, built = threading.Barrier(8), []

    @once
    def build() -> object:
        built.append(threading.get_ident())
        return object()

    def get(_: int) -> object:
        together.wait()
        return build()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(get, range(8)))) == 1
    assert len(built) == 1


def test_a_build_that_failed_is_tried_again() -> None:
    outcomes: Iterator[OSError | str] = iter([OSError("away"), "there"])

    @once
    def build() -> str:
        outcome = next(outcomes)
        if isinstance(outcome, OSError):
            raise outcome
        return outcome

    with pytest.raises(OSError, match="away"):
        build()
    assert build() == build() == "there"
