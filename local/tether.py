"""Runs a command that cannot outlive the process that started it.

`tethered(command)` wraps a command in this file, run as a script: it asks the kernel for a signal on the death of
the parent (prctl PR_SET_PDEATHSIG, which survives exec) and then becomes the command. The parent may die in any way,
SIGKILL included. A script and not `preexec_fn`, because Python code between fork and exec can deadlock in a process
with threads.

The kernel watches the thread that started the child, not the process: start children from the main thread.
Elsewhere than on Linux the command runs untethered; the parent's orderly stop still ends it.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def tethered(command: Sequence[str], on_parent_death: signal.Signals = signal.SIGKILL) -> list[str]:
    """Return the command line that runs `command` and signals it when this process dies."""
    # -I and -S: neither the environment nor site-packages matter here, and it starts in a third of the time.
    return [sys.executable, "-I", "-S", __file__, str(on_parent_death.value), str(os.getpid()), *command]


def main(death_signal: int, parent: int, command: list[str]) -> None:
    """Tie this process to its parent and become `command`."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
        if os.getppid() != parent:  # it died before we asked
            os.kill(os.getpid(), death_signal)
    os.execvp(command[0], command)  # noqa: S606 - a command line is all this file is for


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
