"""One stack for the tests that leave it as it is; those that disturb a process start their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.stack import Stack, Tenant, running_stack


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
