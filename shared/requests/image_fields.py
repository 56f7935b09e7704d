"""Reads the fields of the body of `POST /images`, what belongs together by one method. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.models.catalog_record import RECORD_ID
from shared.requests.asset_details import read_asset_type
from shared.requests.copy_details import read_data, read_options, read_source
from shared.requests.fields import ORG_ID, STREAM_NAME, Fields
from shared.requests.findings import Code, one_of
from shared.requests.image_sources import ImageSource, by_display_name, by_image
from shared.requests.import_details import read_administrator, read_create_public_ip, read_import_source
from shared.requests.models import AnyRequest, CatalogueReference, CopyRequest, ImportRequest, ImportSource
from shared.requests.version_names import next_version_name
from shared.states.enums import Action, AssetType, GpuType, OsType, ProviderLabel, SourceType, VersionType

LONGEST_DESCRIPTION = 1024
LONGEST_OS = 256
_SOURCE_OF_ACTION: Mapping[Action, SourceType] = {
    Action.IMPORT: SourceType.AZURE_MARKET_PLACE,
    Action.COPY_EXISTING_IMAGE: SourceType.AZURE_SIG,
}


class ImageFields:
    """One reading of one body: each method reads what belongs together."""

    def __init__(self, fields: Fields, now: datetime, org_id: str | None) -> None:
        self._fields = fields
        self._now = now
        self._org_id = org_id
        self.password: str | None = None
        """The administrator's, once it was read and found right."""

    def request(self, action: Action | None) -> AnyRequest | None:
        """The request, or None; the notes say why."""
        source_type = self._source_type(action)
        common: dict[str, Any] = {
            "source_type": source_type,
            "os_type": self._fields.choice("osType", OsType, required=True),
            "gpu_type": self._fields.choice("gpuType", GpuType) or GpuType.NONE,
            **self._stream(),
            **self._version(),
            **self._provider(),
        }
        multi_session = self._multi_session(common["os_type"])
        if action is Action.IMPORT:
            return self._import(common, multi_session)
        if action is Action.COPY_EXISTING_IMAGE:
            return self._copy(common, multi_session)
        return None

    def _import(self, common: dict[str, Any], multi_session: bool | None) -> ImportRequest | None:
        os_type, gpu = common["os_type"], common["gpu_type"]
        details = self._fields.object("assetDetails", required=True)
        read_asset_type(details, AssetType.AZURE_VM_IN_RG)
        source = read_import_source(details, os_type, gpu)
        create_public_ip = read_create_public_ip(details)
        administrator = read_administrator(details, os_type)
        self.password = administrator.password.get_secret_value() if administrator else None
        details.tolerate_unknown()
        self._check_os(common["os"], source)
        for name in ("sourceStreamId", "sourceVersionId"):
            if self._fields.text(name):
                self._fields.tolerate(name, Code.IGNORED_FIELD, "is not needed for an import, and is ignored")
        self._ignored()
        known = by_image(source.publisher, source.offer, source.sku) if source else None
        self._check_os_type(os_type, known)
        if source is None or administrator is None or None in common.values():
            return None
        return ImportRequest(
            **common,
            multi_session=_is_multi_session(multi_session, os_type, known),
            asset_type=AssetType.AZURE_VM_IN_RG,
            source=source,
            create_public_ip=create_public_ip,
            administrator=administrator,
        )

    def _copy(self, common: dict[str, Any], multi_session: bool | None) -> CopyRequest | None:
        details = self._fields.object("assetDetails")
        read_asset_type(details, AssetType.AZURE_IMAGE_IN_SIG)
        data, kept = read_data(details)
        named_elsewhere = self._fields.given("sourceStreamId") or self._fields.given("sourceVersionId")
        named = read_source(data, required=not named_elsewhere)
        reference = self._reference()
        options = read_options(details, self._now)
        if details.any("vmInfo"):
            details.tolerate("vmInfo", Code.IGNORED_FIELD, "is not needed for a copy, and is ignored")
        details.tolerate_unknown()
        self._check_os(common["os"], None)
        self._ignored()
        if (named is None and reference is None) or None in common.values():
            return None
        return CopyRequest(
            **common,
            multi_session=_is_multi_session(multi_session, common["os_type"], by_display_name(common["os"])),
            asset_type=AssetType.AZURE_IMAGE_IN_SIG,
            named=named,
            reference=reference,
            options=options,
            data=dict(kept),
        )

    def _reference(self) -> CatalogueReference | None:
        """The image of the catalogue that is the source of a copy, if one is named."""
        rule = "must be the id of an image or a version of the org"
        version = self._fields.text("sourceVersionId", longest=1024, pattern=RECORD_ID, rule=rule)
        required = self._fields.given("sourceVersionId")
        stream = self._fields.text("sourceStreamId", longest=1024, pattern=RECORD_ID, rule=rule, required=required)
        return CatalogueReference(stream_id=stream, version_id=version) if stream else None

    def _source_type(self, action: Action | None) -> SourceType | None:
        name = "sourceStreamType"
        source = self._fields.choice(name, SourceType, required=True)
        if source is None:
            return None
        supported = list(_SOURCE_OF_ACTION.values())
        if source not in supported:
            self._fields.refuse(name, Code.UNSUPPORTED_SOURCE, f"{source} is not supported; {one_of(supported)}")
        elif action is not None and source is not _SOURCE_OF_ACTION[action]:
            right = next(other for other, its_source in _SOURCE_OF_ACTION.items() if its_source is source)
            self._fields.refuse(
                name, Code.ACTION_SOURCE_MISMATCH, f"{source} belongs to action={right}, and the action is {action}"
            )
        return source

    def _multi_session(self, os_type: OsType | None) -> bool | None:
        multi_session = self._fields.flag("isMultiSession")
        contradicted = {OsType.WVD: False, OsType.CLIENT: True}
        if os_type in contradicted and multi_session is contradicted[os_type]:
            which = "one session" if os_type is OsType.CLIENT else "many sessions"
            self._fields.refuse("isMultiSession", Code.CONTRADICTION, f"osType {os_type} means {which} a machine")
        return multi_session

    def _stream(self) -> dict[str, Any]:
        fields = self._fields
        rule = "must have 1 to 64 letters, digits, underscores and dashes"
        return {
            "org_id": self._org(),
            "stream_name": fields.text("streamName", required=True, longest=1024, pattern=STREAM_NAME, rule=rule),
            "stream_description": fields.text("streamDescription", longest=LONGEST_DESCRIPTION) or "",
            "os": fields.text("os", longest=LONGEST_OS) or "",
        }

    def _org(self) -> str | None:
        rule = "must have 1 to 128 letters, digits and any of . _ : @ -"
        return (
            self._fields.text("orgId", required=self._org_id is None, longest=1024, pattern=ORG_ID, rule=rule)
            or self._org_id
        )

    def _version(self) -> dict[str, Any]:
        fields = self._fields
        source = fields.text("versionSource", required=True, longest=1024)
        kind = fields.choice("versionType", VersionType, required=True)
        return {
            "version_source": source,
            "version_type": kind,
            "version_name": self._version_name(source, kind),
            "version_description": fields.text("versionDescription", longest=LONGEST_DESCRIPTION) or "",
        }

    def _version_name(self, source: str | None, kind: VersionType | None) -> str | None:
        if source is None:
            return None
        try:
            return next_version_name(source, kind or VersionType.PATCH)  # a source can be wrong without a type, too
        except ValueError as error:
            self._fields.refuse("versionSource", Code.INVALID_VALUE, str(error))
            return None

    def _provider(self) -> dict[str, Any]:
        fields = self._fields
        label = fields.choice("providerLabel", ProviderLabel, any_case=True) or ProviderLabel.AZURE
        if label is not ProviderLabel.AZURE:
            fields.refuse("providerLabel", Code.UNSUPPORTED_PROVIDER, f"{label} is not supported; must be AZURE")
        rule = "must have 1 to 128 letters, digits, dots, dashes and underscores, and begin with a letter or digit"
        return {
            "provider_label": label,
            "provider_instance_id": fields.text(
                "providerInstanceId", required=True, longest=1024, pattern=RECORD_ID, rule=rule
            ),
        }

    def _check_os(self, os: str, source: ImportSource | None) -> None:
        """`os` should be the display name of an image source: where `data` names one, of that."""
        if not os:
            return
        named = by_display_name(os)
        if named is None:
            self._fields.tolerate("os", Code.UNKNOWN_OS, "is no displayName of GET /image-sources")
        elif source is not None and named is not by_image(source.publisher, source.offer, source.sku):
            self._fields.tolerate("os", Code.OS_OF_ANOTHER_IMAGE, f"belongs to the image {named.offer} {named.sku}")

    def _check_os_type(self, os_type: OsType | None, known: ImageSource | None) -> None:
        """A curated image is known to be Linux, or of one class of Windows; plain WINDOWS fits every class."""
        if known is None or os_type is None or os_type in (known.os_type, known.os_type.family):
            return
        message = f"the image {known.offer} {known.sku} is {known.os_type}"
        if os_type.family is known.os_type.family:
            self._fields.tolerate("osType", Code.OS_OF_ANOTHER_IMAGE, message)
        else:
            self._fields.refuse("osType", Code.CONTRADICTION, message)

    def _ignored(self) -> None:
        if self._fields.any("markers"):
            self._fields.tolerate("markers", Code.IGNORED_FIELD, "are not supported, and are ignored")
        self._fields.tolerate_unknown()


def _is_multi_session(stated: bool | None, os_type: OsType | None, known: ImageSource | None) -> bool:
    """As stated; else WVD is, and otherwise the image source tells, where it is known."""
    if stated is not None:
        return stated
    return os_type is OsType.WVD or (os_type is not OsType.CLIENT and known is not None and known.multi_session)
