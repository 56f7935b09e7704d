"""What the janitor goes by, finds and hands on: what no operation needs, and operations that lack something."""

from collections.abc import Collection
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from shared.models.base import Model, UtcTime
from shared.models.catalog_record import CatalogRecord
from shared.models.error_info import ErrorInfo


class OrphanKind(StrEnum):
    """What is without what."""

    RESOURCE = "RESOURCE"
    """A resource in Azure that no operation needs."""
    OPERATION = "OPERATION"
    """An operation whose image should be there, and is not in Azure any more."""


class Why(StrEnum):
    """Why something is a finding."""

    NO_OPERATION = "NO_OPERATION"
    """The org has no operation of the id that the resource's tags name."""
    OPERATION_ENDED = "OPERATION_ENDED"
    """The operation failed or was canceled, and this of it was left."""
    IMAGE_DELETED = "IMAGE_DELETED"
    """The image or version that it belongs to is gone from the catalogue."""
    NOT_MARKED = "NOT_MARKED"
    """No tag says which deployment made it: an older release of this one, or another; never removed."""
    MISSING_IN_AZURE = "MISSING_IN_AZURE"
    """Somebody removed from Azure what the operation made."""


class OrphanState(StrEnum):
    """What the janitor has done about a finding."""

    REPORTED = "REPORTED"
    REMOVING = "REMOVING"
    REMAINS = "REMAINS"
    """Azure refused the removal; `error` says why. It is tried again at the next sweep."""


class SweepKind(StrEnum):
    """The parts that a sweep consists of: four listings of a subscription, two looks at an org's records."""

    GROUPS = "groups"
    DEFINITIONS = "definitions"
    VERSIONS = "versions"
    OTHERS = "others"
    OPERATIONS = "operations"
    KEYS = "keys"


LISTINGS = (SweepKind.GROUPS, SweepKind.VERSIONS, SweepKind.DEFINITIONS, SweepKind.OTHERS)
"""Versions before the definitions that they are in."""


class Orphan(CatalogRecord):
    """A finding; it is taken away when it is not true any more."""

    kind: ClassVar[str] = "orphan"

    id: str
    about: OrphanKind
    found_by: SweepKind
    subscription_id: str
    resource_id: str
    """What is there and should not be; of an operation, the first of what is missing."""
    missing: tuple[str, ...] = ()
    """Of an operation: the ARM ids that its ledger tells of and Azure does not have."""
    why: Why
    operation_id: str
    image_id: str
    version_id: str
    first_seen_at: UtcTime
    last_seen_at: UtcTime
    remove_at: UtcTime | None = None
    """From when on it is removed, unless the deployment only reports; None: never."""
    state: OrphanState = OrphanState.REPORTED
    error: ErrorInfo | None = None

    @property
    def row_key(self) -> str:
        """`orphan:{id}`."""
        return self.key(self.id)


class Unread(Model):
    """A subscription, a resource in it, or the records of an org, that could not be read."""

    subscription_id: str
    orgs: tuple[str, ...] = ()
    """Whose records, or whose look at Azure, it is about; empty: everybody who builds in the subscription."""
    code: str
    message: str

    def is_about(self, org: str, subscriptions: Collection[str]) -> bool:
        """Whether an org that builds in these subscriptions is told."""
        return org in self.orgs if self.orgs else self.subscription_id in subscriptions


class Sweep(CatalogRecord):
    """An org's last sweep that came to its end."""

    kind: ClassVar[str] = "sweep"
    LAST: ClassVar[str] = "last"

    began_at: UtcTime
    ended_at: UtcTime
    removes: bool
    """False: it only reports."""
    grace_seconds: float
    unread: tuple[Unread, ...] = ()

    @property
    def row_key(self) -> str:
        """`sweep:last`: there is one."""
        return self.key(self.LAST)


class SweepRules(Model):
    """By what a sweep goes."""

    catalog_name: str
    removes: bool = False
    grace: timedelta = timedelta(hours=24)


class SweepPart(Model):
    """A part of a sweep: a listing of a subscription, or an org's records of some kind."""

    kind: SweepKind
    subscription_id: str = ""
    """Of a listing."""
    orgs: tuple[str, ...]
    """Those with a provider instance in the subscription; or the one org."""
    continuation: str | None = None


class SweepTask(Model):
    """The input of the orchestration, and what it carries over `continue_as_new`."""

    began_at: UtcTime
    rules: SweepRules
    planned: bool = False
    parts: tuple[SweepPart, ...] = ()
    """What is still to do."""
    orgs: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """The subscriptions of each org."""
    unread: tuple[Unread, ...] = ()


class SweepPlan(Model):
    """What there is to sweep."""

    parts: tuple[SweepPart, ...]
    orgs: dict[str, tuple[str, ...]]


class SweepPage(Model):
    """The input of the activity that does one page of a part."""

    part: SweepPart
    rules: SweepRules
    began_at: UtcTime
    at: UtcTime


class PageReport(Model):
    """What the activity did of it."""

    continuation: str | None = None
    """Where to go on; None: the part is done."""
    unread: tuple[Unread, ...] = ()


class SweepEnd(Model):
    """The input of the activity that writes how a sweep ended."""

    task: SweepTask
    at: UtcTime
