"""The simulator's one clock.

Simulated time starts as the wall clock and then runs `speed` times as fast; it can be stepped and frozen. Every
duration and every deadline is in simulated seconds. What bodies report is wall-clock time: the moment at which the
thing happened to whoever watched, so that it agrees with the caller's own clock.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from .calls import Json


@dataclass
class _Anchor:
    """At wall time `wall` it was `simulated`; since then time runs at `speed`, or stands."""

    wall: float
    simulated: float
    speed: float
    frozen: bool


class SteadyWall:
    """The wall clock, in seconds since the epoch; when that is set back, this one goes on from where it was.

    Otherwise simulated time would stand until the wall clock has caught up, and nothing would end meanwhile. Set
    ahead, as after a machine has slept, the wall clock is followed.
    """

    def __init__(self, wall: Callable[[], float] = time.time, seconds: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._seconds = seconds
        self._ahead = wall() - seconds()

    def __call__(self) -> float:
        """Return the time."""
        wall = self._wall()
        seconds = self._seconds()  # read last, so that a pause between the two never puts this clock ahead
        self._ahead = max(self._ahead, wall - seconds)
        return seconds + self._ahead


class Clock:
    """Simulated seconds since the epoch, and their translation into wall-clock time."""

    def __init__(self, speed: float, wall: Callable[[], float] | None = None) -> None:
        self._wall = wall or SteadyWall()
        start = self._wall()
        self._anchor = _Anchor(start, start, speed, frozen=False)

    @property
    def speed(self) -> float:
        """Simulated seconds per wall-clock second; kept while frozen."""
        return self._anchor.speed

    @property
    def frozen(self) -> bool:
        """Whether time stands still until stepped."""
        return self._anchor.frozen

    def now(self) -> float:
        """The simulated moment."""
        elapsed = 0.0 if self.frozen else max(0.0, self._wall() - self._anchor.wall)
        return self._anchor.simulated + elapsed * self.speed

    def set(self, *, speed: float | None = None, frozen: bool | None = None, step: float = 0.0) -> None:
        """Change the pace, stop or continue, go forward by `step` simulated seconds; in any combination."""
        if step < 0 or (speed is not None and speed <= 0):
            raise ValueError("time goes forward only: speed must be positive, and a step not negative")
        self._anchor = _Anchor(
            self._wall(),
            self.now() + step,
            self.speed if speed is None else speed,
            self.frozen if frozen is None else frozen,
        )

    def real(self, seconds: float) -> float:
        """How many wall-clock seconds a simulated duration takes at the present speed."""
        return seconds / self.speed

    def stamp(self, moment: float) -> str:
        """A simulated moment as wall-clock text; one that a step jumped over counts as the moment of the step."""
        passed = self._wall() - self._anchor.wall if self.frozen else (moment - self._anchor.simulated) / self.speed
        wall = self._anchor.wall + max(0.0, passed)
        return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")

    def state(self) -> Json:
        """What a restart needs: time goes on while the simulator is down, as it does for Azure."""
        return asdict(self._anchor)

    def restore(self, state: Json) -> None:
        """Continue a clock that `state` described."""
        self._anchor = _Anchor(**state)
