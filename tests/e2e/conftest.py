"""One stack for the tests that leave it as it is; those that disturb a process start their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import functions_host
from tests.e2e.stack import Stack, Tenant, running_stack

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if functions_host.IS_GENUINE and HERE in item.path.parents:
            item.add_marker(pytest.mark.timeout(functions_host.TEST_SECONDS), append=False)


@pytest.fixture(name="stack", scope="session")
def _stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("stack"), topic=True) as stack:
        yield stack


@pytest.fixture(name="tenant")
def _tenant(stack: Stack) -> Tenant:
    return Tenant(stack).set_up()


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    return tmp_path
