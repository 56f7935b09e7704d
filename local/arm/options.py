"""How a simulator is started."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """One simulator's settings, all with sensible defaults for tests.

    `speed` is simulated seconds per second; `state` a SQLite file, in memory when None; `certificate` and
    `private_key` are PEM files, a throw-away certificate authority is made when they are None, and its certificate
    written to `ca_file` (a temporary file when None). `strict_subscriptions` refuses ids that were never set up;
    `throttle` enforces Azure's request limits, or a `throttle_share` of them; `seed` makes the jitter of durations
    repeatable.
    `storm` is the probability with which a request is disturbed, in the sequence of `storm_seed`; with
    `storm_operations`, operations end badly as often.
    """

    port: int = 0
    speed: float = 60.0
    state: Path | None = None
    certificate: Path | None = None
    private_key: Path | None = None
    ca_file: Path | None = None
    faults: Path | None = None
    strict_subscriptions: bool = False
    throttle: bool = False
    throttle_share: float = 1.0
    storm: float = 0.0
    storm_seed: int = 1
    storm_operations: bool = False
    seed: int = 1
    log_level: str = "warning"

    def __post_init__(self) -> None:
        if self.speed <= 0:
            raise ValueError("the speed must be positive; time is frozen through the admin endpoint")
        if not 0 < self.throttle_share <= 1:
            raise ValueError("the share of Azure's request limits is more than 0 and at most 1")
        if not 0 <= self.storm <= 1:
            raise ValueError("the probability of a storm is between 0 and 1")
        if (self.certificate is None) != (self.private_key is None):
            raise ValueError("certificate and private key go together")
