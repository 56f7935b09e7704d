"""Where the suite is pointed at, and the hosts as fixtures."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import functions_host
from tests.conformance.client import Host
from tests.conformance.hosts import SERVED, NotAnApp, found, started
from tests.conformance.scenario import Runs

HERE = Path(__file__).parent

KEY_VARIABLE = "CONFORMANCE_SYSTEM_KEY"
DEADLINE_SECONDS = 30.0

Open = Callable[[str], Host]


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("conformance", "the conformance suite (docs/conformance.md)")
    group.addoption(
        "--base-url",
        action="append",
        default=[],
        metavar="URL",
        help="a host that runs one of the apps; may be given several times (default: the local host runs them all)",
    )
    group.addoption(
        "--system-key", default="", metavar="KEY", help=f"a key of those hosts (default: the variable {KEY_VARIABLE})"
    )
    group.addoption(
        "--deadline",
        type=float,
        default=DEADLINE_SECONDS,
        metavar="SECONDS",
        help=f"how long a host may take for anything (default: {DEADLINE_SECONDS:.0f})",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.brief)
            if functions_host.IS_GENUINE:
                item.add_marker(pytest.mark.timeout(functions_host.TEST_SECONDS), append=False)


@pytest.fixture(name="open_host", scope="session")
def _open_host(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """Return the host that runs an app: the given one, or a local one that ends with the session."""
    # The options are unknown where this folder is collected as a part of all tests.
    urls = pytestconfig.getoption("--base-url", [])
    key = pytestconfig.getoption("--system-key", "") or os.environ.get(KEY_VARIABLE, "")
    deadline = pytestconfig.getoption("--deadline", DEADLINE_SECONDS)
    try:
        given = found(urls, key)
    except NotAnApp as exc:
        pytest.exit(str(exc), returncode=pytest.ExitCode.USAGE_ERROR)
    with ExitStack() as stack:

        def open_host(app: str) -> Host:
            if urls and app not in given:
                pytest.skip(f"no --base-url runs the app {app}")
            if not urls and app not in SERVED:
                pytest.skip(f"what the app {app} is about is the local host's own, whatever the engine")
            url = given.get(app) or stack.enter_context(started(app, tmp_path_factory.mktemp(app)))
            host = Host(url, app, key, deadline)
            stack.callback(host.http.close)
            return host

        yield open_host


@pytest.fixture(name="durable", scope="session")
def _durable(open_host: Open) -> Host:
    """The host that runs the app `durable`."""
    return open_host("durable")


@pytest.fixture(name="control", scope="session")
def _control(open_host: Open) -> Host:
    """The host that runs the app `control`."""
    return open_host("control")


@pytest.fixture(name="web", scope="session")
def _web(open_host: Open) -> Host:
    """The host that runs the app `http`."""
    return open_host("http")


@pytest.fixture(name="triggers", scope="session")
def _triggers(open_host: Open) -> Host:
    """The host that runs the app `triggers`."""
    return open_host("triggers")


@pytest.fixture(name="runs", scope="session")
def _runs(request: pytest.FixtureRequest, durable: Host) -> Iterator[Runs]:
    """Runs the scenarios that were selected."""
    chosen = (item.callspec.params for item in request.session.items if hasattr(item, "callspec"))
    runs = Runs(durable, [(params["group"], params["scenario"]) for params in chosen if "scenario" in params])
    yield runs
    runs.close()
