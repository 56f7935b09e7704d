"""Runs one timer-triggered function when it is due, one run after the other, for as long as the host runs."""

import asyncio
import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from typing import Any, Protocol

from azure.core.exceptions import AzureError
from azure.functions.meta import Datum

from local.host.app import TIMER_TRIGGER, Function
from local.host.backoff import Backoff
from local.host.clock import Clock
from local.host.converters import converter
from local.host.invoke import FunctionFailed, Invoker
from local.host.timers import status as statuses
from local.host.timers.schedule import Schedule
from local.host.timers.status import Status

LONGEST_SLEEP = 10.0
"""Seconds between two looks at the clock: it may be set meanwhile, or the machine may sleep."""

_SET_BACK = timedelta(minutes=1)
"""A clock that is behind the last run by more was set; by less, it was corrected."""

_STORE_SECONDS = 2.0
"""How long keeping a status may take when the host stops."""

logger = logging.getLogger(__name__)


class Monitor(Protocol):
    """Where the status of timers is kept between hosts."""

    async def read(self, function: str) -> Status | None:
        """Return what was kept, None if nothing was; raises AzureError."""

    async def write(self, function: str, status: Status) -> None:
        """Keep a status; raises AzureError."""


class TimerListener:
    """The timer of one function, in the zone of the host. Used on the loop only.

    Without a monitor, nothing is known of runs before this host, and functions see no status.
    """

    def __init__(
        self,
        function: Function,
        schedule: Schedule,
        zone: tzinfo,
        monitor: Monitor | None,
        invoker: Invoker,
        clock: Clock,
    ) -> None:
        self.function = function
        self._schedule = schedule
        self._zone = zone
        self._monitor = monitor
        self._invoker = invoker
        self._clock = clock
        self._status: Status | None = None
        self._is_running = False
        self._is_calling = False
        self._is_stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self, ended: "Callable[[asyncio.Task[None]], None]") -> None:
        """Begin; `ended` is called when the listener was stopped, or has broken."""
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(ended)

    def stop(self) -> None:
        """Begin no further run; one that goes on may end."""
        self._is_stopping = True
        if self._task is not None and not self._is_running:
            self._task.cancel()

    async def close(self) -> None:
        """End: abandon the function if it still runs, which makes its run past due at the next start."""
        if self._task is None:
            return
        self.stop()
        await asyncio.wait([self._task], timeout=0 if self._is_calling else _STORE_SECONDS)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def argument(self, is_past_due: bool = False) -> Any:
        """Make the function's TimerRequest, with the status as it is."""
        known = self._status if self._monitor is not None else None
        request = {
            "Schedule": {"AdjustForDST": self._schedule.adjusts_for_dst},
            "ScheduleStatus": known and known.document(self._zone),
            "IsPastDue": is_past_due,
        }
        return converter(TIMER_TRIGGER).decode(Datum(json.dumps(request), "json"), trigger_metadata=None)

    async def _run(self) -> None:
        self._status, now = await self._begin(), self._clock.now()
        self._log("Timer", due=self._status.next)
        if now > self._status.next:
            self._log("Past due: it was to run while no host did", due=self._status.next)
            await self._call(is_past_due=True)
        elif self.function.trigger.properties.get("runOnStartup"):
            await self._call(at_start=True)
        while not self._is_stopping:
            await self._wait()
            await self._call()

    async def _begin(self) -> Status:
        """Return the status to go on from, once the monitor answers."""
        if self._monitor is None:
            return statuses.first(self._schedule, self._clock.now())
        kept = await self._kept(self._monitor)
        now = self._clock.now()
        status = statuses.first(self._schedule, now) if kept is None else statuses.checked(kept, self._schedule, now)
        if status != kept:
            await self._keep(status)
        return status

    async def _kept(self, monitor: Monitor) -> Status | None:
        backoff = Backoff(1.0, 60.0)
        is_told = False
        while True:
            try:
                return await monitor.read(self.function.name)
            except AzureError as exc:
                if not is_told:
                    self._warn("The timer begins when its status can be read from AzureWebJobsStorage", exc)
                    is_told = True
            await self._clock.sleep(backoff.next())

    async def _keep(self, status: Status) -> None:
        if self._monitor is None:
            return
        try:
            await self._monitor.write(self.function.name, status)
        except AzureError as exc:
            self._warn("The timer's status could not be kept in AzureWebJobsStorage", exc)

    async def _wait(self) -> None:
        """Wait until the function is due by the clock, whatever happens to the clock."""
        while True:
            status, now = self._known(), self._clock.now()
            if status.last is not None and now < status.last - _SET_BACK:
                self._status = status = statuses.first(self._schedule, now)
                self._log("The clock was set back", due=status.next)
            remaining = (status.next - now).total_seconds()
            if remaining <= 0:
                return
            await self._clock.sleep(min(remaining, LONGEST_SLEEP))

    async def _call(self, is_past_due: bool = False, at_start: bool = False) -> None:
        before, began = self._known(), self._clock.now()
        self._is_running = self._is_calling = True
        try:
            await self._invoker.invoke(self.function, {self.function.trigger.name: self.argument(is_past_due)})
        except FunctionFailed:
            pass  # it is in the log, and the schedule goes on
        finally:
            self._is_calling = False
        as_scheduled = not (is_past_due or at_start)
        self._status = statuses.after_run(before, self._schedule, began, as_scheduled=as_scheduled)
        await self._keep(self._status)
        self._is_running = False

    def _known(self) -> Status:
        if self._status is None:
            raise RuntimeError("the timer has not begun")
        return self._status

    def _log(self, message: str, due: datetime) -> None:
        when = due.astimezone(self._zone).isoformat(sep=" ", timespec="seconds")
        logger.info(message, extra={"function": self.function.name, "due": when})

    def _warn(self, message: str, error: AzureError) -> None:
        logger.warning(message, extra={"function": self.function.name, "error": type(error).__name__})
