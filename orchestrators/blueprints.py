"""All orchestrations, for the function app and for tests that run them."""

from orchestrators import copy_image, import_image, remove_image, repair_operation, sweep
from orchestrators.engine import await_retry, await_turn, replicate_version, run_step

ORCHESTRATIONS = (
    *(import_image.bp, copy_image.bp, remove_image.bp, repair_operation.bp, sweep.bp),
    *(run_step.bp, await_turn.bp, await_retry.bp, replicate_version.bp),
)
