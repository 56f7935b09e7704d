"""Which Functions host the tests run the app on: the module that the variable FUNCTIONS_HOST names.

`local.host` is ours; `local.genuine` has Microsoft's durable engine (docs/conformance.md). Both take `--app`, `--port`
and `--state`.
"""

import os
from collections.abc import Mapping

LOCAL = "local.host"
GENUINE = "local.genuine"

MODULE = os.environ.get("FUNCTIONS_HOST", LOCAL)
IS_GENUINE = MODULE == GENUINE

SETTINGS: Mapping[str, str] = {"MAX_POLL": "00:00:00.2"} if IS_GENUINE else {}
"""What a host of the tests is given besides: Microsoft's engine looks into idle queues more often than on Azure."""

LOST_MESSAGE_SECONDS = 75.0 if IS_GENUINE else 0.0
"""How much longer than on the local host something may take, once.

A message that a dead host had taken is invisible to the others for host.json's visibility timeout of a minute, and an
engine that is idle looks for it now and then.
"""

TRIES = 5 if IS_GENUINE else 1
"""How often a test asks while the answer is 503, come back later."""

TEST_SECONDS = 900.0
"""How long a test may take on Microsoft's engine: each of up to ten kills costs a visibility timeout."""
