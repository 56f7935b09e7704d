"""The file that names a task hub."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.genuine.errors import StateUnusable
from local.genuine.hub import hub_of


def test_a_new_file_is_a_hub_of_its_own_and_keeps_its_name(tmp_path: Path) -> None:
    first, second = (hub_of(tmp_path / name, "ImageCatalog") for name in ("a", "b"))
    assert first != second
    assert hub_of(tmp_path / "a", "Other") == first
    for name in (first, second):
        assert re.fullmatch(r"ImageCatalog[0-9a-f]{12}", name)


def test_a_long_name_is_cut_to_what_the_extension_takes(tmp_path: Path) -> None:
    assert len(hub_of(tmp_path / "a", "Long-" * 20)) == 45


@pytest.mark.parametrize("usual", ["Übersicht-1", "1st", "-1a", "-", ""])
def test_what_the_extension_does_not_take_is_left_out(tmp_path: Path, usual: str) -> None:
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9]{12,44}", hub_of(tmp_path / "a", usual))


def test_hosts_that_start_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        names = {*pool.map(lambda _: hub_of(tmp_path / "deep" / "hub", "Shared"), range(64))}
    assert len(names) == 1


def test_a_file_of_another_program_is_left_alone(tmp_path: Path) -> None:
    state = tmp_path / "host.sqlite"
    state.write_bytes(b"SQLite format 3\x00")
    with pytest.raises(StateUnusable, match="does not name a task hub"):
        hub_of(state, "Shared")
    assert state.read_bytes() == b"SQLite format 3\x00"


@pytest.mark.parametrize("place", [".", "file/below"])
def test_a_place_where_no_file_can_be_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("a file")
    with pytest.raises(StateUnusable, match="cannot be used as the state file"):
        hub_of(tmp_path / place, "Shared")
