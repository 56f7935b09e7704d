"""What preflight found out, and later steps rely on."""

from shared.models.base import Model
from shared.states.enums import OsType
from shared.workflow.sources import PurchasePlan


class Facts(Model):
    """What preflight found out about a Marketplace image, and later steps rely on."""

    version: str
    """The concrete image version that "latest" stood for."""
    plan: PurchasePlan | None = None
    hyper_v_generation: str = "V1"
    trusted_launch: bool = False
    os_family: OsType = OsType.WINDOWS
    architecture: str = "x64"


class Feature(Model):
    """A feature of an image definition, such as SecurityType."""

    name: str
    value: str


class SourceFacts(Model):
    """What preflight found out about the source of a copy; the definition is made with the source's properties."""

    source_id: str
    """ARM id of the source version, as Azure writes it."""
    os_family: OsType
    os_state: str
    """Generalized or Specialized."""
    hyper_v_generation: str
    architecture: str = "x64"
    features: tuple[Feature, ...] = ()
    plan: PurchasePlan | None = None
    size_gb: int | None = None
