"""Replication: for each region of a version a job, whose state and progress follow from the clock.

A job is kept in the version's `hidden["regions"]`, by the region's name, in the order of the request: ``{"attempt",
"begins", "length", "ends", "limit", "failure", "heals", "sticky"}``. `begins` is None for a job that never will;
`ends` is None for one that never will, and then `limit` is the percentage at which it stays; `failure` is why it ends
as failed, `heals` the moment at which a failed one turns out to be completed after all. A job's fate is decided when it
is made, by fault rules of the phase `replication`, whose path is the version's with ``/regions/{region}`` behind it.
The version's own region is copied to first, all others from there at the same time.
"""

from dataclasses import dataclass

from ... import durations
from ...calls import Call, Json
from ...faults import REPLICATION
from ...world import World

UNKNOWN, REPLICATING, COMPLETED, FAILED = "Unknown", "Replicating", "Completed", "Failed"
IN_PROGRESS = "InProgress"
_NO_ORIGIN = "The image is not available in the region of the gallery image version."
# A failed job gets so far.
_FAILED_AT = 0.5
_ALMOST = 99
_WHOLE = 100


@dataclass(frozen=True)
class Copying:
    """What decides how long the jobs of a version take: the kind of its source, its size, its mode."""

    captured: bool
    size_in_gb: int
    shallow: bool

    def seconds(self, world: World, version_id: str, region: str, attempt: int, *, home: bool) -> float:
        """How long a job takes, in simulated seconds."""
        if self.shallow:
            return world.draw(durations.VERSION_SHALLOW, f"{version_id}/{region}/{attempt}")
        first = durations.VERSION_CAPTURE if self.captured else durations.VERSION_COPY
        name = first if home else durations.REGION_COPY
        share = self.size_in_gb / durations.TYPICAL_IMAGE_GB
        return world.draw(name, f"{version_id}/{region}/{attempt}") * share


def plan(
    world: World, call: Call, version_id: str, copying: Copying, home: str, regions: list[str], current: Json
) -> Json:
    """The jobs for a list of regions: those that are there go on, new and failed ones begin."""
    jobs: Json = {}
    for region in sorted(regions, key=lambda name: name != home):
        job = current.get(region)
        if job is None or _retried(world, job):
            attempt = job["attempt"] + 1 if job else 1
            seconds = copying.seconds(world, version_id, region, attempt, home=region == home)
            job = _new(world, call, region, attempt, seconds, jobs.get(home))
        jobs[region] = job
    return {region: jobs[region] for region in regions}


def end(world: World, jobs: Json) -> float | None:
    """The moment at which the last job ends, or None when one never will."""
    ends = [job["ends"] for job in jobs.values()]
    return None if None in ends else max([world.now, *ends])


def state(job: Json, now: float) -> str:
    """What a region says of itself."""
    if job["ends"] is not None and now >= job["ends"]:
        healed = job["heals"] is not None and now >= job["heals"]
        return FAILED if job["failure"] is not None and not healed else COMPLETED
    if job["begins"] is None or now < job["begins"]:
        return UNKNOWN
    return REPLICATING


def aggregated(jobs: Json, now: float) -> str:
    """What all regions come to."""
    states = {state(job, now) for job in jobs.values()}
    if not states:
        return UNKNOWN
    if states & {UNKNOWN, REPLICATING}:
        return IN_PROGRESS
    return FAILED if FAILED in states else COMPLETED


def status(world: World, jobs: Json) -> Json:
    """`properties.replicationStatus` as a GET shows it on demand."""
    now = world.now
    summary = [
        {
            "region": world.catalogue.regions[region],
            "state": state(job, now),
            "details": job["failure"] or "" if state(job, now) == FAILED else "",
            "progress": _progress(job, now),
        }
        for region, job in jobs.items()
    ]
    return {"aggregatedState": aggregated(jobs, now), "summary": summary}


def failures(world: World, jobs: Json) -> dict[str, str]:
    """The failed regions, with their reasons."""
    return {region: job["failure"] for region, job in jobs.items() if state(job, world.now) == FAILED}


def finish(world: World, jobs: Json, failure: str | None = None) -> None:
    """End what still runs, now: in the way that was its own, or with a failure."""
    for job in jobs.values():
        if state(job, world.now) in (UNKNOWN, REPLICATING):
            begun = world.now if job["begins"] is None else min(job["begins"], world.now)
            job |= {"begins": begun, "ends": world.now}
            if failure is not None:
                job |= {"failure": failure, "heals": None}


def completed(world: World) -> Json:
    """A job that was done long ago."""
    return _job(1, world.now, 0.0) | {"ends": world.now}


def _retried(world: World, job: Json) -> bool:
    return state(job, world.now) == FAILED and not job["sticky"]


def _job(attempt: int, begins: float | None, length: float) -> Json:
    ends = None if begins is None else begins + length
    fate: Json = {"limit": _ALMOST, "failure": None, "heals": None, "sticky": False}
    return {"attempt": attempt, "begins": begins, "length": length, "ends": ends} | fate


def _new(world: World, call: Call, region: str, attempt: int, seconds: float, home: Json | None) -> Json:
    rule = world.faults.match(REPLICATION, call.method, f"{call.path}/regions/{region}")
    action: Json = rule.action if rule else {}
    if home and home["failure"] is not None:
        return _job(attempt, None, 0.0) | {"ends": home["ends"], "failure": _NO_ORIGIN}
    if home and home["ends"] is None:
        return _job(attempt, None, 0.0)
    if action.get("type") == "regionLasts":
        seconds = float(action["seconds"])
    job = _job(attempt, max(world.now, home["ends"]) if home else world.now, seconds)
    if action.get("type") == "regionStuck":
        job |= {"ends": None, "limit": int(action.get("at", _ALMOST))}
    if action.get("type") == "regionFails":
        ends = job["begins"] + seconds * _FAILED_AT
        heals = ends + float(action["completesAfter"]) if "completesAfter" in action else None
        message = action.get("message", "Failed with internal server error.")
        job |= {"ends": ends, "failure": message, "heals": heals, "sticky": bool(action.get("sticky"))}
    return job


def _progress(job: Json, now: float) -> int:
    found = state(job, now)
    if found == COMPLETED:
        return _WHOLE
    if job["begins"] is None or found == UNKNOWN or not job["length"]:
        return 0
    until = now if job["ends"] is None else min(now, job["ends"])
    share: float = (until - job["begins"]) / job["length"]
    return max(0, min(int(job["limit"]), int(_WHOLE * share)))
