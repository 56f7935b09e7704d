"""Azurite, the storage emulator: installed from package-lock.json, started for `make run` and the tests."""

from local.azurite.launcher import Azurite, AzuriteError, AzuriteProcess, Ports, running_azurite

__all__ = ["Azurite", "AzuriteError", "AzuriteProcess", "Ports", "running_azurite"]
