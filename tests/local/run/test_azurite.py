"""Azurite, as the tests and `make run` use it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from azure.data.tables import TableServiceClient

from local.azurite import AzuriteError, launcher, running_azurite
from local.azurite.node import find_node, system_node

Wait = Callable[[Callable[[], bool], str], None]
KILLED_PARENT = """
import os, pathlib, sys
from local.azurite import running_azurite
with running_azurite(pathlib.Path(sys.argv[1])):
    os.kill(os.getpid(), 9)
"""


def write_rows(connection: str, count: int) -> None:
    with TableServiceClient.from_connection_string(connection) as service:
        table = service.create_table_if_not_exists("rows")
        for number in range(count):
            table.upsert_entity({"PartitionKey": "p", "RowKey": str(number)})


def count_rows(connection: str) -> int:
    with TableServiceClient.from_connection_string(connection) as service:
        return len(list(service.get_table_client("rows").list_entities()))


def test_data_on_disk_are_there_at_the_next_start(tmp_path: Path) -> None:
    """A stop loses nothing, though Azurite writes its files only every five seconds."""
    with running_azurite(tmp_path) as azurite:
        write_rows(azurite.connection_string, 20)

    with running_azurite(tmp_path) as azurite:
        assert count_rows(azurite.connection_string) == 20


def test_two_in_memory_have_nothing_in_common() -> None:
    """Each has ports and data of its own."""
    with running_azurite() as one, running_azurite() as two:
        write_rows(one.connection_string, 1)
        write_rows(two.connection_string, 2)

        assert (count_rows(one.connection_string), count_rows(two.connection_string)) == (1, 2)


def test_it_ends_with_a_killed_parent(tmp_path: Path, wait_until: Wait) -> None:
    """Node.js itself gets the signal, and nothing is left."""
    parent = subprocess.run([sys.executable, "-c", KILLED_PARENT, str(tmp_path)], check=False)  # noqa: S603 - ours

    assert parent.returncode == -9
    wait_until(lambda: not _processes_of(tmp_path), "Azurite has ended")


def test_without_installation_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The error names the command that helps."""
    monkeypatch.setattr(launcher, "SCRIPT", tmp_path / "azurite.js")

    with pytest.raises(AzuriteError, match="make setup"), running_azurite():
        pass


@pytest.mark.parametrize("script", ["exit 1", "echo /usr/bin/node; echo 16.20.2", "echo nonsense"])
def test_an_unusable_node_is_not_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str) -> None:
    """A broken shim and a version that is too old count as none."""
    node = tmp_path / "node"
    node.write_text(f"#!/bin/sh\n{script}\n")
    node.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    assert system_node() is None


def test_the_node_that_is_found_is_a_binary() -> None:
    """A script would swallow the signals."""
    node = find_node()

    assert node is not None
    with node.executable.open("rb") as stream:
        assert stream.read(2) != b"#!"


def _processes_of(location: Path) -> list[psutil.Process]:
    return [process for process in psutil.process_iter(["cmdline"]) if str(location) in (process.info["cmdline"] or [])]
