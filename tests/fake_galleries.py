"""The GalleryProvider in memory."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from shared.errors.azure import ErrorKind, PermanentError, TransientError
from shared.ports.azure import CopyPreflight, Waiting
from shared.workflow.facts import SourceFacts
from shared.workflow.jobs.copy_job import CopyJob
from shared.workflow.naming import gallery_target
from shared.workflow.replication import RegionReplication, ReplicationState
from tests.builders import source_facts
from tests.scripted import ScriptedWork, answer

State = tuple[ReplicationState, int]
"""The state of a region, and its progress from 0 to 100."""

_DONE: State = (ReplicationState.COMPLETED, 100)
_ENDED = (ReplicationState.COMPLETED, ReplicationState.FAILED)


@dataclass
class _Region:
    """A region that a version is in: what it says next, and the last it said."""

    script: Iterator[State]
    state: State = _DONE

    def __post_init__(self) -> None:
        self.state = next(self.script, self.state)

    def ask(self) -> State:
        """What it says now; one that ended has no more to say."""
        said = self.state
        if said[0] not in _ENDED:
            self.state = next(self.script, said)
        return said


@dataclass
class _Version:
    operation_id: str
    regions: dict[str, _Region]


@dataclass
class FakeGalleryProvider(ScriptedWork):
    """A GalleryProvider without Azure.

    `replicates("westus2", (REPLICATING, 10), (FAILED, 40), (COMPLETED, 100))` is what a region says, one state to
    each call of `replication`. A region that failed stays so until it is taken out; put in again, it goes on with
    its script. The last state stays. A region without a script has completed at once. An update of the regions is
    under way until every region has completed or failed, and, with `takes("target_regions", …)`, at least so long.
    """

    preflight_result: CopyPreflight = field(default_factory=lambda: CopyPreflight((), source_facts()))
    galleries: set[str] = field(default_factory=set)
    """The ids of the galleries there are."""
    definitions: dict[str, str] = field(default_factory=dict)
    """The ids of the image definitions there are, and of the image that each belongs to."""
    versions: dict[str, _Version] = field(default_factory=dict)
    """The image versions there are, by id."""

    def __post_init__(self) -> None:
        super().__init__()
        self._states: dict[str, tuple[State, ...]] = {}
        self._scripts: dict[tuple[str, str], Iterator[State]] = {}

    def replicates(self, region: str, *states: State) -> None:
        """Let a region go through these states."""
        if not states:
            raise ValueError("a region says something")
        self._states[region] = states

    def regions(self, job: CopyJob) -> set[str]:
        """The regions that Azure was asked to have the job's version in."""
        return set(self._version(job).regions)

    def prove_access(self, job: CopyJob) -> None:
        lost = self.enter("prove_access")
        answer(None, lost)

    def preflight_copy(self, job: CopyJob) -> CopyPreflight:
        lost = self.enter("preflight_copy")
        return answer(self.preflight_result, lost)

    def begin_gallery(self, job: CopyJob) -> Waiting | None:
        lost = self.enter("begin_gallery")
        self.galleries.add(gallery_target(job).gallery_id)
        return answer(self.begin_work(job.operation_id, "gallery"), lost)

    def check_gallery(self, job: CopyJob, handle: str | None) -> Waiting | None:
        lost = self.enter("check_gallery")
        return answer(self.check_work(job.operation_id, "gallery"), lost)

    def begin_definition(self, job: CopyJob, facts: SourceFacts) -> Waiting | None:
        lost = self.enter("begin_definition")
        target = gallery_target(job)
        if target.gallery_id not in self.galleries:
            raise PermanentError("ParentResourceNotFound", f"Gallery {target.gallery} does not exist.")
        if self.definitions.setdefault(target.definition_id, job.image_id) != job.image_id:
            raise PermanentError("DefinitionNotOurs", f"Image definition {target.definition} belongs to another image.")
        return answer(self.begin_work(job.operation_id, "definition"), lost)

    def check_definition(self, job: CopyJob, handle: str | None) -> Waiting | None:
        lost = self.enter("check_definition")
        return answer(self.check_work(job.operation_id, "definition"), lost)

    def begin_image_version(self, job: CopyJob, facts: SourceFacts) -> Waiting | None:
        lost = self.enter("begin_image_version")
        target = gallery_target(job)
        if target.definition_id not in self.definitions:
            raise TransientError("GalleryImageNotFound", "The definition does not exist yet.", kind=ErrorKind.BUSY)
        if target.version_id in self.versions:
            self._version(job)
        else:
            self.versions[target.version_id] = _Version(
                job.operation_id, {job.home.name: self._region(job, job.home.name)}
            )
        return answer(self.begin_work(job.operation_id, "image_version"), lost)

    def check_image_version(self, job: CopyJob, handle: str | None) -> Waiting | None:
        lost = self.enter("check_image_version")
        return answer(self.check_work(job.operation_id, "image_version"), lost)

    def image_version_details(self, job: CopyJob) -> Mapping[str, object]:
        lost = self.enter("image_version_details")
        version = self._version(job)
        target = gallery_target(job)
        facts = self.preflight_result.facts or source_facts()
        details = {
            "galleryImageVersionId": target.version_id,
            "galleryImageDefinitionId": target.definition_id,
            "sourceId": job.source.id,
            "hyperVGeneration": facts.hyper_v_generation,
            "osState": facts.os_state,
            "regions": list(version.regions),
        }
        return answer(details, lost)

    def begin_target_regions(self, job: CopyJob, regions: Sequence[str]) -> Waiting | None:
        lost = self.enter("begin_target_regions")
        version = self._version(job)
        wanted = {job.home.name, *regions}
        if wanted != set(version.regions):
            if self._update_under_way(job, version):
                message = "The regions are being updated; they are changed afterwards."
                raise TransientError("UpdateUnderWay", message, kind=ErrorKind.BUSY)
            version.regions = {name: version.regions.get(name) or self._region(job, name) for name in sorted(wanted)}
            self.forget_work(job.operation_id, "target_regions")
            self.begin_work(job.operation_id, "target_regions")
        return answer(self._regions_waiting(job, version), lost)

    def check_target_regions(self, job: CopyJob, handle: str | None) -> Waiting | None:
        lost = self.enter("check_target_regions")
        version = self._version(job)
        if self.checks_left(job.operation_id, "target_regions"):
            self.check_work(job.operation_id, "target_regions")
        return answer(self._regions_waiting(job, version), lost)

    def replication(self, job: CopyJob) -> Sequence[RegionReplication]:
        lost = self.enter("replication")
        said = {name: region.ask() for name, region in self._version(job).regions.items()}
        found = [
            RegionReplication(region=name, state=state, progress=progress) for name, (state, progress) in said.items()
        ]
        return answer(found, lost)

    def begin_copy_removal(self, job: CopyJob) -> Waiting | None:
        lost = self.enter("begin_copy_removal")
        if gallery_target(job).version_id not in self.versions:
            self._remove_definition(job)
            return answer(None, lost)
        if not self._is_ours(job):
            return answer(None, lost)
        waiting = self.begin_work(job.operation_id, "copy_removal")
        if waiting is None:
            self._remove(job)
        return answer(waiting, lost)

    def check_copy_removal(self, job: CopyJob, handle: str | None) -> Waiting | None:
        lost = self.enter("check_copy_removal")
        if gallery_target(job).version_id not in self.versions or not self._is_ours(job):
            return answer(None, lost)
        waiting = self.check_work(job.operation_id, "copy_removal")
        if waiting is None:
            self._remove(job)
        return answer(waiting, lost)

    def _region(self, job: CopyJob, name: str) -> _Region:
        states = self._states.get(name, (_DONE,))
        script = self._scripts.setdefault((gallery_target(job).version_id, name), iter(states))
        return _Region(script, states[-1])

    def _update_under_way(self, job: CopyJob, version: _Version) -> bool:
        still = any(region.state[0] not in _ENDED for region in version.regions.values())
        return still or self.checks_left(job.operation_id, "target_regions") > 0

    def _regions_waiting(self, job: CopyJob, version: _Version) -> Waiting | None:
        return self.waiting("target_regions") if self._update_under_way(job, version) else None

    def _version(self, job: CopyJob) -> _Version:
        target = gallery_target(job)
        version = self.versions.get(target.version_id)
        if version is None:
            raise PermanentError("ResourceNotFound", f"Image version {target.version} does not exist.")
        if version.operation_id != job.operation_id:
            raise PermanentError("ResourceNotOurs", f"Image version {target.version} belongs to another operation.")
        return version

    def _is_ours(self, job: CopyJob) -> bool:
        return self.versions[gallery_target(job).version_id].operation_id == job.operation_id

    def _remove(self, job: CopyJob) -> None:
        del self.versions[gallery_target(job).version_id]
        self.forget_work(job.operation_id)
        self._remove_definition(job)

    def _remove_definition(self, job: CopyJob) -> None:
        definition = gallery_target(job).definition_id
        used = any(version.startswith(f"{definition}/") for version in self.versions)
        if self.definitions.get(definition) == job.image_id and not used:
            del self.definitions[definition]
