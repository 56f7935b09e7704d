"""The story of a run: take the locks, start the services, import an image, serve until told to stop.

However it ends, every process ends with it: in order if this process lives, and by the kernel's hand if it is killed.
"""

import asyncio
import signal
import sys
from collections.abc import Callable

from rich.console import Console

from local.azurite import AzuriteError
from local.run.client import CatalogClient, ClientError
from local.run.demonstration import demonstrate
from local.run.locks import AlreadyRunning, StillEnding, run_lock, state_lock
from local.run.samples import org_id
from local.run.services import ServiceFailed, services
from local.run.stack import Builder, Options, Stack

SUCCESS, FAILURE, BUSY = 0, 1, 2
STOPPING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruption:
    """Turns the first signal to stop into a cancellation of the current task; later ones change nothing."""

    def __init__(self) -> None:
        self.serving = False
        self._received: int | None = None
        self._task = asyncio.current_task()
        for number in STOPPING_SIGNALS:
            if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
                continue  # nohup
            asyncio.get_running_loop().add_signal_handler(number, self._stop, number)

    @property
    def status(self) -> int | None:
        """The exit status, None if no signal came. While serving, a signal is the way to end well."""
        if self._received is None:
            return None
        return SUCCESS if self.serving else 128 + self._received

    def _stop(self, number: int) -> None:
        if self._received is None and self._task is not None:
            self._received = number
            self._task.cancel()


async def run(options: Options) -> int:
    """Run, and return the exit status; never raises for what people can cause."""
    console = Console(highlight=False)
    interruption = Interruption()

    def say(text: str) -> None:
        console.print(text, markup=False, soft_wrap=True)

    try:
        return await _run(options, console, say, interruption)
    except asyncio.CancelledError:
        if interruption.status is None:
            raise
        say("Stopped")
        return interruption.status
    except AlreadyRunning as error:
        sys.stderr.write(f"{error}\n")
        return BUSY
    except (AzuriteError, ClientError, ServiceFailed, StillEnding) as error:
        sys.stderr.write(f"\n{error}\n")
        return interruption.status or FAILURE


async def _run(options: Options, console: Console, say: Callable[[str], None], interruption: Interruption) -> int:
    with run_lock(options.data):
        say(f"The image catalog on this machine; time runs {options.speed:g} times as fast")
        async with state_lock(options.data, say) as lock:
            with services() as running:
                stack = await Builder(options, running, lock, say).start()
                say(f"  Logs              {options.logs}")
                client = CatalogClient(stack.host, org_id())
                try:
                    complete = await running.during(demonstrate(client, console))
                finally:
                    await client.close()
                if options.once:
                    return SUCCESS if complete else FAILURE
                interruption.serving = True
                _say_what_serves(stack, options, say)
                raise await running.watch()


def _say_what_serves(stack: Stack, options: Options, say: Callable[[str], None]) -> None:
    say(f"  curl --cacert {stack.bundle} {stack.arm}/_sim/inventory  # what is in the simulated Azure")
    say(f"  tail -f {options.logs}/topic.log  # the events")
    say("\nServing until Ctrl-C. Images and what is under way are still here after the next `make run`.")
