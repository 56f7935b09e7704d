"""What must be true after a storm of kills: of the catalogue, of Azure, of the vault, and of the host's own state."""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

import httpx

from tests import functions_host
from tests.e2e import hub_tables
from tests.e2e.kills import Storm
from tests.e2e.stack import Import, Json, Stack, Tenant, wait_until
from tests.e2e.test_copy import versions_in_azure
from tests.local.host import statefile

HUB = "/runtime/webhooks/durabletask/instances"
LAST_STATUS = {"import": "IMPORT_COMPLETE", "copy-existing-image": "AVAILABLE"}
SWEEP = "sweep"
"""The janitor's, which may make its round while a storm goes on."""
ASKED_AGAIN = "IMPORT_RETRY_PENDING"


@dataclass(frozen=True)
class Aftermath:
    """What a storm left behind, once everything that was begun has ended."""

    storm: Storm
    operations: Sequence[Json]
    images: Sequence[Json]

    @property
    def succeeded(self) -> list[Json]:
        return [each for each in self.operations if each["status"] == "Succeeded"]

    @property
    def abandoned(self) -> list[Json]:
        """Those of requests that were never accepted: each is a tombstone, in the place of the records."""
        return [each for each in self.operations if (each["error"] or {}).get("code") == "NOT_ACCEPTED"]


def settle(storm: Storm, seconds: float) -> Aftermath:
    """Wait until every orchestration has ended, and then for nothing: what is there must be right.

    Raises:
        AssertionError: something still runs after so many seconds.
    """
    with httpx.Client(base_url=storm.stack.urls["host"], timeout=30) as hub:

        def at_rest() -> bool:
            return not hub.get(HUB, params={"runtimeStatus": "Running,Pending"}).json()

        wait_until(at_rest, "every orchestration to end", seconds)
    tenant = storm.tenant
    return Aftermath(storm, list(_pages(tenant, "/operations", "value")), list(_pages(tenant, "/images", "content")))


def faults(aftermath: Aftermath) -> list[str]:
    """What is wrong, as sentences; empty if nothing is. Stops the host, to read its state."""
    storm = aftermath.storm
    found = [*storm.surprises, *_catalogue(aftermath), *_azure(aftermath), *_secrets(storm)]
    storm.stack.children["host"].stop()
    return [*found, *_state(aftermath, _engine_state(storm.stack))]


def _engine_state(stack: Stack) -> statefile.StateFile:
    if functions_host.IS_GENUINE:
        return hub_tables.read(stack.azurite, stack.host_state)
    return statefile.read(stack.host_state)


def _pages(tenant: Tenant, path: str, content: str) -> Iterator[Json]:
    params = {"size": "100"}
    page = tenant.ok("GET", path, params=params)
    yield from page[content]
    while page["nextLink"]:
        answer = tenant.stack.api.get(page["nextLink"])
        assert answer.status_code == 200, answer.text
        page = answer.json()
        yield from page[content]


def _catalogue(aftermath: Aftermath) -> Iterator[str]:
    """Nothing accepted is lost, nothing is there twice, and what was in doubt has either come or not."""
    storm = aftermath.storm
    for operation in aftermath.operations:
        if operation not in aftermath.succeeded and operation not in aftermath.abandoned:
            yield f"operation {operation['id']} is {operation['status']}: {operation['error']}"
    if len(aftermath.abandoned) > len(storm.in_doubt):
        yield f"{len(aftermath.abandoned)} requests were given up, and only {len(storm.in_doubt)} had no answer"
    made = Counter(each["imageId"] for each in aftermath.succeeded)
    there = Counter(each["id"] for each in aftermath.images)
    if made != there or max(made.values(), default=1) > 1:
        yield f"operations made {made - there}, and of {there - made} none tells"
    promised = {job.created["streamId"] for job in storm.accepted}
    if promised - set(made):
        yield f"accepted and lost: {promised - set(made)}"
    for image in aftermath.images:
        if image["id"] not in promised and image["name"] not in storm.in_doubt:
            yield f"nobody asked for the image {image['name']}"
    for operation in aftermath.succeeded:
        yield from _story(storm.tenant, operation)


def _story(tenant: Tenant, operation: Json) -> Iterator[str]:
    """An image ends as it should, and its history is one chain for each of its parts, without a link twice."""
    job = job_of(tenant, operation)
    wanted = LAST_STATUS[operation["action"]]
    statuses = [operation["streamStatus"], operation["versionStatus"], operation["assetStatus"]]
    if statuses != [wanted] * 3:
        yield f"operation {operation['id']} has succeeded, and its image, version and asset are {statuses}"
    links: dict[str, list[Json]] = {}
    for entry in job.history:
        if entry["entity"] == "OPERATION":
            continue  # a retry or an error that changes no status
        links.setdefault(entry["entityId"], []).append(entry)
    for entity, entries in links.items():
        tos = [entry["to"] for entry in entries]
        if [entry["from"] for entry in entries[1:]] != tos[:-1]:
            yield f"the history of {entity} has a gap or a rival: {[(each['from'], each['to']) for each in entries]}"
        if ASKED_AGAIN not in tos and len(set(tos)) != len(tos):
            yield f"the history of {entity} tells a change twice: {tos}"
        if tos[-1] != wanted and entries[-1]["entity"] != "ASSET":
            yield f"the history of {entity} ends with {tos[-1]}"


def job_of(tenant: Tenant, operation: Json) -> Import:
    """An operation as if its request had had an answer."""
    created = {"streamId": operation["imageId"], "versionId": operation["versionId"], "assetId": operation["assetId"]}
    return Import(tenant, created, f"/operations/{operation['id']}")


def _azure(aftermath: Aftermath) -> Iterator[str]:
    """One machine or version for each image, and nothing besides; none was made a second time."""
    tenant = aftermath.storm.tenant
    said = {name: _resources(aftermath, name) for name in ("vmResourceId", "galleryImageVersionId")}
    there = {"vmResourceId": tenant.machines(), "galleryImageVersionId": versions_in_azure(tenant)}
    for name, ids in there.items():
        if Counter(each.lower() for each in ids) != said[name]:
            yield f"Azure has {ids}, and the catalogue {said[name]}"
    groups: dict[str, list[str]] = {}
    for each in tenant.inventory():
        parts = each.lower().split("/")
        groups.setdefault(parts[4], []).append("/".join(parts[7::2]))
    shapes = Counter(tuple(sorted(kinds)) for kinds in groups.values())
    if len(shapes) > 1 or len(groups) != len(there["vmResourceId"]):
        yield f"{len(groups)} resource groups for {len(there['vmResourceId'])} machines, with {shapes}"
    begun = Counter(call["path"] for call in tenant.calls() if call["method"] == "PUT" and call["status"] == 201)
    for path, times in begun.items():
        if times > 1:
            yield f"{path} was created {times} times"
    for call in tenant.calls():
        if call["method"] == "DELETE":
            yield f"something was taken away: {call['path']}"


def _resources(aftermath: Aftermath, name: str) -> Counter[str]:
    """The ids of Azure resources that assets have under a name."""
    assets = [job_of(aftermath.storm.tenant, each).copy for each in aftermath.succeeded]
    ids = (asset["assetDetails"]["data"].get(name) for asset in assets)
    return Counter(str(each).lower() for each in ids if each)


def _secrets(storm: Storm) -> list[str]:
    with closing(sqlite3.connect(storm.stack.folder / "vault.sqlite")) as db:
        names = db.execute("SELECT name FROM versions WHERE deleted_at IS NULL").fetchall()
    return [f"the secret {name} is left in the vault" for (name,) in names]


def _state(aftermath: Aftermath, state: statefile.StateFile) -> Iterator[str]:
    """One orchestration for each operation, all at an end, with histories as they should be."""
    yield from state.faults()
    yield from state.leftovers()
    tops = {each.id for each in state.instances.values() if ":" not in each.id} - {SWEEP}
    operations = {each["id"] for each in aftermath.operations}
    if tops != operations:
        yield f"orchestrations without an operation, or the other way round: {tops ^ operations}"
    for instance in state.instances.values():
        if instance.status != "Completed":
            yield f"{instance.name} {instance.id} is {instance.status}: {instance.output}"
        if instance.id.partition(":")[0] not in (*tops, SWEEP):
            yield f"{instance.name} {instance.id} has no parent"
