"""The publishing profile of a version: regions, replicas, storage, end of life."""

from datetime import datetime

from ... import ids
from ...calls import Json
from ...errors import not_simulated
from ...world import World
from . import errors

FULL, SHALLOW = "Full", "Shallow"
_MODES = (FULL, SHALLOW)
_STORAGE = ("Standard_LRS", "Standard_ZRS", "Premium_LRS", "PremiumV2_LRS")
_STRATEGIES = {"DefaultStandard_LRS": "Standard_LRS", "PreferStandard_ZRS": "Standard_ZRS"}
_PATH = "galleryArtifactVersion.properties.publishingProfile"
_MOST_REPLICAS = 100
_REGION_GAPS = ("encryption", "additionalReplicaSets")


def profile(world: World, location: str, sent: Json, current: Json | None) -> Json:
    """The profile as a GET shows it, from what was sent; `current` is that of a version that exists."""
    if sent.get("targetExtendedLocations"):
        raise not_simulated("replication to edge zones")
    mode = _fixed("replicationMode", sent, current, _MODES, FULL)
    storage = _storage(sent, current)
    count = _replicas("replicaCount", sent.get("replicaCount"), 1)
    regions = _regions(world, location, sent, storage, count, current)
    if mode == SHALLOW and len(regions) > 1:
        raise errors.invalid_value(f"{_PATH}.targetRegions", len(regions), ["1 region for replicationMode Shallow"])
    found = {"targetRegions": regions, "replicaCount": count, "storageAccountType": storage, "replicationMode": mode}
    found["excludeFromLatest"] = bool(sent.get("excludeFromLatest", False))
    found["publishedDate"] = current["publishedDate"] if current else world.stamp()
    if sent.get("endOfLifeDate"):
        if not current or sent["endOfLifeDate"] != current.get("endOfLifeDate"):
            _check_future(world, sent["endOfLifeDate"])
        found["endOfLifeDate"] = sent["endOfLifeDate"]
    return found


def regions_of(found: Json) -> list[str]:
    """The names of a profile's regions, as ids have them."""
    return [ids.region(each["name"]) for each in found["targetRegions"]]


def moment(text: object) -> datetime:
    """A date as bodies have it; 400 for what is none."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError as problem:
        raise errors.end_of_life_past() from problem
    return found if found.tzinfo else found.astimezone()


def is_over(world: World, date: str) -> bool:
    """Whether a date has passed, on the clock that bodies show."""
    return moment(date) <= moment(world.stamp())


def _check_future(world: World, date: str) -> None:
    if is_over(world, date):
        raise errors.end_of_life_past()


def _fixed(member: str, sent: Json, current: Json | None, legal: tuple[str, ...], default: str) -> str:
    held = current[member] if current else default
    wanted = sent.get(member) or held
    if wanted not in legal:
        raise errors.invalid_value(f"{_PATH}.{member}", wanted, legal)
    if current and wanted != held:
        raise errors.change_not_allowed(f"galleryImageVersion.properties.publishingProfile.{member}")
    return str(wanted)


def _storage(sent: Json, current: Json | None) -> str:
    strategy = sent.get("storageAccountStrategy")
    if strategy is None:
        return _fixed("storageAccountType", sent, current, _STORAGE, _STORAGE[0])
    if strategy not in _STRATEGIES or sent.get("storageAccountType"):
        legal = [*_STRATEGIES, "and no storageAccountType beside it"]
        raise errors.invalid_value(f"{_PATH}.storageAccountStrategy", strategy, legal)
    return _STRATEGIES[strategy]


def _regions(world: World, location: str, sent: Json, storage: str, count: int, current: Json | None) -> list[Json]:
    wanted: list[Json] = sent.get("targetRegions") or [{"name": location}]
    held = {ids.region(each["name"]): each for each in current["targetRegions"]} if current else {}
    regions = [_region(world, each, storage, count, held) for each in wanted]
    names = [ids.region(each["name"]) for each in regions]
    if len(set(names)) < len(names):
        raise errors.duplicate_regions()
    if location not in names:
        raise errors.location_not_published([each["name"] for each in regions], location)
    return regions


def _region(world: World, sent: Json, storage: str, count: int, held: dict[str, Json]) -> Json:
    name = ids.region(str(sent.get("name") or ""))
    if name not in world.catalogue.regions:
        raise errors.invalid_value(f"{_PATH}.targetRegions.name", sent.get("name"), world.catalogue.regions.values())
    for member in _REGION_GAPS:
        if sent.get(member):
            raise not_simulated(f"targetRegions.{member}")
    before = held.get(name)
    kind = sent.get("storageAccountType") or (before["storageAccountType"] if before else storage)
    if kind not in _STORAGE:
        raise errors.invalid_value(f"{_PATH}.targetRegions.storageAccountType", kind, _STORAGE)
    if before and kind != before["storageAccountType"]:
        raise errors.change_not_allowed("galleryImageVersion.properties.publishingProfile.storageAccountType")
    return {
        "name": world.catalogue.regions[name],
        "regionalReplicaCount": _replicas(
            "targetRegions.regionalReplicaCount", sent.get("regionalReplicaCount"), count
        ),
        "storageAccountType": kind,
        "excludeFromLatest": bool(sent.get("excludeFromLatest", False)),
    }


def _replicas(member: str, sent: object, default: int) -> int:
    if sent is None:
        return default
    if not isinstance(sent, int) or not 1 <= sent <= _MOST_REPLICAS:
        raise errors.out_of_range(f"{_PATH}.{member}", sent, 1, _MOST_REPLICAS)
    return sent
