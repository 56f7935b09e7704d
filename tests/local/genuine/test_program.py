"""Where the program with Microsoft's engine comes from, and what is said where there is none."""

import subprocess
import sys
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.genuine import program
from local.genuine.errors import ProgramMissing

ROOT = Path(__file__).parents[3]


@pytest.fixture(name="place")
def _place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A checkout that has neither program nor archive."""
    monkeypatch.delenv(program.VARIABLE, raising=False)
    monkeypatch.setattr(program, "ROOT", tmp_path)
    monkeypatch.setattr(program, "TOOLS", tmp_path / ".tools")
    monkeypatch.setattr(program, "ARCHIVE", tmp_path / "archive.tar.xz")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    return tmp_path


def pack(archive: Path) -> None:
    source = archive.parent / "host"
    source.mkdir()
    (source / program.NAME).write_text("#!/bin/sh\n")
    (source / program.NAME).chmod(0o755)
    with tarfile.open(archive, "w:xz") as tar:
        tar.add(source, "host")


def test_without_a_program_it_says_how_to_get_one(place: Path) -> None:
    with pytest.raises(ProgramMissing) as raised:
        program.find()
    assert program.BUILD in str(raised.value)
    assert program.VARIABLE in str(raised.value)


def test_the_archive_is_unpacked_once(place: Path) -> None:
    pack(program.ARCHIVE)
    with ThreadPoolExecutor(8) as pool:
        found = {*pool.map(lambda _: program.find(), range(8))}
    assert found == {place / ".tools" / program.NAME / program.NAME}
    program.ARCHIVE.unlink()
    assert program.find() in found


def test_a_folder_without_the_program_is_replaced(place: Path) -> None:
    (place / ".tools" / program.NAME).mkdir(parents=True)
    pack(program.ARCHIVE)
    assert program.find().is_file()


def test_an_archive_that_is_cut_off_is_named(place: Path) -> None:
    pack(program.ARCHIVE)
    content = program.ARCHIVE.read_bytes()
    program.ARCHIVE.write_bytes(content[: len(content) // 2])
    with pytest.raises(ProgramMissing, match="cannot be unpacked"):
        program.find()
    assert not (place / ".tools" / program.NAME).exists()


def test_an_archive_for_other_machines_is_left_alone(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack(program.ARCHIVE)
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    with pytest.raises(ProgramMissing):
        program.find()


def test_the_variable_comes_first_and_must_name_a_program(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack(program.ARCHIVE)
    named = place / "host" / program.NAME
    monkeypatch.setenv(program.VARIABLE, str(named))
    assert program.find() == named
    monkeypatch.setenv(program.VARIABLE, str(place / "nothing"))
    with pytest.raises(ProgramMissing, match="no program of that name"):
        program.find()


def test_the_source_is_what_the_command_builds() -> None:
    folder = ROOT / "local" / "genuine" / "dotnet"
    assert f" {folder.relative_to(ROOT).as_posix()} " in program.BUILD
    assert f"<AssemblyName>{program.NAME}</AssemblyName>" in (folder / "genuine.csproj").read_text()


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({}, "error: AzureWebJobsStorage is not set"),
        ({"AzureWebJobsStorage": "x", "GENUINE_HOST": "/nowhere"}, "error: GENUINE_HOST is /nowhere"),
    ],
)
def test_the_launcher_ends_with_a_sentence(tmp_path: Path, environment: dict[str, str], sentence: str) -> None:
    app = ROOT / "tests" / "conformance" / "apps" / "durable"
    command = [sys.executable, "-m", "local.genuine", "--app", str(app), "--state", str(tmp_path / "hub")]
    done = subprocess.run(  # noqa: S603 - our own command
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
