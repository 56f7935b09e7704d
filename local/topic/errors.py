"""What the topic refuses, in Event Grid's words."""

from typing import Any


class TopicError(Exception):
    """A refusal: status, Event Grid's code, and a message for people."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def body(self) -> dict[str, Any]:
        """Return the response's body."""
        return {"error": {"code": self.code, "message": str(self), "details": []}}
