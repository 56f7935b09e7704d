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


class Clock:
    """Simulated seconds since the epoch, and their translation into wall-clock time."""

    def __init__(self, speed: float, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        start = wall()
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
