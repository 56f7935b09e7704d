"""Errors of the host that people see.

* HostError: a sentence for the person who starts the host
  - SettingsError: host.json, local.settings.json or an app setting is missing or wrong
  - AppError: the function app cannot be loaded, or needs what this host does not offer
    - ImportFailed: the app's own code raised
  - AddressTaken: the port is in use, or not allowed
  - StateError: the state file cannot be used
"""


class HostError(Exception):
    """Something that stops the host from starting; the text is the whole message for a person."""


class SettingsError(HostError):
    """host.json, local.settings.json or an app setting is missing or wrong."""


class AppError(HostError):
    """The function app cannot be loaded, or needs what this host does not offer."""


class ImportFailed(AppError):
    """The app's own code raised while it was imported; the cause is what it raised."""


class AddressTaken(HostError):
    """The address to listen on is in use, or not allowed."""


class StateError(HostError):
    """The state file is in use by another host, or was written by another version."""
