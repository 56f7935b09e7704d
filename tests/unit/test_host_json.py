"""host.json is right for production."""

import json
from pathlib import Path

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
