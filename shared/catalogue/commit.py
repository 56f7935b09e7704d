"""Writing a change of the records together with its history, against everybody else who writes them. Pure."""

from collections.abc import Callable

from shared.catalogue import queue
from shared.catalogue.change import Change, Tree
from shared.delivery.outbox import NOBODY, ImageOutbox
from shared.errors.catalogue import AlreadyExists, Changed, StoreUnavailable
from shared.models.image import Asset, Image, Version
from shared.models.operation import Operation
from shared.ports.catalog import CatalogStore, every

_TRIES = 10
"""How often a change is worked out anew when somebody else wrote in between."""


def read_tree(
    catalog: CatalogStore, operation: Operation, image: str, version: str, asset: str, *, ends_build: bool = False
) -> Tree:
    """The records around an asset, by its ids, that an operation works on; its ticket, too, if that ends its build.

    Raises:
        NotFound: they are gone.
    """
    org = operation.org_id
    assets = every(catalog, Asset, org, image, version)
    versions = every(catalog, Version, org, image)
    own = catalog.get(Asset, org, image, version, asset)
    return Tree(
        image=catalog.get(Image, org, image),
        version=catalog.get(Version, org, image, version),
        asset=own,
        operation=operation,
        other_assets=[other for other in assets if other.id != asset],
        other_versions=[other.status for other in versions if other.id != version],
        ticket=queue.ticket_of(operation, own.provider_instance_id, catalog) if ends_build else None,
    )


def write(
    catalog: CatalogStore, work_out: Callable[[], Change], is_written: Callable[[], bool], telling: ImageOutbox = NOBODY
) -> Change:
    """Write what `work_out` makes of the records as they are; `is_written` tells whether it has landed all the same.

    The events of the change are written with it, for whom `telling` says.

    Raises:
        StoreUnavailable: storage is away, or others write these records all the time.
    """
    for _ in range(_TRIES):
        telling.announce(catalog)
        change = work_out()
        if not change.history and not change.records:
            return change
        # The history goes first, under keys that a repetition would use again: no transition lacks its entry.
        for entry in change.history:
            catalog.put(entry)
        try:
            rows = telling.rows(change.events)
            catalog.update(*change.records, adding=(*rows, *change.new), removing=change.gone)
        except (Changed, AlreadyExists):
            # Either an earlier try of ours landed late, and then the entries are its own; or somebody else wrote.
            if not is_written():
                for entry in change.history:
                    catalog.delete(entry)
            continue
        return change
    raise StoreUnavailable("these records are written by others all the time")
