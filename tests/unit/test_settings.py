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


SECRET = "whsec_" + "a" * 32


def test_nobody_is_told_of_changes_unless_somebody_is_named():
    assert Settings.from_environment(GOOD).event_sinks == ()
    topic = {"EVENT_GRID_TOPIC_ENDPOINT": "https://topic.example/api/events"}
    hook = {"EVENT_WEBHOOK_URL": "https://hook.example/x", "EVENT_WEBHOOK_SECRET": SECRET}
    assert Settings.from_environment({**GOOD, **topic}).event_sinks == ("event-grid",)
    assert Settings.from_environment({**GOOD, **hook}).event_sinks == ("webhook",)
    both = Settings.from_environment({**GOOD, **topic, **hook})
    assert both.event_sinks == ("event-grid", "webhook")
    assert SECRET not in repr(both)


def test_a_line_that_ends_a_setting_is_none_of_it():
    """As of a secret that was set from a file."""
    hook = {"EVENT_WEBHOOK_URL": " https://hook.example/x\n", "EVENT_WEBHOOK_SECRET": f"{SECRET}\n"}
    settings = Settings.from_environment({**GOOD, **hook})
    assert settings.event_webhook_url == "https://hook.example/x"
    assert settings.event_webhook_secret is not None
    assert settings.event_webhook_secret.get_secret_value() == SECRET


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"EVENT_GRID_TOPIC_ENDPOINT": "http://topic.example"}, "EVENT_GRID_TOPIC_ENDPOINT"),
        ({"EVENT_WEBHOOK_URL": "http://hook.example", "EVENT_WEBHOOK_SECRET": SECRET}, "EVENT_WEBHOOK_URL"),
        ({"EVENT_WEBHOOK_URL": "https://hook.example"}, "EVENT_WEBHOOK_SECRET"),
        ({"EVENT_WEBHOOK_SECRET": SECRET}, "EVENT_WEBHOOK_URL"),
        ({"EVENT_WEBHOOK_URL": "https://h.example", "EVENT_WEBHOOK_SECRET": "canary"}, "EVENT_WEBHOOK_SECRET"),
        ({"EVENT_WEBHOOK_URL": "https://h.example", "EVENT_WEBHOOK_SECRET": "whsec_canary"}, "whsec_ and 24 to 64"),
        ({"EVENT_WEBHOOK_URL": "https://h.example", "EVENT_WEBHOOK_SECRET": "whsec_ca€nary"}, "whsec_ and 24 to 64"),
        (
            {"EVENT_WEBHOOK_URL": "https://h.example", "EVENT_WEBHOOK_SECRET": "@Microsoft.KeyVault(canary)"},
            "could not resolve",
        ),
    ],
    ids=["topic-http", "hook-http", "no-secret", "no-url", "no-prefix", "short", "no-base64", "unresolved"],
)
def test_what_is_wrong_with_the_receivers_of_events_is_named(given, named):
    with pytest.raises(SettingsError, match=named) as caught:
        Settings.from_environment({**GOOD, **given})
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        (GOOD, "devstoreaccount1"),
        ({**GOOD, "AzureWebJobsStorage": "AccountName=images1;AccountKey=a2V5"}, "images1"),
        ({**GOOD, "AzureWebJobsStorage": "", "AzureWebJobsStorage__accountName": "images2"}, "images2"),
        (
            {
                **GOOD,
                "AzureWebJobsStorage": "",
                "AzureWebJobsStorage__tableServiceUri": "https://images3.table.example",
            },
            "images3",
        ),
        ({**GOOD, "CATALOG_NAME": "mine"}, "mine"),
    ],
    ids=["emulator", "connection", "account", "endpoint", "setting"],
)
def test_a_deployment_is_named_after_its_storage_unless_it_says_otherwise(environment, name):
    assert Settings.from_environment(environment).catalog_name == name


def test_the_janitor_only_reports_unless_told_otherwise():
    rules = Settings.from_environment(GOOD).sweep_rules
    assert (rules.removes, rules.grace.total_seconds()) == (False, 24 * 3600)


def test_with_the_emulator_the_janitor_removes_nothing_without_a_name():
    """Every emulator's account has the same name: two people's deployments would take each other's things."""
    removes = {**GOOD, "JANITOR_REMOVES": "true"}
    with pytest.raises(SettingsError, match="CATALOG_NAME"):
        Settings.from_environment(removes)
    assert Settings.from_environment({**removes, "CATALOG_NAME": "mine"}).janitor_removes
    own_account = {**removes, "AzureWebJobsStorage": "AccountName=images1;AccountKey=a2V5"}
    assert Settings.from_environment(own_account).janitor_removes


@pytest.mark.parametrize(
    ("name", "value"),
    [("CATALOG_NAME", "a b"), ("CATALOG_NAME", "x" * 65), ("JANITOR_GRACE_HOURS", "-1"), ("HISTORY_DAYS", "1")],
)
def test_what_the_janitor_can_not_work_with_is_named(name, value):
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment({**GOOD, name: value})
