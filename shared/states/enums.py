"""The enums of the API page, but for the statuses."""

from enum import StrEnum


class Action(StrEnum):
    """What `POST /images?action=` can ask for."""

    IMPORT = "import"
    COPY_EXISTING_IMAGE = "copy-existing-image"


class OperationAction(StrEnum):
    """What an operation does."""

    IMPORT = "import"
    COPY_EXISTING_IMAGE = "copy-existing-image"
    DELETE = "delete"


class ProviderLabel(StrEnum):
    """The kind of cloud an image lives in; only AZURE runs here."""

    AKKA = "AKKA"
    AZURE = "AZURE"
    VSPHERE = "VSPHERE"
    ZEROCLOUD = "ZEROCLOUD"


class SourceType(StrEnum):
    """Where an image comes from (`sourceStreamType`)."""

    AKKA_CUSTOM_VM = "AKKA_CUSTOM_VM"
    AKKA_MARKET_PLACE = "AKKA_MARKET_PLACE"
    AKKA_SIG = "AKKA_SIG"
    AZURE_CUSTOM_VM = "AZURE_CUSTOM_VM"
    AZURE_MARKET_PLACE = "AZURE_MARKET_PLACE"
    AZURE_SIG = "AZURE_SIG"
    COPIED_FROM_VERSION = "COPIED_FROM_VERSION"
    IMPORTED_VMS = "IMPORTED_VMS"
    UPLOADED = "UPLOADED"
    VSPHERE_CATALOG = "VSPHERE_CATALOG"


class AssetType(StrEnum):
    """What an asset is made of."""

    AKKA_IMAGE_IN_RG = "AKKA_IMAGE_IN_RG"
    AKKA_VM_IN_RG = "AKKA_VM_IN_RG"
    AZURE_IMAGE_IN_RG = "AZURE_IMAGE_IN_RG"
    AZURE_IMAGE_IN_SIG = "AZURE_IMAGE_IN_SIG"
    AZURE_IMAGE_REPLICA_IN_SIG = "AZURE_IMAGE_REPLICA_IN_SIG"
    AZURE_VM_IN_RG = "AZURE_VM_IN_RG"
    VSPHERE_MASTER_VM = "VSPHERE_MASTER_VM"


class GpuType(StrEnum):
    """Whether the image is for machines with a GPU, and whose."""

    AMD = "AMD"
    NONE = "NONE"
    NVIDIA = "NVIDIA"


class OsType(StrEnum):
    """The operating system: WINDOWS and LINUX name a family; CLIENT, SERVER and WVD a class of Windows."""

    CLIENT = "CLIENT"
    LINUX = "LINUX"
    SERVER = "SERVER"
    WINDOWS = "WINDOWS"
    WVD = "WVD"

    @property
    def family(self) -> "OsType":
        """WINDOWS or LINUX."""
        return OsType.LINUX if self is OsType.LINUX else OsType.WINDOWS


class VersionType(StrEnum):
    """Which part of the version source is counted up."""

    MAJOR = "MAJOR"
    MINOR = "MINOR"
    PATCH = "PATCH"
