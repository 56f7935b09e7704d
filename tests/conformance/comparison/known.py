"""What differs between the local host and Microsoft's engine, and why it may."""

import re
from dataclasses import dataclass

from tests.conformance.comparison.answer import Difference


@dataclass(frozen=True)
class Known:
    """A difference that is meant: regular expressions for requests and for the place in the answer, and the reason.

    `what` names it in the documentation.
    """

    what: str
    reason: str
    requests: str
    place: str

    def explains(self, difference: Difference) -> bool:
        """Whether it is this one."""
        return bool(re.fullmatch(self.requests, difference.request) and re.fullmatch(self.place, difference.place))


KNOWN = (
    Known(
        what="`StackTrace` of an error is empty",
        reason="the local host has no stack of .NET",
        requests=".*",
        place=r"body\.StackTrace",
    ),
    Known(
        what="the words for a body that is no JSON",
        reason="those of Python's parser, and not of Newtonsoft's",
        requests=r"POST .* '(\{|\{broken|\[1,|nobody|broken|\{\"a\": 1\} x|\"open|)'",
        place=r"body\.(ExceptionMessage|Message)",
    ),
    Known(
        what="a body that ends early is 400, and 500 there",
        reason="its parser raises something else then, and nothing catches that",
        requests=r"POST orchestrators/.* '(\{|\[1,)'",
        place=r"status|body\.(Message|ExceptionMessage|ExceptionType)",
    ),
    Known(
        what="a body like `{a: 1}` or `'single'` is 400, and taken there",
        reason="Newtonsoft takes more than JSON; whoever sends it should hear of it",
        requests=r"POST orchestrators/.* ('\{a: 1\}'|\"'single'\")",
        place=r"status|body.*|header .*",
    ),
    Known(
        what="an event without body and Content-Type is 400, and 500 there",
        reason="the extension meets a null reference",
        requests=r"POST instances/<(running|suspended)>/raiseEvent/Go",
        place=r"status|body\..*",
    ),
    Known(
        what="entities are no instances",
        reason="the extension keeps them as orchestrations that never end, so that lists and operations find them",
        requests=r"(GET instances(/|\?top=1|\?instanceIdPrefix=)?|\w+ instances/@counter@looked-at-entity.*)",
        place=".*",
    ),
    Known(
        what="`taskHub` in the query is ignored",
        reason="a state file is one task hub; the extension looks into the one that is named",
        requests=r".*taskHub=Elsewhere.*",
        place=".*",
    ),
    Known(
        what="a version other than the app's own runs, and stays Pending there",
        reason="the local host knows no versions",
        requests=r".*\?version=2\.0 .*",
        place=".*",
    ),
    Known(
        what="`Generation` of ExecutionStarted is 0",
        reason="the extension counts how often an id is used, though not after continue_as_new",
        requests=".*",
        place=r"body\.historyEvents\[0\]\.Generation",
    ),
    Known(
        what="`PUT` and `PATCH` of makeprimary are 404",
        reason="the Functions host lets no such request through, but it is not in the program that is compared",
        requests="(PUT|PATCH) makeprimary",
        place="status",
    ),
    Known(
        what="details of a failure are the worker's text, and a serialised exception of .NET there",
        reason="they are for people, who are spared most of it",
        requests=r"POST orchestrators/.*, then its status",
        place=r"body\.historyEvents\[\d+\]\.Details",
    ),
    Known(
        what="the reason of what fails by another's failure ends with those details",
        reason="as above: the SDK writes them into it",
        requests=r"POST orchestrators/(activity_failure|calls_unserialisable|retr\w+_child\w*|parent_that_fails_too)/.*"
        ", then its status",
        place=r"body\.(output|historyEvents\[\d+\]\.(Reason|Result))",
    ),
    Known(
        what="a stack has other lines of Python's own library",
        reason="the local host reads inputs by a faster way, and calls orchestrators without a thread pool",
        requests=r"POST orchestrators/(input_only/<new> application/json '\"Bob\"'|returns_object/.*), then its status",
        place=r"body\.(output|historyEvents\[\d+\]\.Result)",
    ),
)


def table() -> str:
    """Return the differences as the documentation has them."""
    rows = [f"| {each.what} | {each.reason} |" for each in KNOWN]
    return "\n".join(["| of the local host | why |", "|---|---|", *rows])
