"""A host whose app asks Azure as if it knew nothing of its limits: `python -m benchmarks.unpaced_host`.

With the arguments of `python -m local.host`; to compare with.
"""

import importlib
import sys

from shared.cloud.arm.core import pacing
from tests import functions_host


def _let_through(*_: object) -> None:
    """Hold nothing back."""


pacing.Limits.check = _let_through  # type: ignore[assignment] # whatever it is asked

if __name__ == "__main__":
    sys.exit(importlib.import_module(f"{functions_host.MODULE}.__main__").main())
