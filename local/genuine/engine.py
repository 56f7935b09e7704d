"""The program with Microsoft's extensions as a child process, which cannot outlive this one."""

import asyncio
import json
import os
import signal
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.genuine.errors import EngineFailed, NoAnswer
from local.tether import tethered

ADDRESS = "127.0.0.1"
START_SECONDS = 60.0
STOP_SECONDS = 6.0
"""From SIGTERM to SIGKILL; functions that run may take three more, and who started us may lose patience after ten."""

_QUIET = {"DOTNET_EnableDiagnostics": "0"}
"""Without the pipes for debuggers that .NET makes in the temporary folder, and leaves there when it is killed."""

_TRIES = 3
"""A free port may be taken by another program before the engine has it."""


@dataclass(frozen=True)
class Options:
    """How the engine is started.

    `worker` is the address it calls functions at, `host_json` the app's file, `instance` the name under which this host
    takes its share of the hub: no two that run at once may have the same.
    """

    program: Path
    worker: str
    hub: str
    host_json: Path
    instance: str


class Engine:
    """The running program; `url` is where it answers, for the app and for the management API."""

    def __init__(self, process: asyncio.subprocess.Process, url: str) -> None:
        self._process = process
        self.url = url

    async def wait(self) -> int:
        """Wait for its end, and return its exit status."""
        return await self._process.wait()

    async def stop(self) -> None:
        """Let it end what it is at and give its partitions away; what it is at for too long is cut off."""
        if self._process.returncode is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


async def start(options: Options, port: int) -> Engine:
    """Start the engine on a port, a free one for 0, and wait until it answers.

    Call it on the main thread (see `local.tether`). Raises EngineFailed.
    """
    for _ in range(_TRIES - 1 if port == 0 else 0):
        try:
            return await _start(options, _free_port())
        except NoAnswer:
            raise
        except EngineFailed:
            continue
    return await _start(options, port or _free_port())


async def _start(options: Options, port: int) -> Engine:
    command = [str(options.program), options.worker, str(port), options.hub, str(options.host_json)]
    process = await asyncio.create_subprocess_exec(
        *tethered(command),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        env=_environment(options.instance),
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(START_SECONDS):
            line = await process.stdout.readline() if process.stdout else b""
    except TimeoutError:
        process.kill()
        await process.wait()
        raise NoAnswer(
            f"Microsoft's engine does not answer after {START_SECONDS:.0f} s; does the storage account of "
            "AzureWebJobsStorage answer?"
        ) from None
    except asyncio.CancelledError:
        process.kill()
        await process.wait()
        raise
    if not line:
        status = await process.wait()
        raise EngineFailed(f"Microsoft's engine did not start on port {port}: it ended with status {status}")
    try:
        return Engine(process, json.loads(line)["url"])
    except ValueError:
        process.kill()
        await process.wait()
        raise EngineFailed(f"{options.program} is not Microsoft's engine: it says {line!r}") from None


def _environment(instance: str) -> Mapping[str, str]:
    """Return our own variables, with those of App Service from which the extension makes a worker's name.

    The extension's class `AzureStorageDurabilityProviderFactory` reads them; else the name is the machine's.
    Without `ENGINE_EVENTS`, which lets the program write its events to stdout: nobody reads more there than its
    address, so it would stand still once the pipe is full.
    """
    ours = {name: value for name, value in os.environ.items() if name != "ENGINE_EVENTS"}
    return ours | {"WEBSITE_CURRENT_STAMPNAME": "local", "RoleInstanceId": instance} | _QUIET


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((ADDRESS, 0))
        return int(probe.getsockname()[1])
