"""What is wrong, or tolerated, in a request: findings with stable codes and the place they are about. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class Code(StrEnum):
    """Every code that an answer of the API may carry; docs/api.md says what to do about each."""

    # The request as a whole
    PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    UNSUPPORTED_ENCODING = "UNSUPPORTED_ENCODING"
    EMPTY_BODY = "EMPTY_BODY"
    INVALID_JSON = "INVALID_JSON"
    WRAPPED_BODY = "WRAPPED_BODY"
    # One field or parameter
    REQUIRED = "REQUIRED"
    INVALID_VALUE = "INVALID_VALUE"
    TOO_LONG = "TOO_LONG"
    FORBIDDEN_CHARACTER = "FORBIDDEN_CHARACTER"
    CONTRADICTION = "CONTRADICTION"
    UNSUPPORTED_ACTION = "UNSUPPORTED_ACTION"
    UNSUPPORTED_SOURCE = "UNSUPPORTED_SOURCE"
    UNSUPPORTED_PROVIDER = "UNSUPPORTED_PROVIDER"
    ACTION_SOURCE_MISMATCH = "ACTION_SOURCE_MISMATCH"
    INVALID_USERNAME = "INVALID_USERNAME"
    WEAK_PASSWORD = "WEAK_PASSWORD"  # noqa: S105 - a code
    SECRET_NOT_ALLOWED = "SECRET_NOT_ALLOWED"  # noqa: S105 - a code
    DATA_TOO_LARGE = "DATA_TOO_LARGE"
    SIZE_WITHOUT_GPU = "SIZE_WITHOUT_GPU"
    SUBNET_NOT_ALLOWED = "SUBNET_NOT_ALLOWED"
    PUBLIC_IP_NOT_ALLOWED = "PUBLIC_IP_NOT_ALLOWED"
    UNKNOWN_PROVIDER_INSTANCE = "UNKNOWN_PROVIDER_INSTANCE"
    NO_GALLERY = "NO_GALLERY"
    SOURCE_NOT_FOUND = "SOURCE_NOT_FOUND"
    SOURCE_NOT_AVAILABLE = "SOURCE_NOT_AVAILABLE"
    # Tolerated, unless the caller prefers strict handling
    UNKNOWN_FIELD = "UNKNOWN_FIELD"
    IGNORED_FIELD = "IGNORED_FIELD"
    ALTERNATIVE_NAME = "ALTERNATIVE_NAME"
    LETTER_CASE = "LETTER_CASE"
    BOOLEAN_AS_STRING = "BOOLEAN_AS_STRING"
    STRING_INSTEAD_OF_ARRAY = "STRING_INSTEAD_OF_ARRAY"
    UNKNOWN_OS = "UNKNOWN_OS"
    OS_OF_ANOTHER_IMAGE = "OS_OF_ANOTHER_IMAGE"
    # The caller, and the state of things
    UNAUTHENTICATED = "UNAUTHENTICATED"
    ORG_MISMATCH = "ORG_MISMATCH"
    NOT_FOUND = "NOT_FOUND"
    NAME_IN_USE = "NAME_IN_USE"
    IN_USE = "IN_USE"
    OPERATION_ENDED = "OPERATION_ENDED"
    NOT_CANCELABLE = "NOT_CANCELABLE"
    NOTHING_TO_RETRY = "NOTHING_TO_RETRY"
    TOO_LATE_TO_RETRY = "TOO_LATE_TO_RETRY"
    CHANGED = "CHANGED"
    CONFLICT = "CONFLICT"
    REQUEST_IN_PROGRESS = "REQUEST_IN_PROGRESS"
    KEY_REUSED = "KEY_REUSED"
    TOO_LATE_TO_REPEAT = "TOO_LATE_TO_REPEAT"
    TRY_AGAIN = "TRY_AGAIN"
    STORE_UNAVAILABLE = "STORE_UNAVAILABLE"
    SECRET_STORE_UNAVAILABLE = "SECRET_STORE_UNAVAILABLE"  # noqa: S105 - a code
    AZURE_UNAVAILABLE = "AZURE_UNAVAILABLE"
    AZURE_REFUSED = "AZURE_REFUSED"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a request.

    Attributes:
        code: for programs.
        message: for people; a sentence that never repeats a secret.
        pointer: JSON pointer (RFC 6901) into the body, "" for all of it; None where it is about no body.
        parameter: the query parameter it is about, or None.
    """

    code: Code
    message: str
    pointer: str | None = None
    parameter: str | None = None


@dataclass
class Notes:
    """Collects the findings of one request; what is tolerated is a warning, or a finding when handling is strict."""

    strict: bool = False
    findings: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)

    def refuse(self, code: Code, message: str, pointer: str | None = None, parameter: str | None = None) -> None:
        """Note what makes the request unacceptable."""
        self.findings.append(Finding(code, message, pointer, parameter))

    def tolerate(self, code: Code, message: str, pointer: str) -> None:
        """Note an oddity that lenient handling puts up with."""
        (self.findings if self.strict else self.warnings).append(Finding(code, message, pointer))


MOST_OF_A_CODE = 25
"""How many findings of one code an answer lists: more would help nobody, and hide those of other codes."""


LONGEST_NAME = 60
"""No field of ours has a longer name."""


def listed(findings: Sequence[Finding]) -> Sequence[Finding]:
    """Those that an answer lists, of every code the first: a small request must not have a large answer."""
    seen: Counter[Code] = Counter()
    chosen = []
    for finding in findings:
        seen[finding.code] += 1
        if seen[finding.code] <= MOST_OF_A_CODE:
            chosen.append(finding)
    return chosen


def pointer_to(*steps: str | int) -> str:
    """The JSON pointer to a place, from the outermost step in.

    >>> pointer_to("a/b", 0)
    '/a~1b/0'
    """
    return "".join("/" + _shown(str(step)).replace("~", "~0").replace("/", "~1") for step in steps)


def _shown(step: str) -> str:
    """As much of a name as tells which one it is: a request's own names may be as long as its body."""
    return step if len(step) <= LONGEST_NAME else step[:LONGEST_NAME] + "…"


def one_of(values: Sequence[str]) -> str:
    """The sentence for a value outside of an enum."""
    return "must be one of: " + ", ".join(values)
