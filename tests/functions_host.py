"""Which Functions host the tests run the app on: the module that the variable FUNCTIONS_HOST names.

`local.host` is ours; `local.genuine` has Microsoft's durable engine (docs/conformance.md). They have one command line.
"""

import os

LOCAL = "local.host"
GENUINE = "local.genuine"

MODULE = os.environ.get("FUNCTIONS_HOST", LOCAL)
IS_GENUINE = MODULE == GENUINE
