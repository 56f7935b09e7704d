"""The local host, for an app that gives requests up whose records do not come within a few seconds, not in a minute.

`python -m tests.e2e.hasty_host`, with the arguments of `python -m local.host`: for tests that have to wait for that.
"""

import sys

from local.host.__main__ import main
from orchestrators import policies

policies.ACCEPTANCE_WAITS = (0.2, 1.0, 2.0, 3.0)  # type: ignore[assignment] # a tuple of another length

if __name__ == "__main__":
    sys.exit(main())
