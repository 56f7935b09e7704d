"""What is remembered of a timer between two runs and two hosts, in the form that the timer extension keeps it in."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from local.host.timers.schedule import Schedule

_NEVER = "0001-01-01T00:00:00+00:00"
"""How .NET writes a time that has not been set."""


@dataclass(frozen=True, slots=True)
class Status:
    """When a function last ran (None: never), when it is due next, and the moment this was worked out from."""

    last: datetime | None
    next: datetime
    updated: datetime | None

    def document(self, zone: tzinfo) -> dict[str, str]:
        """Return it as functions see it, with the times of the host's zone."""
        return {
            "Last": _text(self.last, zone),
            "Next": _text(self.next, zone),
            "LastUpdated": _text(self.updated, zone),
        }


def read(text: str, zone: tzinfo) -> Status:
    """Read what was kept; raises ValueError if it is something else."""
    try:
        document = json.loads(text)
        last, due, updated = (_time(document[name], zone) for name in ("Last", "Next", "LastUpdated"))
    except (KeyError, TypeError) as exc:
        raise ValueError(f"not the status of a timer: {exc!r}") from exc
    if due is None:
        raise ValueError("not the status of a timer: it is never due")
    return Status(last, due, updated)


def first(schedule: Schedule, now: datetime) -> Status:
    """Return the status of a function that has never run."""
    return Status(None, schedule.next_after(now), now)


def checked(kept: Status, schedule: Schedule, now: datetime) -> Status:
    """Compare what was kept with the schedule; if the schedule has changed since, begin anew, and not in the past."""
    begun = kept.last or kept.updated or now
    due = schedule.next_after(begun)
    if due == kept.next:
        return kept
    return first(schedule, now) if now > due else Status(None, due, begun)


def after_run(before: Status, schedule: Schedule, began: datetime, *, as_scheduled: bool) -> Status:
    """Return the status after a run that began then; a clock a little slow must not make it due twice."""
    counted = max(began, before.next) if as_scheduled else began
    return Status(counted, schedule.next_after(counted), counted)


def _text(moment: datetime | None, zone: tzinfo) -> str:
    return _NEVER if moment is None else moment.astimezone(zone).isoformat()


def _time(text: str, zone: tzinfo) -> datetime | None:
    time = datetime.fromisoformat(text)
    if time.year == 1:
        return None
    return (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)
