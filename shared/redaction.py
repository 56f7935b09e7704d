"""Taking secrets out of texts that are logged or shown. Pure."""

import json
import re
from collections.abc import Iterator

_SIGNATURE = re.compile(r"([?&]sig=)[^&\s\"'<>]+", re.IGNORECASE)
_HIDDEN = "[hidden]"
_HEAD, _TAIL = 800, 400
"""Characters that are shown of the beginning and of the end of a text that is too long to be shown whole."""


def redacted(text: str, secret: str | None = None) -> str:
    """A text of others without a secret in it, in whichever way JSON writes it, and without signatures of URLs.

    Of the secret, any white space is as good as any other: a text that is laid out anew may have changed it. A text
    that was cut is past help, since a part of a secret is not found: so `shown` cuts last.

    >>> redacted("see https://h/x?a=1&sig=abc%3D&b=2 for pa55  word", "pa55 word")
    'see https://h/x?a=1&sig=[hidden]&b=2 for [hidden]'
    """
    for form in _forms(secret) if secret else ():
        if words := form.split():
            text = re.sub(r"\s+".join(map(re.escape, words)), _HIDDEN, text)
    return _SIGNATURE.sub(rf"\1{_HIDDEN}", text)


def shown(text: str, secret: str | None = None) -> str:
    """A text of others as people are shown it: redacted, and a long one without its middle.

    What is the matter is at its beginning; what to do about it, or the last that a script said, is at its end.
    """
    safe = redacted(text, secret)
    return safe if len(safe) <= _HEAD + _TAIL else f"{safe[:_HEAD]} … {safe[-_TAIL:]}"


def _forms(secret: str) -> Iterator[str]:
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
