"""`make run` from outside: what it prints, how it exits, and that no process is left."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

StartRun = Callable[..., Any]


def test_once_ends_well_when_the_image_is_complete(start_run: StartRun) -> None:
    """All the steps are shown, a retry too, then the record; the exit status is 0 and no process is left."""
    run = start_run("complete", "--once")

    assert run.wait() == 0, run.output
    for text in (
        "step 1 of 3: Check the request",
        "Create the virtual machine: waiting to retry; attempt 2 follows: QuotaExceeded",
        "step 3 of 3: Restart the virtual machine",
        "The import is complete",
        "IMPORT_COMPLETE",
        "/history?org_id=org-demo'",
    ):
        assert text in run.output
    assert run.processes() == []


def test_once_fails_when_the_import_fails(start_run: StartRun) -> None:
    """The exit status is 1, and what happened is said."""
    run = start_run("failed", "--once")

    assert run.wait() == 1
    assert "Create the virtual machine: failed" in run.output
    assert "QuotaExceeded: There are no cores left." in run.output
    assert "curl -X POST 'http://here/operations/" in run.output
    assert run.processes() == []


def test_ctrl_c_after_the_import_is_a_good_end(start_run: StartRun) -> None:
    """It serves until then, and exits with 0."""
    run = start_run("complete")
    run.wait_for("Serving until Ctrl-C")
    run.send(signal.SIGINT)

    assert run.wait() == 0, run.output
    assert "Traceback" not in run.output
    assert run.processes() == []


@pytest.mark.parametrize("moment", ["The image catalog on this machine", "Storage", "Importing Windows-11"])
def test_ctrl_c_ends_everything_at_any_moment(start_run: StartRun, moment: str) -> None:
    """While services start or the import runs, Ctrl-C leaves nothing behind, exit status 130."""
    run = start_run("stuck")
    run.wait_for(moment)
    run.send(signal.SIGINT)

    assert run.wait() == 130, run.output
    assert "Traceback" not in run.output
    assert run.processes() == []


def test_a_killed_run_leaves_nothing_and_the_next_one_goes_on(start_run: StartRun) -> None:
    """After kill -9 all services end, and the next run finishes the import that was under way, then the sample."""
    killed = start_run("stuck")
    killed.wait_for("step 1 of 3")
    killed.send(signal.SIGKILL)
    killed.wait()
    next_run = start_run("complete", "--once")

    assert next_run.wait() == 0, next_run.output
    assert "Images from earlier runs: 1" in next_run.output
    first = next_run.output.index("Going on with Windows-11-")
    ended = next_run.output.index("It has ended: Succeeded")
    sample = next_run.output.index("Importing Windows-11-")
    assert first < ended < sample
    assert next_run.url("Resource Manager") == killed.url("Resource Manager")
    assert killed.processes() == []


def test_all_processes_end_with_a_killed_run(start_run: StartRun, wait_until: Any) -> None:
    """The kernel ends the services of a run that was killed, with nobody's help."""
    run = start_run("stuck")
    run.wait_for("step 1 of 3")
    assert len(run.processes()) == 6  # itself, Azurite, Resource Manager, Key Vault, the topic and the host
    run.send(signal.SIGKILL)

    wait_until(lambda: not run.processes(), "all processes have ended")


def test_a_second_run_is_refused(start_run: StartRun) -> None:
    """Two runs never share their data: the second says so, with exit status 2, and the first goes on."""
    first = start_run("complete")
    first.wait_for("Serving until Ctrl-C")
    second = start_run("complete")

    assert second.wait() == 2
    assert "running here already (process" in second.output
    first.send(signal.SIGTERM)
    assert first.wait() == 0


def test_a_service_that_dies_ends_the_run(start_run: StartRun) -> None:
    """Which one it was is said, the exit status is 1, and the others end too."""
    run = start_run("complete")
    run.wait_for("Serving until Ctrl-C")
    run.service("vault").kill()

    assert run.wait() == 1
    assert "vault ended with status -9" in run.output
    assert run.processes() == []


def test_a_host_that_dies_during_the_import_ends_the_run(start_run: StartRun) -> None:
    """The tail of the host's log is shown."""
    run = start_run("crash")

    assert run.wait() == 1
    assert "host ended with status 3" in run.output
    assert "host.log ends:" in run.output
    assert "Traceback" not in run.output


def test_a_service_that_cannot_start_is_named(start_run: StartRun, tmp_path: Path) -> None:
    """A state that cannot be opened is reported with the service's own words."""
    (tmp_path / "data" / "vault.sqlite").mkdir(parents=True)
    run = start_run("complete")

    assert run.wait() == 1
    assert "vault ended with status" in run.output
    assert run.processes() == []
