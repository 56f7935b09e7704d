"""When a timer trigger is due: by an NCRONTAB expression in the host's time zone, or at a constant interval.

Moments are in UTC, whatever the zone. Where the clock is put back, the wall shows an hour twice: a schedule that goes
on through the day (every ten minutes) runs in both, one for certain times of day (at 01:30) only in the first. Where
the clock is put forward, what is due in the hour that is left out runs an hour later by the wall.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Protocol

from croniter import CroniterBadDateError, croniter  # type: ignore[import-untyped]

from local.host import timespans
from local.host.timers import ncrontab

_MINUTE = timedelta(minutes=1)
_EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001 - a time on the wall, which has no zone yet


class ScheduleError(ValueError):
    """A schedule is neither NCRONTAB nor a length of time; the text says what is wrong with it."""


class Schedule(Protocol):
    """When a function is due."""

    @property
    def adjusts_for_dst(self) -> bool:
        """Whether it follows the wall clock."""

    @property
    def is_frequent(self) -> bool:
        """Whether it is due more often than every minute: then a run missed is not made up for."""

    def next_after(self, moment: datetime) -> datetime:
        """Return the first moment after this one that it is due, in UTC."""


def parse(text: str, zone: tzinfo) -> Schedule:
    """Read the `schedule` of a timer trigger, its settings filled in; raises ScheduleError."""
    interval = timespans.parse(text)
    if interval is not None:
        if not interval:
            raise ScheduleError("the length of time is zero")
        return ConstantSchedule(interval)
    try:
        return CronSchedule(ncrontab.parse(text), zone)
    except ValueError as exc:
        raise ScheduleError(f"{text!r} is neither a length of time (hh:mm:ss) nor NCRONTAB: {exc}") from exc


class ConstantSchedule:
    """Due a constant time after the last run began."""

    adjusts_for_dst = False

    def __init__(self, interval: timedelta) -> None:
        self._interval = interval

    @property
    def is_frequent(self) -> bool:
        """Whether it is due more often than every minute."""
        return self._interval < _MINUTE

    def next_after(self, moment: datetime) -> datetime:
        """Return the moment that is the interval later."""
        return moment + self._interval


class CronSchedule:
    """Due when the wall clock of a zone matches an NCRONTAB expression; raises ValueError if it never does."""

    adjusts_for_dst = True

    def __init__(self, fields: ncrontab.Fields, zone: tzinfo) -> None:
        self._zone = zone
        self._expression = str(fields)
        self._is_interval = fields.is_interval
        self.is_frequent = fields.is_frequent
        try:
            self._following(_EPOCH)
        except CroniterBadDateError:
            raise ValueError("no date ever matches it") from None

    def next_after(self, moment: datetime) -> datetime:
        """Return the first moment after this one at which the wall clock matches."""
        here = moment.astimezone(self._zone)
        wall = here.replace(tzinfo=None, fold=0)
        due = self._following(wall)
        if not self._is_interval:
            while here.fold and self._is_shown_twice(due):  # it ran when the wall showed this for the first time
                due = self._following(due)
        elif here.fold:
            return self._moment(due, 1)
        elif self._is_shown_twice(wall) and not self._is_shown_twice(due):
            again = self._first_shown_again(wall)
            return self._moment(due, 0) if again is None else again
        return self._moment(due, 0)

    def _following(self, wall: datetime) -> datetime:
        search = croniter(self._expression, wall, ret_type=datetime, second_at_beginning=True, day_or=False)
        following: datetime = search.get_next()
        return following

    def _first_shown_again(self, wall: datetime) -> datetime | None:
        """Return when the schedule is first due in the second pass of the hour that `wall` is in the first pass of."""
        due = self._following(wall - (self._moment(wall, 1) - self._moment(wall, 0)))
        while due <= wall and not self._is_shown_twice(due):
            due = self._following(due)
        return self._moment(due, 1) if self._is_shown_twice(due) else None

    def _is_shown_twice(self, wall: datetime) -> bool:
        # In the hour that is left out, the order of the two readings is the other way round.
        return self._moment(wall, 0) < self._moment(wall, 1)

    def _moment(self, wall: datetime, fold: int) -> datetime:
        return wall.replace(tzinfo=self._zone, fold=fold).astimezone(UTC)
