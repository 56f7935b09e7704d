"""Which of the resources with our tags no operation needs, and what may be done about them. Pure."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from shared.models.image import Asset, Image
from shared.models.operation import Operation
from shared.models.orphans import Why
from shared.ports.inventory import TaggedResource
from shared.states.roll_up import VERSION_OF_ASSET
from shared.states.statuses import OperationStatus, VersionStatus
from shared.workflow.jobs.making_job import MakingJob
from shared.workflow.kinds import KINDS, kind_of, read_making_job
from shared.workflow.naming import CATALOG, staging_group

_GROUP = re.compile(r"/subscriptions/[^/]+/resourceGroups/(?P<name>[^/]+)", re.IGNORECASE)
_GALLERY = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Compute/galleries/[^/]+"
    r"(?P<definition>/images/[^/]+)?(?P<version>/versions/[^/]+)?",
    re.IGNORECASE,
)


_NOTHING_THERE = (VersionStatus.FAILED, VersionStatus.DELETING, VersionStatus.PENDING)
"""What a version is whose resources are gone, on their way out, or not there yet."""


class Place(Enum):
    """What kind of thing a resource is."""

    GROUP = auto()
    GALLERY = auto()
    DEFINITION = auto()
    VERSION = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class Known:
    """What the catalogue knows of the ids in a resource's tags; None where it has no such record."""

    operation: Operation | None = None
    asset: Asset | None = None
    image: Image | None = None

    @property
    def job(self) -> MakingJob | None:
        """What the operation made, if its record tells."""
        made = self.operation
        if made is None or not made.job or KINDS[made.action].removal is None:
            return None
        return read_making_job(made.job)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a resource is an orphan, and whether it is what naming makes of its tags, so that it may be removed."""

    why: Why
    removable: bool


def place_of(resource_id: str) -> Place:
    """What kind of thing an ARM id names."""
    if _GROUP.fullmatch(resource_id):
        return Place.GROUP
    found = _GALLERY.fullmatch(resource_id)
    if found is None:
        return Place.OTHER
    return Place.VERSION if found["version"] else Place.DEFINITION if found["definition"] else Place.GALLERY


def finding_id(text: str) -> str:
    """The id of the finding about a resource, whatever the casing of its id; or about an operation."""
    return hashlib.sha256(text.lower().encode()).hexdigest()[:32]


def judge(found: TaggedResource, known: Known, catalog_name: str) -> Verdict | None:
    """Whether a resource with our tags is an orphan; None where it lives, or is another deployment's."""
    whose = found.tags.get(CATALOG)
    if whose not in (None, catalog_name):
        return None
    why = _why(place_of(found.resource_id), known)
    if why is None:
        return None
    if whose is None:
        return Verdict(Why.NOT_MARKED, removable=False)
    return Verdict(why, removable=_is_in_its_place(found, known))


def expects_resources(known: Known, at: datetime) -> bool:
    """Whether what the operation made should be in Azure: it has ended, and its asset can be used or is kept."""
    operation, asset = known.operation, known.asset
    if operation is None or asset is None or not operation.status.ended:
        return False
    retryable = operation.kept and operation.retry_until is not None and operation.retry_until > at
    return retryable or VERSION_OF_ASSET[asset.status] not in _NOTHING_THERE


def _why(place: Place, known: Known) -> Why | None:
    """Why the catalogue does not need it; None where it does."""
    if place is Place.GALLERY:
        return None  # it is the provider instance's, and outlives what is in it
    if known.operation is not None and known.operation.is_open:
        return None  # it is at work, or what it made is kept for a retry, or on its way out
    if place is Place.DEFINITION and known.image is not None:
        return None  # one definition holds every version of the image, whichever operation made it
    if known.operation is None:
        return Why.NO_OPERATION
    if known.asset is None:
        return Why.IMAGE_DELETED
    # A copy that is canceled while it goes to further regions stays usable: its asset says so, not its operation.
    failed = VERSION_OF_ASSET[known.asset.status] is VersionStatus.FAILED
    if failed and known.operation.status is not OperationStatus.SUCCEEDED:
        return Why.OPERATION_ENDED
    return None


def _is_in_its_place(found: TaggedResource, known: Known) -> bool:
    """Whether it has the id that naming derives: nothing else is ever removed."""
    job = known.job
    if job is not None:
        return found.resource_id.lower() in {root.lower() for root in kind_of(job).roots(job)}
    # Of a staging group, the version's id is enough to tell.
    name, version_id = found.resource_id.rpartition("/")[2], found.tags.get("versionId", "")
    is_group = place_of(found.resource_id) is Place.GROUP
    return is_group and bool(version_id) and name.lower() == staging_group(version_id)
