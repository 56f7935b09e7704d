"""What a cold start pays for: accepting a request must not load the management SDKs."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("module", ["shared.cloud.tables", "shared.cloud.key_vault", "shared.cloud.images"])
def test_no_management_sdk_is_loaded_before_it_is_needed(module: str) -> None:
    program = f"import sys, {module}; print([name for name in sys.modules if name.startswith('azure.mgmt')])"
    found = subprocess.run(  # noqa: S603 - our own command line
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"
