"""`make reset`: what `make run` kept is gone, and nothing else."""

from pathlib import Path

import pytest

from local.run.locks import run_lock
from local.run.reset import main


@pytest.fixture(name="data")
def _data(tmp_path: Path) -> Path:
    data = tmp_path / "state"
    with run_lock(data):
        (data / "logs").mkdir()
        (data / "logs" / "host.log").write_text("something")
    (tmp_path / "beside").write_text("mine")
    return data


def test_the_state_is_removed_and_nothing_beside_it(data: Path) -> None:
    assert main(["--data", str(data)]) == 0
    assert [path.name for path in data.parent.iterdir()] == ["beside"]
    assert main(["--data", str(data)]) == 0, "a second time there is nothing to do"


def test_nothing_is_removed_while_a_run_works_in_it(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with run_lock(data):
        assert main(["--data", str(data)]) == 1
    assert (data / "logs" / "host.log").exists()
    assert "Nothing was removed" in capsys.readouterr().err


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert main(["--data", str(tmp_path)]) == 1
    assert (tmp_path / "thesis.txt").exists()
    assert "no data folder" in capsys.readouterr().err
