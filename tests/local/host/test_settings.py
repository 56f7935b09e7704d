"""host.json and app settings."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.host.errors import SettingsError
from local.host.queues.settings import QueueSettings
from local.host.settings import HostSettings, app_settings, read_host_json

Write = Callable[..., Path]


@pytest.fixture(name="write")
def _write(tmp_path: Path) -> Write:
    def write(name: str, document: object) -> Path:
        (tmp_path / name).write_text(document if isinstance(document, str) else json.dumps(document))
        return tmp_path

    return write


def read(write: Write, **document: Any) -> HostSettings:
    return read_host_json(write("host.json", {"version": "2.0", **document}))


def test_an_empty_host_json_gives_the_defaults_of_the_real_host(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEBSITE_SITE_NAME", raising=False)
    settings = read(write)
    assert (settings.route_prefix, settings.task_hub, settings.function_timeout) == ("api", "TestHubName", 1800.0)
    assert settings.max_activities == 10 * (os.cpu_count() or 1)


def test_the_route_prefix_may_be_empty(write: Write) -> None:
    assert read(write, extensions={"http": {"routePrefix": ""}}).route_prefix == ""


@pytest.mark.parametrize(("text", "seconds"), [("00:05:00", 300.0), ("1.00:00:01", 86401.0), ("-1", None)])
def test_a_function_timeout_is_a_timespan(write: Write, text: str, seconds: float | None) -> None:
    assert read(write, functionTimeout=text).function_timeout == seconds


def test_the_task_hub_may_come_from_a_setting(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_HUB", "Mine")
    durable = {"durableTask": {"hubName": "%MY_HUB%", "maxConcurrentActivityFunctions": 3}}
    settings = read(write, extensions=durable)
    assert (settings.task_hub, settings.max_activities) == ("Mine", 3)
    with pytest.raises(SettingsError, match="NO_HUB"):
        read(write, extensions={"durableTask": {"hubName": "%NO_HUB%"}})


@pytest.mark.parametrize(
    ("content", "why"), [("{", "not valid JSON"), ("[]", "JSON object"), ('{"functionTimeout": "soon"}', "hh:mm:ss")]
)
def test_a_wrong_host_json_is_refused(write: Write, content: str, why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        read_host_json(write("host.json", content))


def test_a_missing_host_json_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no host\.json"):
        read_host_json(tmp_path)


def test_local_settings_lie_beneath_the_environment(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOTH", "environment")
    monkeypatch.delenv("ONLY_FILE", raising=False)
    with app_settings(write("local.settings.json", {"Values": {"BOTH": "file", "ONLY_FILE": "file"}})):
        assert (os.environ["BOTH"], os.environ["ONLY_FILE"]) == ("environment", "file")
    assert "ONLY_FILE" not in os.environ
    assert os.environ["BOTH"] == "environment"


def test_encrypted_settings_are_refused(write: Write) -> None:
    folder = write("local.settings.json", {"IsEncrypted": True, "Values": {}})
    with pytest.raises(SettingsError, match="encrypted"), app_settings(folder):
        raise AssertionError("it was read")


def test_queues_have_the_defaults_of_a_development_machine(write: Write) -> None:
    assert read(write).queues == QueueSettings(16, 8, 2.0, 0.0, 5, True)


def test_queues_are_set_in_host_json(write: Write) -> None:
    section = {
        "batchSize": 4,
        "maxPollingInterval": "00:00:30",
        "visibilityTimeout": "00:01:00",
        "maxDequeueCount": 1,
        "messageEncoding": "None",
    }
    assert read(write, extensions={"queues": section}).queues == QueueSettings(4, 2, 30.0, 60.0, 1, False)


@pytest.mark.parametrize(
    ("section", "why"),
    [
        ({"batchSize": 33}, "queues.batchSize in host.json is 33, not a whole number, 1 to 32"),
        ({"batchSize": "8"}, "queues.batchSize"),
        ({"newBatchThreshold": -1}, "queues.newBatchThreshold in host.json is -1, not a whole number, 0 or more"),
        ({"maxDequeueCount": 0}, "queues.maxDequeueCount"),
        ({"maxPollingInterval": 2000}, "queues.maxPollingInterval in host.json is 2000, not hh:mm:ss in quotes"),
        ({"maxPollingInterval": "00:00:00.05"}, "must not be less than"),
        ({"visibilityTimeout": "soon"}, "queues.visibilityTimeout"),
        ({"messageEncoding": "utf8"}, "queues.messageEncoding in host.json is 'utf8', not base64 or none"),
    ],
)
def test_queue_settings_without_sense_are_refused(write: Write, section: dict[str, Any], why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        read(write, extensions={"queues": section})
