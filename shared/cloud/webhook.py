"""Events to a webhook: a signed POST of the CloudEvent, for those without Event Grid.

The address is a setting of the deployment. No caller of the API can name one, so nobody can make us call what only we
can reach.
"""

import json
import time
from collections.abc import Mapping
from typing import Self

import requests

from shared.cloud.retry_after import seconds_to_wait
from shared.errors.services import EventRefused, SinkUnavailable
from shared.models.cloud_event import CloudEvent
from shared.settings import Settings
from shared.signatures import signature, signing_key

_CONNECT_SECONDS = 3.0
_READ_SECONDS = 10.0
_REFUSALS = (400, 413, 415, 422)
"""What finds fault with the event itself; all else may pass, or be mended."""


class WebhookSink:
    """An `EventSink` that posts to one URL. A redirect is not followed: it could lead anywhere."""

    def __init__(self, url: str, key: bytes) -> None:
        self._url = url
        self._key = key
        self._session = requests.Session()

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The webhook of the settings."""
        secret = settings.event_webhook_secret
        if settings.event_webhook_url is None or secret is None:
            raise ValueError("no webhook is set up")
        return cls(settings.event_webhook_url, signing_key(secret.get_secret_value()))

    def send(self, event: CloudEvent) -> None:
        """See `EventSink.send`."""
        body = json.dumps(event.to_json(), ensure_ascii=False, separators=(",", ":")).encode()
        try:
            with self._session.post(
                self._url,
                data=body,
                headers=self._headers(event, body),
                timeout=(_CONNECT_SECONDS, _READ_SECONDS),
                allow_redirects=False,
                stream=True,  # nobody reads the answer's body, however long it is
            ) as answer:
                _judge(answer.status_code, answer.headers)
        except requests.RequestException as error:
            # Not its text: that may repeat the URL, which may hold a token.
            raise SinkUnavailable(f"The webhook does not answer ({type(error).__name__}).") from error

    def _headers(self, event: CloudEvent, body: bytes) -> dict[str, str]:
        now = int(time.time())
        return {
            "Content-Type": "application/cloudevents+json; charset=utf-8",
            "User-Agent": "image-catalog",
            "webhook-id": event.id,
            "webhook-timestamp": str(now),
            "webhook-signature": signature(self._key, event.id, now, body),
        }


def _judge(status: int, headers: Mapping[str, str]) -> None:
    if 200 <= status < 300:
        return
    if status in _REFUSALS:
        raise EventRefused(f"The webhook answers {status}.")
    advice = " Redirects are not followed: set EVENT_WEBHOOK_URL to where it leads." if 300 <= status < 400 else ""
    raise SinkUnavailable(f"The webhook answers {status}.{advice}", seconds_to_wait(headers))
