"""Where the host reaches into the Durable SDK (azure-functions-durable 1.7, azure-functions 1.26).

The SDK runs inside the worker process of the real host, alone and for ever. Here it shares a process with the
host, is started and stopped by tests, and replays far more often. Six things follow, all without touching what
it computes:

* Replay is quickened, which is a story of its own (`sdk_replay`).
* The executor warns through `warnings` of each completion that nobody waits for yet, which is normal for an
  early event. Where warnings are errors, this would fail the orchestration; it belongs in the log.
* The JSON codec warns once, by DeprecationWarning, that no type was given: a hint for the SDK's callers.
* The SDK knows whether an orchestrator's code replays. Only there can the log learn it, which is to show a line once.
* An entity's exception becomes a text inside the SDK; its traceback is logged before.
* The client keeps one global aiohttp session and lock, bound to the loop that first used them. A host opens
  them on its own loop, and closes them when it stops.
"""

import asyncio
import logging
import sys
import warnings
from typing import Any

from azure.durable_functions import (
    DurableEntityContext,
    DurableOrchestrationClient,
    DurableOrchestrationContext,
    Entity,
)
from azure.functions import _durable_functions as codec

from local.host.log import replaying
from local.host.sdk_replay import quicken
from local.host.traces import shorten

_MODELS = DurableOrchestrationClient.__module__.rpartition(".")[0]

logger = logging.getLogger(__name__)


class _LoggedWarnings:
    """Stands in for the module `warnings` inside the SDK's executor."""

    @staticmethod
    def warn(message: str) -> None:
        logger.debug(message)


def prepare() -> None:
    """Make the changes that last for the life of the process; doing it again changes nothing (but see `quicken`)."""
    # By module name: the packages' attributes of these names are the classes, which hide the modules.
    quicken()
    sys.modules[f"{_MODELS}.TaskOrchestrationExecutor"].__dict__["warnings"] = _LoggedWarnings
    DurableOrchestrationContext._set_is_replaying = _set_is_replaying  # noqa: SLF001 - nothing public tells
    Entity.handle = _handle_telling
    codec._no_expected_type_notice_emitted = True  # noqa: SLF001 - a flag without a public setter
    codec._loose_codec_notice_emitted = True  # noqa: SLF001 - a flag without a public setter


async def open_session() -> None:
    """Open the client's HTTP session on the running loop."""
    http = _http_module()
    http["_session_lock"] = asyncio.Lock()
    with warnings.catch_warnings():
        # aiohttp warns on newer Pythons of an option that the SDK sets.
        warnings.simplefilter("ignore", DeprecationWarning)
        await http["_get_session"]()


async def close_session() -> None:
    """Close the client's HTTP session, on the loop that opened it."""
    http = _http_module()
    await http["_close_session"]()
    http["_client_session"] = None


def _set_is_replaying(context: DurableOrchestrationContext, is_replaying: bool) -> None:
    context._is_replaying = is_replaying  # noqa: SLF001 - what the SDK does here
    replaying.set(is_replaying)


_handle = Entity.handle


def _handle_telling(entity: Entity, context: DurableEntityContext, batch: list[dict[str, Any]]) -> str:
    call = entity.fn

    def telling(context: DurableEntityContext) -> None:
        try:
            call(context)
        except Exception as exc:
            logger.exception("Operation %s failed", context.operation_name, exc_info=shorten(exc))
            raise

    entity.fn = telling
    return str(_handle(entity, context, batch))


def _http_module() -> dict[str, Any]:
    return sys.modules[f"{_MODELS}.utils.http_utils"].__dict__
