"""Whether a request may do what it asks for: its key against the level that the function or the webhook wants."""

from starlette.requests import Request

from local.host.app import Function
from local.host.keys import Keys

KEY_HEADER = "x-functions-key"
KEY_PARAMETER = "code"

ANONYMOUS = "ANONYMOUS"
FUNCTION = "FUNCTION"
ADMIN = "ADMIN"


class Authorization:
    """Decides by the keys; without keys every request may do everything, as with Core Tools."""

    def __init__(self, keys: Keys | None) -> None:
        self._keys = keys

    def may_call(self, request: Request, function: Function) -> bool:
        """Tell whether a request may call an HTTP function."""
        level = str(function.trigger.properties.get("authLevel") or FUNCTION).upper()
        if self._keys is None or level == ANONYMOUS:
            return True
        if level == FUNCTION:
            return self._keys.opens_function(_key(request), function.name)
        return self._keys.opens_all(_key(request))

    def may_use_webhook(self, request: Request, extension: str) -> bool:
        """Tell whether a request may use an extension's webhook."""
        return self._keys is None or self._keys.opens_webhook(_key(request), extension)

    def may_administer(self, request: Request) -> bool:
        """Tell whether a request may use the host's own endpoints."""
        return self._keys is None or self._keys.opens_all(_key(request))

    def has_master_key(self, request: Request) -> bool:
        """Tell whether a request brings the master key: that calls disabled functions too."""
        return self._keys is not None and self._keys.opens_all(_key(request))


def _key(request: Request) -> str:
    """Return the key of a request, empty if it brings none; the header goes before the query."""
    if KEY_HEADER in request.headers:
        return request.headers[KEY_HEADER]
    codes = (value for name, value in request.query_params.multi_items() if name.lower() == KEY_PARAMETER)
    return next(codes, "")
