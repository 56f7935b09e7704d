"""The local host, for an app that asks Azure as if it knew nothing of its limits: `python -m benchmarks.unpaced_host`.

With the arguments of `python -m local.host`; to compare with.
"""

import sys

from local.host.__main__ import main
from shared.cloud.arm import pacing


def _let_through(*_: object) -> None:
    """Hold nothing back."""


pacing.Limits.check = _let_through  # type: ignore[assignment] # whatever it is asked

if __name__ == "__main__":
    sys.exit(main())
