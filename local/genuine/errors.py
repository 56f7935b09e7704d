"""What ends the launcher with a sentence instead of a traceback."""

from local.host.errors import HostError


class ProgramMissing(HostError):
    """There is no program to start; the text says how to get it."""


class EngineFailed(HostError):
    """The engine did not start, or ended by itself."""


class StateUnusable(HostError):
    """The state file can't be used or does not name a task hub, or there is no storage for one."""


class NoAnswer(EngineFailed):
    """The engine runs and does not answer; another port would not help."""
