"""Tests of what only Microsoft's engine can show; `make genuine` runs them."""

from pathlib import Path

import pytest

from tests import functions_host

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            if functions_host.IS_GENUINE:
                item.add_marker(pytest.mark.timeout(functions_host.TEST_SECONDS), append=False)
            else:
                item.add_marker(pytest.mark.skip(reason="is about Microsoft's engine: make genuine"))
