"""Every retry, wait and deadline of the workflows, by name and with its reason.

Delays are multiples of the operation's own pace (`shared.workflow.pace.Pace`), so that a deployment, a simulator
that is sped up and a test each use the same policies.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, inf

from shared.errors.azure import ErrorKind
from shared.workflow.pace import Pace


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a step is tried again after failures of one kind, and how long apart.

    Attributes:
        retries: how many further attempts; 0 is none.
        first: the first delay, in multiples of the pace's `retry_seconds`.
        growth: what each further delay is multiplied with.
        most: the longest delay, in the same multiples.
    """

    retries: int
    first: float = 1.0
    growth: float = 2.0
    most: float = 20.0


RETRIES: Mapping[ErrorKind, RetryPolicy] = {
    # A person has to act: trying again would only cost time.
    ErrorKind.PERMANENT: RetryPolicy(retries=0),
    # Somebody asked for the end.
    ErrorKind.CANCELED: RetryPolicy(retries=0),
    # Our deadline is the end of our patience by definition.
    ErrorKind.TIMEOUT: RetryPolicy(retries=0),
    # Azure says when to come back, and a storm of throttling ends; the deadline is the limit.
    ErrorKind.THROTTLED: RetryPolicy(retries=40, growth=1.5),
    # Another operation ends, or a NIC is released (180 s): short delays, and patience for a quarter of an hour.
    ErrorKind.BUSY: RetryPolicy(retries=20, growth=1.5, most=4.0),
    # Server errors and broken connections: quick at first, since most pass at once, then ever slower.
    ErrorKind.OUTAGE: RetryPolicy(retries=8),
    # Capacity comes back in minutes to hours: 5, 15 and 45 minutes at the default pace.
    ErrorKind.CAPACITY: RetryPolicy(retries=3, first=20.0, growth=3.0, most=180.0),
}

JITTER = 0.2
"""Delays are stretched by up to this share, so that a hundred imports don't come back at the same moment."""

TIMER_EARLY = 1.0
"""A durable timer rings up to so many seconds before its time, as the engine cuts its delay to whole seconds (seen on
Durable extension 3.19); one of less than a second rings at once. So no workflow concludes from a timer that its time
has come: it looks at the clock. And what must not be too short, such as the wait for a deadline, is longer by as much
(`no_sooner`); otherwise the last second before a moment would be spent asking again and again."""

POLLS_AT_FULL_PACE = 6
"""So many times Azure is asked at full pace; then ever more slowly, as what takes long takes long."""

SLOWEST_POLL = 6.0
"""The slowest pace of asking, in multiples of the pace's `poll_seconds`: a minute at the default pace."""

PATIENCE = 1.5
"""Where events are on and tell of an end, Azure is asked only after so many times the step's typical duration: …"""

MOST_PATIENCE = 60.0
"""… but in multiples of the pace's `poll_seconds` after so long, ten minutes at the default pace: events get lost."""

UNTOLD_PATIENCE = 0.25
"""What no event tells of, such as the guest agent, is then asked about after so large a part of that duration."""

NEWS_GAP = 0.2
"""After news Azure is asked no sooner than so long after the last time, in multiples of `poll_seconds`: two seconds
at the default pace. The gap doubles with each news that was none, up to the ordinary wait; so no flood of events
asks more often than polling alone."""

POLLS_PER_INSTANCE = 25
"""Replay costs the square of the history, so a waiting instance begins anew after so many polls."""

QUEUE_POLL = 2.0
"""Who may be among the next to have a turn asks every 20 seconds at the default pace: a build takes far longer, …"""

QUEUE_CROWD = 10.0
"""… so many ask as often in ten times as long as one does, which bounds what a long queue costs, …"""

SLOWEST_QUEUE_POLL = 30.0
"""… and nobody asks more rarely than every five minutes, so that a limit that is raised is soon noticed."""

REPLICATION_POLL = 6.0
"""Replication takes minutes to hours: it is looked at every minute at the default pace, …"""

SLOWEST_REPLICATION_POLL = 30.0
"""… and later every five minutes, in multiples of the pace's `poll_seconds`."""

REGION_RETRIES = 2
"""How often a region that failed is removed and added again, which is what Azure advises."""

REPLICATION_STALL = 2160.0
"""A region whose state and percentage did not change for so long is given up: six hours at the default pace.

There is no other deadline: what Azure is still copying is never called failed.
"""

PERSIST_INTERVAL = 1.0
"""How long to wait before a status is written again when storage is away, in multiples of `retry_seconds`."""

PERSIST_ATTEMPTS = 60
"""A quarter of an hour at the default pace: storage may be away that long, and no import fails for it."""

SECRET_ATTEMPTS = 10
"""How often the deletion of a secret is tried before the operation's end is shown without it."""

SECRET_RETURN_AFTER = 120.0
"""Then it is tried again after so long, in multiples of `retry_seconds`: half an hour at the default pace, …"""

SECRET_RETURNS = 48
"""… and so often: for a day."""

KEPT_LOOK = 20.0
"""While what a failed operation made is kept, its record is looked at so often, in multiples of `retry_seconds`.

Every five minutes at the default pace: a retry whose event got lost begins that late at most.
"""

SWEEP_ATTEMPTS = 8
"""How often a page of the janitor's is tried, in two minutes at the default pace.

Then the rest of that part waits for the next sweep, an hour later.
"""

SWEEP_INTERVAL = 1.0
"""How long apart, in multiples of `retry_seconds`."""

PAGES_PER_INSTANCE = 25
"""A sweep begins anew after so many pages, for the sake of replay."""

ATTEMPTS_PER_INSTANCE = 10
"""A step that is tried again and again begins a new instance after so many attempts, for the sake of replay."""

ACCEPTANCE_WAITS = (0.2, 1.0, 5.0, 15.0, 40.0)
"""Seconds between looks for the records of a request whose orchestration started just before they were written.

They are usually there at the first look. After the last, the request is given up: its caller got no answer.
"""


def no_sooner(seconds: float) -> float:
    """Seconds for a timer that must not ring before so many are over; 0 if they are."""
    return seconds + TIMER_EARLY if seconds > 0 else 0.0


def _as_asked(asked: float | None) -> float:
    """Seconds for a timer that undercuts no wish of Azure's, which are whole seconds: in less, time is sped up."""
    return no_sooner(asked) if asked is not None and asked >= 1 else asked or 0.0


def retry_delay(kind: ErrorKind, failures: int, pace: Pace, asked: float | None, luck: float) -> float | None:
    """Seconds until the next attempt, or None when there is none.

    Args:
        kind: of the failure.
        failures: how often the step failed in this way, this time included.
        pace: the operation's.
        asked: Azure's own wish in seconds; a minimum.
        luck: 0 to 1, the jitter's share.
    """
    policy = RETRIES[kind]
    if failures > policy.retries:
        return None
    multiple = min(policy.first * policy.growth ** (failures - 1), policy.most)
    return max(multiple * pace.retry_seconds, _as_asked(asked)) * (1 + JITTER * luck)


def poll_delay(polls: int, pace: Pace, asked: float | None) -> float:
    """Seconds until Azure is asked again, after so many polls; Azure's own wish is a minimum."""
    return max(poll_pace(polls, pace, None), _as_asked(asked))


def poll_pace(polls: int, pace: Pace, asked: float | None) -> float:
    """Seconds between two questions, without what a timer needs so as not to ring before Azure's wish is over."""
    slower = min(1.0 + polls // POLLS_AT_FULL_PACE, SLOWEST_POLL)
    return max(slower * pace.poll_seconds, asked or 0.0)


def patience(typical: float, pace: Pace, *, told: bool) -> float:
    """Seconds until Azure is asked for lack of news, where events are on.

    Args:
        typical: how long the step usually takes, in Azure's seconds.
        pace: the operation's.
        told: whether an event tells of the end.
    """
    in_polls = (PATIENCE if told else UNTOLD_PATIENCE) * typical / Pace().poll_seconds
    return min(in_polls, MOST_PATIENCE) * pace.poll_seconds


def news_gap(woken: int, pace: Pace, most: float = inf) -> float:
    """Seconds between Azure being asked and being asked for news, after so many news in a row that were none."""
    return float(min(min(NEWS_GAP * 2.0 ** min(woken, 16), SLOWEST_POLL) * pace.poll_seconds, most))


def queue_delay(position: int, limit: int, pace: Pace) -> float:
    """Seconds until an operation asks again whether its turn has come: the longer, the more builds are before it.

    Args:
        position: in the queue, from 1.
        limit: how many run at once; so many may end at the same moment.
        pace: the operation's.
    """
    rounds = ceil(position / limit)
    multiple = min(max(QUEUE_POLL * rounds, position / QUEUE_CROWD), SLOWEST_QUEUE_POLL)
    return multiple * pace.poll_seconds


def replication_delay(polls: int, pace: Pace, asked: float | None = None) -> float:
    """Seconds until replication is looked at again, after so many looks; Azure's own wish is a minimum."""
    slower = min(REPLICATION_POLL + polls, SLOWEST_REPLICATION_POLL)
    return max(slower * pace.poll_seconds, _as_asked(asked))
