"""Finds the program that holds Microsoft's extensions: `python -m local.genuine.program` prints where it is.

It is the one that GENUINE_HOST names, else the one in `.tools/genuine-host`, which is built there, or unpacked there
from an archive beside the checkout.
"""

import fcntl
import lzma
import os
import platform
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path

from local.genuine.errors import ProgramMissing

VARIABLE = "GENUINE_HOST"
NAME = "genuine-host"
ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".tools"
ARCHIVE = ROOT.parent / "shared" / "genuine" / "genuine-host-linux-x64.tar.xz"
"""Holds a folder `host` with the program, built for Linux on x86_64."""

BUILD = "dotnet publish local/genuine/dotnet -c Release -r linux-x64 --self-contained -o .tools/genuine-host"

EXIT_MISSING = 3
"""Told apart from a failure by `.ci/run`, which goes on without the program."""


def find() -> Path:
    """Return the program; unpacks it first, which takes half a minute, if there is only the archive.

    Raises:
        ProgramMissing: it is nowhere.
    """
    if named := os.environ.get(VARIABLE):
        if os.access(named, os.X_OK) and Path(named).is_file():
            return Path(named).resolve()
        raise ProgramMissing(f"{VARIABLE} is {named}, and there is no program of that name")
    program = TOOLS / NAME / NAME
    if (
        not os.access(program, os.X_OK)
        and ARCHIVE.exists()
        and (sys.platform, platform.machine()) == ("linux", "x86_64")
    ):
        _unpack(program.parent)
    if not os.access(program, os.X_OK):
        raise ProgramMissing(
            "Microsoft's engine is not here. Where there is a .NET 10 SDK, build it in the checkout:\n"
            f"  {BUILD}\n"
            f"(for other machines with another -r), or say with {VARIABLE} where the program is."
        )
    return program


def _unpack(folder: Path) -> None:
    """Unpack the archive into a folder, whole or not at all, once for all that want it at the same time."""
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / f"{NAME}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.access(folder / NAME, os.X_OK):
            return
        sys.stderr.write(f"Unpacking Microsoft's engine into {folder.relative_to(ROOT)}\n")
        with tempfile.TemporaryDirectory(dir=TOOLS) as parts:
            try:
                with tarfile.open(ARCHIVE) as archive:
                    archive.extractall(parts, filter="data")
            except (tarfile.TarError, EOFError, lzma.LZMAError) as exc:
                raise ProgramMissing(f"{ARCHIVE} cannot be unpacked: {exc}") from exc
            shutil.rmtree(folder, ignore_errors=True)  # what an earlier try, or a build, has left incomplete
            shutil.move(Path(parts) / "host", folder)


def main() -> int:
    """Print where the program is; returns the exit status."""
    try:
        sys.stdout.write(f"{find()}\n")
    except ProgramMissing as exc:
        sys.stderr.write(f"{exc}\n")
        return EXIT_MISSING
    return 0


if __name__ == "__main__":
    sys.exit(main())
