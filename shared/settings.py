"""The settings of the application, read from the environment once.

Names follow the Functions convention: storage is `AzureWebJobsStorage` as a connection string, or
`AzureWebJobsStorage__tableServiceUri` / `AzureWebJobsStorage__accountName` with the managed identity.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError

from shared.models.base import Model
from shared.models.orphans import SweepRules
from shared.names import Sink
from shared.signatures import signing_key
from shared.workflow.pace import Pace

_STORAGE = "AzureWebJobsStorage"
_WEBHOOK_SECRET = "EVENT_WEBHOOK_SECRET"  # noqa: S105 - a name
_EMULATOR = "devstoreaccount1"
"""The account of every storage emulator: it tells no deployments apart."""
_ACCOUNT = re.compile(r"(?:^|;)\s*AccountName=([a-z0-9]+)", re.IGNORECASE)


class SettingsError(Exception):
    """Settings are missing or wrong; the message names every one of them."""


class Settings(Model):
    """What the deployment decides.

    Attributes:
        storage_connection: connection string of the storage account, or None for the identity.
        table_endpoint: URL of the table service, used with the identity where there is no connection string.
        key_vault_url: the vault that holds administrators' passwords while an operation runs.
        verify_key_vault_challenge: False only where the vault has another domain than its tokens' audience.
        arm_endpoint: Azure Resource Manager; another one in sovereign clouds and on one machine.
        arm_audience: what tokens for it are asked for.
        client_id: of a user-assigned managed identity; None for the system-assigned one.
        multi_tenant_client_id: of an app registration that other tenants have let in, for sources in their galleries;
            the managed identity is its federated credential. None: only sources of our own tenant.
        authority: where tokens for other tenants come from; another one in sovereign clouds and on one machine.
        org_claim: the claim of a signed-in caller that names the org.
        require_principal: whether a caller without App Service authentication is refused.
        max_running_builds: how many builds run at once in a provider instance that does not say so itself.
        create_events: whether events may ask for images; whoever may publish them acts for every org.
        event_grid_topic_endpoint: the Event Grid topic that is told of changes; None: none is.
        event_webhook_url: who is told of changes by a signed POST; None: nobody is.
        event_webhook_secret: what those are signed with, in the form `whsec_` and base64 (Standard Webhooks).
        catalog_name: of the deployment; it is on all that it makes in Azure, and the janitor removes nothing else.
        janitor_removes: whether the janitor removes what no operation needs; False: it only reports it.
        janitor_grace_hours: how long after its discovery.
        history_days: how long the histories of orchestrations are kept after their beginning.
    """

    storage_connection: SecretStr | None = None
    table_endpoint: str | None = None
    key_vault_url: str
    verify_key_vault_challenge: bool = True
    arm_endpoint: str = "https://management.azure.com"
    arm_audience: str = "https://management.azure.com"
    client_id: str | None = None
    multi_tenant_client_id: str | None = None
    authority: str = "https://login.microsoftonline.com"
    org_claim: str = "org_id"
    require_principal: bool = False
    max_running_builds: int = Field(default=20, ge=1, le=1000)
    create_events: bool = False
    event_grid_topic_endpoint: str | None = None
    event_webhook_url: str | None = None
    event_webhook_secret: SecretStr | None = None
    catalog_name: str = Field(default="", pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    janitor_removes: bool = False
    janitor_grace_hours: float = Field(default=24.0, ge=0, allow_inf_nan=False)
    history_days: float = Field(default=30.0, ge=3, allow_inf_nan=False)
    pace: Pace = Field(default_factory=Pace)

    @property
    def event_sinks(self) -> tuple[Sink, ...]:
        """Who is told of changes."""
        given = {Sink.EVENT_GRID: self.event_grid_topic_endpoint, Sink.WEBHOOK: self.event_webhook_url}
        return tuple(sink for sink, address in given.items() if address is not None)

    @property
    def sweep_rules(self) -> SweepRules:
        """By what the janitor goes."""
        grace = timedelta(hours=self.janitor_grace_hours)
        return SweepRules(catalog_name=self.catalog_name, removes=self.janitor_removes, grace=grace)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read the settings.

        Raises:
            SettingsError: with every setting that is missing or wrong, and what it should be.
        """
        # A secret from a file ends with a line.
        environment = {name: value.strip() for name, value in environment.items()}
        problems = [
            *_missing(environment),
            *_not_https(environment),
            *_webhook(environment),
            *_nameless_janitor(environment),
        ]
        values = {field: environment[name] for name, field in _SIMPLE_SETTINGS.items() if environment.get(name)}
        pace: dict[str, object] = {"keep_seconds": KEEP_SECONDS}
        pace |= {field: environment[name] for name, field in _PACE_SETTINGS.items() if environment.get(name)}
        values.setdefault("catalog_name", _account(environment))
        settings = None
        if not problems:
            try:
                settings = cls.model_validate({**values, "table_endpoint": _table_endpoint(environment), "pace": pace})
            except ValidationError as error:
                problems = [
                    f"{_setting_of(found['loc'])}: {found['msg']}" for found in error.errors(include_input=False)
                ]
        if settings is None:
            raise SettingsError("These settings are missing or wrong: " + "; ".join(problems))
        return settings


_SIMPLE_SETTINGS = {
    _STORAGE: "storage_connection",
    "KEY_VAULT_URL": "key_vault_url",
    "KEY_VAULT_VERIFY_CHALLENGE_RESOURCE": "verify_key_vault_challenge",
    "ARM_ENDPOINT": "arm_endpoint",
    "ARM_AUDIENCE": "arm_audience",
    "AZURE_CLIENT_ID": "client_id",
    "MULTI_TENANT_CLIENT_ID": "multi_tenant_client_id",
    "AZURE_AUTHORITY_HOST": "authority",
    "ORG_CLAIM": "org_claim",
    "REQUIRE_PRINCIPAL": "require_principal",
    "MAX_RUNNING_BUILDS": "max_running_builds",
    "CREATE_EVENTS": "create_events",
    "EVENT_GRID_TOPIC_ENDPOINT": "event_grid_topic_endpoint",
    "EVENT_WEBHOOK_URL": "event_webhook_url",
    _WEBHOOK_SECRET: "event_webhook_secret",
    "CATALOG_NAME": "catalog_name",
    "JANITOR_REMOVES": "janitor_removes",
    "JANITOR_GRACE_HOURS": "janitor_grace_hours",
    "HISTORY_DAYS": "history_days",
}
KEEP_SECONDS = 3600.0
"""How long what a failed operation made is kept, unless the deployment says otherwise."""

_PACE_SETTINGS = {
    "ARM_POLL_SECONDS": "poll_seconds",
    "RETRY_BASE_SECONDS": "retry_seconds",
    "IMPORT_DEADLINE_SECONDS": "deadline_seconds",
    "FAILED_KEEP_SECONDS": "keep_seconds",
    "RESOURCE_EVENTS": "events",
}


_HTTPS = ("KEY_VAULT_URL", "ARM_ENDPOINT", "AZURE_AUTHORITY_HOST", "EVENT_GRID_TOPIC_ENDPOINT", "EVENT_WEBHOOK_URL")


def _setting_of(location: tuple[int | str, ...]) -> str:
    names = {field: name for name, field in (_SIMPLE_SETTINGS | _PACE_SETTINGS).items()}
    return names.get(str(location[-1]), str(location[-1]))


def _table_endpoint(environment: Mapping[str, str]) -> str | None:
    account = environment.get(f"{_STORAGE}__accountName", "")
    given = environment.get(f"{_STORAGE}__tableServiceUri", "")
    return given or (f"https://{account}.table.core.windows.net" if account else None)


def _account(environment: Mapping[str, str]) -> str:
    """The name of the storage account: no other deployment has the same, but with the emulator."""
    found = _ACCOUNT.search(environment.get(_STORAGE, ""))
    if found:
        return found[1]
    host = urlsplit(_table_endpoint(environment) or "").hostname or _EMULATOR
    return host.partition(".")[0]


def _nameless_janitor(environment: Mapping[str, str]) -> list[str]:
    """The janitor must know for sure what is its own before it removes anything."""
    removes = environment.get("JANITOR_REMOVES", "").lower() in ("true", "1", "t", "y", "yes", "on")
    if removes and not environment.get("CATALOG_NAME", "") and _account(environment) == _EMULATOR:
        return ["CATALOG_NAME (a name of this deployment alone; with the storage emulator JANITOR_REMOVES needs it)"]
    return []


def _missing(environment: Mapping[str, str]) -> list[str]:
    problems = []
    if not environment.get(_STORAGE, "") and not _table_endpoint(environment):
        problems.append(f"{_STORAGE} (a connection string), or {_STORAGE}__tableServiceUri for the managed identity")
    if not environment.get("KEY_VAULT_URL", ""):
        problems.append("KEY_VAULT_URL (such as https://my-vault.vault.azure.net)")
    return problems


def _not_https(environment: Mapping[str, str]) -> list[str]:
    return [
        f"{name} (must be an https URL)"
        for name in _HTTPS
        if (value := environment.get(name, "")) and urlsplit(value).scheme != "https"
    ]


def _webhook(environment: Mapping[str, str]) -> list[str]:
    """What is wrong with the webhook's settings; no text repeats the secret."""
    url, secret = (environment.get(name, "") for name in ("EVENT_WEBHOOK_URL", _WEBHOOK_SECRET))
    if not secret:
        return (
            [f"{_WEBHOOK_SECRET} (is needed with EVENT_WEBHOOK_URL: what is not signed can't be trusted)"]
            if url
            else []
        )
    problems = [] if url else [f"EVENT_WEBHOOK_URL (is needed with {_WEBHOOK_SECRET})"]
    if secret.startswith("@Microsoft.KeyVault("):
        problems.append(f"{_WEBHOOK_SECRET} (is a Key Vault reference that App Service could not resolve)")
    else:
        try:
            signing_key(secret)
        except ValueError as error:
            problems.append(f"{_WEBHOOK_SECRET} ({error})")
    return problems
