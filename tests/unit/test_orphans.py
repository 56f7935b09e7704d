"""What the janitor takes for an orphan: a table of every case, and what must hold in all of them."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import NamedTuple

import pytest

from shared.catalogue.orphans import Known, Place, Verdict, expects_resources, finding_id, judge, place_of
from shared.models.image import Asset, Image
from shared.models.operation import Operation
from shared.models.orphans import Why
from shared.ports.inventory import TaggedResource
from shared.states.statuses import AssetStatus, OperationStatus
from shared.workflow.naming import CATALOG, gallery_target, staging, tags
from tests import builders
from tests.builders import NOW, ORG

OURS = "catalog-1"
IMPORT = builders.import_job(catalog_name=OURS)
COPY = builders.copy_job(catalog_name=OURS)
TARGET = gallery_target(COPY)
IDS = {
    Place.GROUP: staging(IMPORT).group_id,
    Place.GALLERY: TARGET.gallery_id,
    Place.DEFINITION: TARGET.definition_id,
    Place.VERSION: TARGET.version_id,
    Place.OTHER: staging(IMPORT).group_id.replace("rg-img", "rg-own") + "/providers/Microsoft.Compute/disks/moved",
}
STATES = ("none", *OperationStatus, "Failed, kept", "Failed, on its way out")
ASSETS = (
    None,
    AssetStatus.IMPORT_COMPLETE,
    AssetStatus.AVAILABLE,
    AssetStatus.IMPORT_FAILED,
    AssetStatus.DELETION_FAILED,
)
FAILED = AssetStatus.IMPORT_FAILED


class Case(NamedTuple):
    """A resource, and what the catalogue knows of it."""

    place: Place
    whose: str | None
    state: str
    asset: AssetStatus | None
    image: bool

    @property
    def known(self) -> Known:
        job = IMPORT if self.place in (Place.GROUP, Place.OTHER) else COPY
        ids = {"org_id": ORG, "image_id": job.image_id}
        operation: Operation | None = None
        if self.state != "none":
            until = NOW + timedelta(seconds=1) if self.state == "Failed, kept" else None
            operation = builders.operation(
                **ids, id=job.operation_id, status=OperationStatus(self.state.partition(",")[0]), job=job.to_json()
            ).model_copy(update={"kept": "," in self.state, "retry_until": until})
        asset: Asset | None = builders.asset(**ids, status=self.asset) if self.asset else None
        image: Image | None = builders.image(org_id=ORG, id=job.image_id) if self.image else None
        return Known(operation=operation, asset=asset if operation else None, image=image)

    @property
    def found(self) -> TaggedResource:
        job = IMPORT if self.place in (Place.GROUP, Place.OTHER) else COPY
        marked = {name: value for name, value in tags(job).items() if name != CATALOG}
        return TaggedResource(IDS[self.place], marked | ({CATALOG: self.whose} if self.whose else {}))

    @property
    def verdict(self) -> Verdict | None:
        return judge(self.found, self.known, OURS)


CASES = [Case(*each) for each in product(Place, (OURS, None, "another"), STATES, ASSETS, (True, False))]


def of(place: Place, whose: str | None = OURS) -> Iterator[Case]:
    return (case for case in CASES if case.place is place and case.whose == whose)


@pytest.mark.parametrize("place", list(Place), ids=lambda place: place.name)
def test_an_id_says_what_it_names(place: Place) -> None:
    assert place_of(IDS[place]) is place
    assert place_of(IDS[place].upper()) is place


def expected(case: Case) -> Why | None:
    """The rule for a staging group or an image version, said another way than in the code."""
    if case.state == "none":
        return Why.NO_OPERATION
    if case.state in (OperationStatus.NOT_STARTED, OperationStatus.RUNNING) or "," in case.state:
        return None
    if case.asset is None:
        return Why.IMAGE_DELETED
    ended_badly = case.state in (OperationStatus.FAILED, OperationStatus.CANCELED)
    return Why.OPERATION_ENDED if ended_badly and case.asset is FAILED else None


@pytest.mark.parametrize("place", [Place.GROUP, Place.VERSION, Place.OTHER], ids=lambda place: place.name)
def test_what_one_operation_made_lives_as_long_as_it_is_needed(place: Place) -> None:
    for case in of(place):
        verdict = case.verdict
        assert (verdict.why if verdict else None) == expected(case), case


def test_a_definition_lives_as_long_as_its_image() -> None:
    for case in of(Place.DEFINITION):
        verdict = case.verdict
        assert (verdict.why if verdict else None) == (None if case.image else expected(case)), case


def test_a_gallery_is_nobodys_orphan() -> None:
    assert {case.verdict for case in CASES if case.place is Place.GALLERY} == {None}


def test_another_deployments_is_none_of_our_business() -> None:
    assert {case.verdict for case in CASES if case.whose == "another"} == {None}


def test_what_does_not_say_whose_it_is_is_shown_at_most() -> None:
    verdicts = {case.verdict for case in CASES if case.whose is None}
    assert verdicts == {None, Verdict(Why.NOT_MARKED, removable=False)}
    for case in CASES:
        if case.whose is None:
            marked = case._replace(whose=OURS)
            assert (case.verdict is None) == (marked.verdict is None), "what lives is not even shown"


def test_a_copy_that_was_canceled_on_its_way_to_further_regions_stays() -> None:
    """Its home region can be used, and is; only the operation has not come to its end."""
    case = Case(Place.VERSION, OURS, OperationStatus.CANCELED, AssetStatus.AVAILABLE, image=True)
    assert case.verdict is None


def test_only_what_naming_derives_may_be_removed() -> None:
    removable = {case.place for case in CASES if case.verdict is not None and case.verdict.removable}
    assert removable == {Place.GROUP, Place.DEFINITION, Place.VERSION}
    for case in CASES:
        if case.verdict is None or not case.verdict.removable:
            continue
        moved = TaggedResource(case.found.resource_id + "0", case.found.tags)
        verdict = judge(moved, case.known, OURS)
        assert verdict is not None
        assert not verdict.removable, case


def test_a_group_of_the_right_name_in_another_subscription_is_not_removed() -> None:
    """Its operation's job says where its group is."""
    elsewhere = IDS[Place.GROUP].replace(builders.SUBSCRIPTION, builders.new_id())
    case = Case(Place.GROUP, OURS, OperationStatus.FAILED, FAILED, image=True)
    assert judge(TaggedResource(elsewhere, case.found.tags), case.known, OURS) == Verdict(
        Why.OPERATION_ENDED, removable=False
    )


def test_of_galleries_nothing_is_removed_without_the_operations_job() -> None:
    for place in (Place.DEFINITION, Place.VERSION):
        assert Case(place, OURS, "none", None, image=False).verdict == Verdict(Why.NO_OPERATION, removable=False)


def test_the_casing_of_an_id_makes_no_other_finding() -> None:
    assert finding_id(IDS[Place.GROUP]) == finding_id(IDS[Place.GROUP].upper())
    assert len({finding_id(each) for each in IDS.values()}) == len(IDS)


def test_a_deployment_without_a_name_removes_nothing() -> None:
    for case in CASES:
        verdict = judge(case.found, case.known, "")
        assert verdict is None or not verdict.removable


@pytest.mark.parametrize(
    ("state", "asset", "expects"),
    [
        (OperationStatus.SUCCEEDED, AssetStatus.IMPORT_COMPLETE, True),
        (OperationStatus.SUCCEEDED, AssetStatus.DISABLED, True),
        (OperationStatus.CANCELED, AssetStatus.AVAILABLE, True),
        (OperationStatus.RUNNING, AssetStatus.AVAILABLE, False),
        (OperationStatus.FAILED, FAILED, False),
        ("Failed, kept", FAILED, True),
        ("Failed, on its way out", FAILED, False),
        (OperationStatus.SUCCEEDED, AssetStatus.DELETING, False),
        (OperationStatus.SUCCEEDED, AssetStatus.DELETION_FAILED, False),
        (OperationStatus.SUCCEEDED, None, False),
        ("none", None, False),
    ],
)
def test_only_what_can_be_used_or_is_kept_has_to_be_there(state: str, asset: AssetStatus | None, expects: bool) -> None:
    known = Case(Place.GROUP, OURS, state, asset, image=True).known
    assert expects_resources(known, NOW) is expects
