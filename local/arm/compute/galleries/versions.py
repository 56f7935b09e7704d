"""Image versions: made of a source, copied to regions, deleted.

A write while regions are still copied to is accepted: it takes the operation's place (OperationPreempted), jobs for
regions that stay go on. `hidden` holds `regions`, the jobs of `replication`, and `captured`, whether the source was a
machine.
"""

from ... import durations, ids
from ...calls import Call, Json
from ...operations import Effect, Operation
from ...store import Resource
from ...tracked import envelope, existing
from ...world import World
from . import errors, names, publishing, replication, sources

_WRITE = "compute.galleryVersion.write"
_DELETE = "compute.galleryVersion.delete"
_RETRY_SECONDS = 10.0
_LARGEST_GB = 2048
_SAFETY = ("allowDeletionOfReplicatedLocations", "blockDeletionBeforeEndOfLife")
_HOST_CACHING = "ReadWrite"
_SOURCES = ("id", "virtualMachineId", "communityGalleryImageId")


def put(world: World, call: Call, version_id: str) -> tuple[Operation, Resource, bool]:
    """Create a version, or replace what of it may change; returns operation, version, and whether it is new."""
    names.check_name(names.VERSION, ids.parse(version_id).name)
    _supersede(world, version_id)
    found = existing(world, call, version_id)
    if found:
        return _change(world, call, found, call.document.get("properties") or {}), world.require(found.id), False
    return _create(world, call, version_id), world.require(version_id), True


def patch(world: World, call: Call, version: Resource) -> Operation:
    """Change what is named of a version's tags, publishing and safety profiles."""
    _supersede(world, version.id)
    version = world.require(version.id)
    world.unlock(call, version)
    sent: Json = call.document.get("properties") or {}
    whole = {member: version.properties[member] | (sent.get(member) or {}) for member in ("publishingProfile",)}
    whole["safetyProfile"] = version.properties["safetyProfile"] | (sent.get("safetyProfile") or {})
    return _change(world, call, version, sent | whole)


def delete(world: World, call: Call, version: Resource) -> Operation:
    """Begin to delete a version, in all its regions; whatever else is under way on it is preempted."""
    date = version.properties["publishingProfile"].get("endOfLifeDate")
    blocked = version.properties["safetyProfile"].get("blockDeletionBeforeEndOfLife")
    if blocked and date and not publishing.is_over(world, date):
        raise errors.life_not_over(version.name)
    world.preempt(version.id)
    version = world.require(version.id)
    version.state = "Deleting"
    seconds = world.draw(durations.VERSION_DELETE, version.id)
    return world.begin(call, version, _DELETE, seconds, _RETRY_SECONDS)


def view(world: World, version: Resource, expand: str = "") -> Json:
    """The document of a version; `expand` may ask for ReplicationStatus."""
    if "replicationstatus" not in expand.lower():
        return version.body
    status = replication.status(world, version.hidden["regions"])
    return version.body | {"properties": version.properties | {"replicationStatus": status}}


def seeded(world: World, version_id: str, location: str, size_in_gb: int, regions: list[str], source: str) -> None:
    """A version that is simply there, in all its regions."""
    sent = {"targetRegions": [{"name": region} for region in regions]}
    profile = publishing.profile(world, location, sent, None)
    inner = _inner(profile, {"virtualMachineId": source}, size_in_gb, {})
    jobs = {region: replication.completed(world) for region in regions}
    body = {"location": location, "properties": inner | {"provisioningState": "Succeeded"}}
    world.create(version_id, body, {"regions": jobs, "captured": True})


def _create(world: World, call: Call, version_id: str) -> Operation:
    location, sent = call.document["location"], call.document.get("properties") or {}
    definition = world.require(str(ids.parse(version_id).parent))
    profile = publishing.profile(world, location, sent.get("publishingProfile") or {}, None)
    source = sources.find(world, call, location, sent)
    sources.check_fit(source, definition)
    shallow = profile["replicationMode"] == publishing.SHALLOW
    if source.size_in_gb > _LARGEST_GB and not shallow:
        raise errors.too_large(source.id, source.size_in_gb, _LARGEST_GB)
    names.check_quota(world, version_id, location)
    inner = _inner(profile, sent["storageProfile"]["source"], source.size_in_gb, sent.get("safetyProfile") or {})
    body = envelope(call) | {"properties": inner | {"provisioningState": "Creating"}}
    version = world.create(version_id, body, {"regions": {}, "captured": source.captured})
    return _replicate(world, call, version)


def _change(world: World, call: Call, version: Resource, sent: Json) -> Operation:
    _check_source(version, sent)
    current = version.properties["publishingProfile"]
    profile = publishing.profile(world, version.location, sent.get("publishingProfile") or {}, current)
    if version.properties["safetyProfile"].get("allowDeletionOfReplicatedLocations") is False:
        _check_kept(world, version, publishing.regions_of(profile))
    safety = sent.get("safetyProfile") or {}
    version.properties["publishingProfile"] = profile
    version.properties["safetyProfile"] = _safety(safety)
    if "tags" in call.document or call.method == "PUT":
        version.body["tags"] = call.document.get("tags") or {}
    version.state = "Updating"
    return _replicate(world, call, version)


def _replicate(world: World, call: Call, version: Resource) -> Operation:
    profile = version.properties["publishingProfile"]
    shallow = profile["replicationMode"] == publishing.SHALLOW
    size = version.properties["storageProfile"]["osDiskImage"]["sizeInGB"]
    copying = replication.Copying(version.hidden["captured"], size, shallow)
    regions, current = publishing.regions_of(profile), version.hidden["regions"]
    jobs = replication.plan(world, call, version.id, copying, version.location, regions, current)
    version.hidden["regions"] = jobs
    ends = replication.end(world, jobs)
    least = world.draw(durations.GALLERY_WRITE, version.id)
    seconds = None if ends is None else max(least, ends - world.now)
    return world.begin(call, version, _WRITE, seconds, _RETRY_SECONDS)


def _supersede(world: World, version_id: str) -> None:
    found = world.store.find(version_id)
    if found and found.state != "Deleting":
        world.preempt(found.id)


def _inner(profile: Json, source: Json, size_in_gb: int, safety: Json) -> Json:
    named = {member: source[member] for member in _SOURCES if source.get(member)}
    disk = {"sizeInGB": size_in_gb, "hostCaching": _HOST_CACHING}
    return {
        "publishingProfile": profile,
        "storageProfile": {"source": named, "osDiskImage": disk, "dataDiskImages": []},
        "safetyProfile": _safety(safety),
    }


def _safety(sent: Json) -> Json:
    return {member: bool(sent[member]) for member in _SAFETY if sent.get(member) is not None} | {
        "reportedForPolicyViolation": False
    }


def _check_source(version: Resource, sent: Json) -> None:
    wanted: Json = (sent.get("storageProfile") or {}).get("source") or {}
    current = version.properties["storageProfile"]["source"]
    for member in _SOURCES:
        if wanted.get(member) and not ids.same(str(wanted[member]), str(current.get(member, ""))):
            raise errors.change_not_allowed(f"galleryImageVersion.properties.storageProfile.source.{member}")


def _check_kept(world: World, version: Resource, wanted: list[str]) -> None:
    for region, job in version.hidden["regions"].items():
        if region not in wanted and replication.state(job, world.now) == replication.COMPLETED:
            raise errors.region_kept(world.catalogue.regions[region])


def _written(world: World, operation: Operation) -> None:
    version = world.require(operation.target)
    jobs = version.hidden["regions"]
    # The operation's end is the end of all that it did, also where a fault brought it forward.
    replication.finish(world, jobs)
    if failed := replication.failures(world, jobs):
        raise errors.replication_failed({world.catalogue.regions[region]: why for region, why in failed.items()})
    version.state = "Succeeded"
    world.store.save(version)


def _not_written(world: World, operation: Operation, error: Json) -> None:
    version = world.require(operation.target)
    replication.finish(world, version.hidden["regions"], str(error["message"]))
    version.state = "Failed"
    world.store.save(version)


def _deleted(world: World, operation: Operation) -> None:
    world.store.remove(world.require(operation.target))


def _not_deleted(world: World, operation: Operation, _error: Json) -> None:
    version = world.require(operation.target)
    version.state = "Failed"
    world.store.save(version)


EFFECTS = {_WRITE: Effect(_written, _not_written), _DELETE: Effect(_deleted, _not_deleted)}
