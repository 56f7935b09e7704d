"""Installs Azurite from the npm registry, as package-lock.json pins it: `python -m local.azurite.install`.

Needs no Node.js on the machine: without one (18 or later, with npm) it comes from PyPI into this environment.
Proxies and certificate authorities are the environment's business (npm's and pip's own settings).
"""

import os
import subprocess
import sys
from pathlib import Path

from local.azurite.node import MINIMUM_MAJOR, WHEEL, Node, system_node, wheel_node

FOLDER = Path(__file__).resolve().parent


def install() -> None:
    """Run `npm ci` in this folder. Raises subprocess.CalledProcessError if pip or npm fails."""
    node = _node_with_npm()
    path = os.pathsep.join((str(node.executable.parent), os.environ.get("PATH", os.defpath)))
    subprocess.run(  # noqa: S603 - our own command line
        # No package of Azurite's needs its install script, and none gets to run one.
        [*node.npm, "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=FOLDER,
        env={**os.environ, "PATH": path},
        check=True,
    )


def _node_with_npm() -> Node:
    node = system_node()
    if node is not None and node.npm:
        return node
    sys.stdout.write(f"No Node.js {MINIMUM_MAJOR} or later with npm here: {WHEEL} from PyPI takes its place\n")
    sys.stdout.flush()
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, WHEEL], check=True)  # noqa: S603 - as above
    node = wheel_node()
    if node is None:
        raise RuntimeError(f"{WHEEL} is installed, but has no Node.js in it")
    return node


if __name__ == "__main__":
    try:
        install()
    except subprocess.CalledProcessError as error:
        sys.exit(f"Azurite could not be installed: {error}")
