"""host.json is right for production."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from local.host.settings import read_host_json
from local.host.timespans import parse

HOST = json.loads((Path(__file__).parents[2] / "host.json").read_text(encoding="utf-8"))


def test_routes_have_no_prefix_and_the_hub_a_name_of_its_own():
    assert HOST["extensions"]["http"]["routePrefix"] == ""
    assert HOST["extensions"]["durableTask"]["hubName"] == "ImageCatalog"


def test_sampling_keeps_every_durable_event():
    """Durable's tracking events are traces, its spans are requests."""
    excluded = set(HOST["logging"]["applicationInsights"]["samplingSettings"]["excludedTypes"].split(";"))
    assert {"Request", "Trace", "Exception", "Event"} <= excluded
    assert HOST["logging"]["logLevel"]["Host.Triggers.DurableTask"] == "Information"


def test_inputs_and_outputs_are_not_traced():
    assert HOST["extensions"]["durableTask"]["tracing"]["traceInputsAndOutputs"] is False


def test_no_function_runs_for_long():
    assert HOST["functionTimeout"] == "00:10:00"


@pytest.mark.parametrize("queue", ["controlQueue", "workItemQueue"])
def test_what_a_dead_host_had_taken_goes_on_soon_and_what_a_living_one_works_on_is_left_to_it(queue):
    """The engine renews every 30 seconds; without a setting a message is invisible for 5 minutes (extension 3.19)."""
    timeout = parse(HOST["extensions"]["durableTask"]["storageProvider"][f"{queue}VisibilityTimeout"])
    assert timeout is not None
    assert 2 * timedelta(seconds=30) <= timeout <= timedelta(minutes=2)


def test_the_local_host_reads_it():
    assert read_host_json(Path(__file__).parents[2]).task_hub == "ImageCatalog"
