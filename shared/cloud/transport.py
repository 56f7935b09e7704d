"""The HTTP connections that all the SDK clients of a process share, and the one retry that is left to them."""

import logging
from functools import cache
from typing import Any

import requests
from azure.core.pipeline import PipelineResponse
from azure.core.pipeline.policies import RetryPolicy
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

CONNECTIONS = 64
"""Kept open for each host: the Functions worker runs 32 activities at once, each with a call or two under way."""

# At INFO the SDKs write some ten lines a request: that is a trace, not the log of an application.
logging.getLogger("azure.core.pipeline.policies.http_logging_policy").setLevel(logging.WARNING)


@cache
def transport(connect_seconds: float, read_seconds: float) -> RequestsTransport:
    """A transport with these timeouts, over the shared connections."""
    return RequestsTransport(
        session=_session(), session_owner=False, connection_timeout=connect_seconds, read_timeout=read_seconds
    )


@cache
def _session() -> requests.Session:
    session = requests.Session()
    # Who calls knows what may be sent twice.
    never = Retry(total=False, redirect=False, raise_on_status=False)
    session.mount("https://", HTTPAdapter(pool_maxsize=CONNECTIONS, max_retries=never))
    session.mount("http://", HTTPAdapter(pool_maxsize=CONNECTIONS, max_retries=never))
    return session


class BrokenConnectionRetry(RetryPolicy[Any, Any]):
    """Sends a request once more if its connection broke, as idle ones do; only for methods that may be sent twice.

    Answers are not retried: the SDK would sleep for as long as a Retry-After says, and hold a worker. Waiting is the
    workflow's business, which has durable timers for it. Only a 401 is sent again, once, since the SDK drops the
    token that was refused and asks for a new one.
    """

    def __init__(self, *methods: str) -> None:
        super().__init__(retry_total=1)
        self._methods = frozenset(methods)

    def configure_retries(self, options: dict[str, Any]) -> dict[str, Any]:
        """The settings for one request."""
        return super().configure_retries(options) | {"methods": self._methods}

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse[Any, Any]) -> bool:
        """Whether an answer calls for another try."""
        return response.http_response.status_code == 401 and not settings["history"]
