"""The Marketplace images that are known to make good desktops: what `GET /image-sources` offers, and what the
`os` of a request is checked against. Pure.

Names as in the Azure Marketplace (`az vm image list-skus`); only second-generation images, since trusted launch
needs them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.states.enums import OsType
from shared.workflow.sources import MarketplaceImage

_DESKTOP = "MicrosoftWindowsDesktop"
_SERVER = "MicrosoftWindowsServer"


@dataclass(frozen=True, slots=True)
class ImageSource:
    """A curated image.

    Attributes:
        display_name: what people read, and a request's `os` repeats.
        publisher: of the Marketplace.
        offer: of the publisher.
        sku: of the offer.
        os_type: CLIENT, SERVER, WVD or LINUX.
    """

    display_name: str
    publisher: str
    offer: str
    sku: str
    os_type: OsType

    @property
    def multi_session(self) -> bool:
        """Whether several people can use one machine at once."""
        return self.os_type in (OsType.WVD, OsType.SERVER)

    @property
    def image(self) -> MarketplaceImage:
        """The newest version of it."""
        return MarketplaceImage(publisher=self.publisher, offer=self.offer, sku=self.sku)


IMAGE_SOURCES: Sequence[ImageSource] = (
    ImageSource("Windows 11 Enterprise, 25H2", _DESKTOP, "windows-11", "win11-25h2-ent", OsType.CLIENT),
    ImageSource("Windows 11 Enterprise, 24H2", _DESKTOP, "windows-11", "win11-24h2-ent", OsType.CLIENT),
    ImageSource("Windows 11 Enterprise, 23H2", _DESKTOP, "windows-11", "win11-23h2-ent", OsType.CLIENT),
    ImageSource("Windows 10 Enterprise, 22H2", _DESKTOP, "windows-10", "win10-22h2-ent-g2", OsType.CLIENT),
    ImageSource("Windows 11 Enterprise multi-session, 25H2", _DESKTOP, "windows-11", "win11-25h2-avd", OsType.WVD),
    ImageSource("Windows 11 Enterprise multi-session, 24H2", _DESKTOP, "windows-11", "win11-24h2-avd", OsType.WVD),
    ImageSource("Windows 11 Enterprise multi-session, 23H2", _DESKTOP, "windows-11", "win11-23h2-avd", OsType.WVD),
    ImageSource("Windows 10 Enterprise multi-session, 22H2", _DESKTOP, "windows-10", "win10-22h2-avd-g2", OsType.WVD),
    ImageSource(
        "Windows 11 Enterprise multi-session, 24H2 + Microsoft 365 Apps",
        _DESKTOP,
        "office-365",
        "win11-24h2-avd-m365",
        OsType.WVD,
    ),
    ImageSource(
        "Windows 11 Enterprise multi-session, 23H2 + Microsoft 365 Apps",
        _DESKTOP,
        "office-365",
        "win11-23h2-avd-m365",
        OsType.WVD,
    ),
    ImageSource("Windows Server 2025 Datacenter", _SERVER, "WindowsServer", "2025-datacenter-g2", OsType.SERVER),
    ImageSource("Windows Server 2022 Datacenter", _SERVER, "WindowsServer", "2022-datacenter-g2", OsType.SERVER),
    ImageSource("Windows Server 2019 Datacenter", _SERVER, "WindowsServer", "2019-datacenter-gensecond", OsType.SERVER),
    ImageSource(
        "CIS Windows Server 2022 Level 1",
        "center-for-internet-security-inc",
        "cis-windows-server",
        "cis-windows-server2022-l1-gen2",
        OsType.SERVER,
    ),
    ImageSource("Ubuntu Server 24.04 LTS", "Canonical", "ubuntu-24_04-lts", "server", OsType.LINUX),
    ImageSource("Ubuntu Server 22.04 LTS", "Canonical", "0001-com-ubuntu-server-jammy", "22_04-lts-gen2", OsType.LINUX),
)


def _key(publisher: str, offer: str, sku: str) -> tuple[str, str, str]:
    return publisher.lower(), offer.lower(), sku.lower()


_BY_NAME = {source.display_name.lower(): source for source in IMAGE_SOURCES}
_BY_IMAGE = {_key(source.publisher, source.offer, source.sku): source for source in IMAGE_SOURCES}


def by_display_name(name: str) -> ImageSource | None:
    """The curated image that people know by that name; letter case does not matter."""
    return _BY_NAME.get(name.lower())


def by_image(publisher: str, offer: str, sku: str) -> ImageSource | None:
    """The curated image with those Marketplace names, in which Azure ignores letter case."""
    return _BY_IMAGE.get(_key(publisher, offer, sku))
