"""Which operation, image and org a log line is about."""

from typing import Protocol


class _About(Protocol):
    @property
    def operation_id(self) -> str: ...
    @property
    def image_id(self) -> str: ...
    @property
    def org_id(self) -> str: ...


def about(work: _About) -> str:
    """The ids in one form that people read and queries parse: `[operation=… image=… org=…]`.

    They are part of the message, since the Functions worker forwards nothing else of a log record.
    """
    return f"[operation={work.operation_id} image={work.image_id} org={work.org_id}]"
