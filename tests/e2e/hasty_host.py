"""The host of the tests, for an app that gives requests up whose records do not come within seconds, not in a minute.

`python -m tests.e2e.hasty_host`, with the arguments of `python -m local.host`: for tests that have to wait for that.
"""

import importlib
import sys

from orchestrators.engine import policies
from tests import functions_host

policies.ACCEPTANCE_WAITS = (0.2, 1.0, 2.0, 3.0)  # type: ignore[assignment] # a tuple of another length

if __name__ == "__main__":
    sys.exit(importlib.import_module(f"{functions_host.MODULE}.__main__").main())
