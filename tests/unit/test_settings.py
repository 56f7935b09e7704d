"""The settings come from the environment, and what is wrong with them comes all at once."""

import pytest

from shared.settings import Settings, SettingsError

GOOD = {"AzureWebJobsStorage": "UseDevelopmentStorage=true", "KEY_VAULT_URL": "https://vault.example"}


def test_the_least_that_is_needed_is_enough():
    settings = Settings.from_environment(GOOD)
    assert settings.arm_endpoint == "https://management.azure.com"
    assert settings.pace.poll_seconds == 10


def test_everything_missing_is_named_at_once():
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({})
    assert "AzureWebJobsStorage" in str(caught.value)
    assert "KEY_VAULT_URL" in str(caught.value)


def test_storage_may_be_reached_with_the_identity():
    by_name = {"KEY_VAULT_URL": "https://vault.example", "AzureWebJobsStorage__accountName": "images"}
    assert Settings.from_environment(by_name).table_endpoint == "https://images.table.core.windows.net"
    by_uri = {**by_name, "AzureWebJobsStorage__tableServiceUri": "https://images.table.example"}
    assert Settings.from_environment(by_uri).table_endpoint == "https://images.table.example"


@pytest.mark.parametrize("name", ["KEY_VAULT_URL", "ARM_ENDPOINT"])
def test_secrets_and_tokens_never_go_over_plain_http(name):
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment({**GOOD, name: "http://plain.example"})


def test_a_number_that_is_none_is_named_without_its_value():
    with pytest.raises(SettingsError, match="ARM_POLL_SECONDS") as caught:
        Settings.from_environment({**GOOD, "ARM_POLL_SECONDS": "soon"})
    assert "soon" not in str(caught.value)


def test_what_failed_is_kept_for_an_hour_unless_the_deployment_says_otherwise():
    assert Settings.from_environment(GOOD).pace.keep_seconds == 3600
    assert Settings.from_environment({**GOOD, "FAILED_KEEP_SECONDS": "0"}).pace.keep_seconds == 0


@pytest.mark.parametrize("seconds", ["-1", "86401", "nan"])
def test_what_failed_is_kept_for_a_day_at_most(seconds):
    with pytest.raises(SettingsError, match="FAILED_KEEP_SECONDS"):
        Settings.from_environment({**GOOD, "FAILED_KEEP_SECONDS": seconds})


def test_the_connection_string_is_not_shown():
    assert "development" not in repr(Settings.from_environment(GOOD)).lower()
