"""Send the same requests to the local host and to Microsoft's engine, and print where their answers differ."""

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests import functions_host
from tests.conformance.client import Host
from tests.conformance.comparison import histories, instances, many
from tests.conformance.comparison.answer import Difference, differences
from tests.conformance.comparison.case import Case
from tests.conformance.comparison.host import answers, prepare
from tests.conformance.comparison.known import KNOWN, Known
from tests.conformance.hosts import started

DEADLINE_SECONDS = 60.0
AT_ONCE = 6

Pair = tuple[Host, Host]
"""The local host and Microsoft's engine, with the same app."""


def main() -> int:
    """Compare the two hosts; returns the exit status, which is 0 if all that differs is listed, and still differs."""
    os.environ.setdefault("MAX_POLL", "00:00:00.2")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        with _both("control") as control:
            results = [_compared(control, number, case) for number, case in enumerate(many.purges())]
            list(pool.map(lambda host: prepare(host, instances.STATES), control))
            cases = list(enumerate([*instances.cases(), *many.cases()], len(results)))
            # What is only looked at must not change meanwhile.
            for only_looks in (True, False):
                wave = [each for each in cases if each[1].only_looks is only_looks]
                results += pool.map(lambda each: _compared(control, *each), wave)
        with _both("durable") as durable:
            results += pool.map(lambda each: _compared(durable, *each), enumerate(histories.cases()))
    return _report(results)


@contextmanager
def _both(app: str) -> Iterator[Pair]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        hosts = []
        for module in (functions_host.LOCAL, functions_host.GENUINE):
            (folder / module).mkdir()
            url = stack.enter_context(started(app, folder / module, module))
            hosts.append(Host(url, app, "", DEADLINE_SECONDS))
            stack.callback(hosts[-1].http.close)
        yield hosts[0], hosts[1]


def _compared(pair: Pair, number: int, case: Case) -> list[tuple[str, list[Difference]]]:
    """Return what was asked, each with where the answers differ."""
    ours, theirs = (answers(host, case, number) for host in pair)
    return [(name, differences(name, mine, other)) for (name, mine), (_, other) in zip(ours, theirs, strict=True)]


def _report(results: Sequence[list[tuple[str, list[Difference]]]]) -> int:
    asked = [each for result in results for each in result]
    met: Counter[Known] = Counter()
    unlisted: list[Difference] = []
    for _, found in asked:
        for difference in found:
            listed = [each for each in KNOWN if each.explains(difference)]
            met.update(listed)
            unlisted += [] if listed else [difference]
    gone = [each for each in KNOWN if not met[each]]
    for difference in unlisted:
        sys.stdout.write(f"{difference}\n")
    for each in gone:
        sys.stdout.write(f"listed, and differs no more: {each.requests} {each.place}: {each.reason}\n")
    same = sum(not found for _, found in asked)
    sys.stdout.write(
        f"{len(results)} requests, {len(asked)} answers compared: {same} are the same, {len(asked) - same} differ; "
        f"{len(unlisted)} differences are unlisted, {len(gone)} listed ones are gone\n"
    )
    return 1 if unlisted or gone else 0


if __name__ == "__main__":
    sys.exit(main())
