"""One activity after another, and what of a value survives the way through inputs, results and outputs."""

from tests.conformance.history import Containing, done
from tests.conformance.scenario import Scenario

VALUES = {
    "null": None,
    "zero": 0,
    "a number": 1.5,
    "false": False,
    "an empty text": "",
    "a text": "text",
    "a text that is JSON": '{"a": 1}',
    "letters of any script": "Zürich 東京 \U0001f600",
    "an empty list": [],
    "a list": [1, [2, None]],
    "an empty object": {},
    "an object": {"a": {"b": None}, "ü": ["ö"]},
    "200 kB": "x" * 200_000,
}

SCENARIOS = (
    Scenario(
        title="an orchestrator without a step completes",
        orchestrator="no_step",
        output="done without a step",
        custom_status=None,
        history=[],
    ),
    Scenario(
        title="sync and async activities run one after the other",
        orchestrator="sequence",
        output=["Hello Bob", 9],
        history=[done("greet", "Hello Bob"), done("square", 9)],
    ),
    *(
        Scenario(
            title=f"{name} survives the way through orchestrator and activity, whose durable name is not its own",
            orchestrator="echo",
            data=value,
            output=value,
            history=[done("Echo", value)],
        )
        for name, value in VALUES.items()
    ),
    Scenario(
        title="objects with to_json and from_json travel both ways",
        orchestrator="points",
        output=2,
    ),
    Scenario(
        title="an input that is encoded twice is what the caller encoded",
        orchestrator="input_only",
        data=[1, 2],
        output={"type": "list", "value": [1, 2]},
        history=[],
    ),
    Scenario(
        title="an object as the body is the input",
        orchestrator="input_only",
        body={"a": [1]},
        output={"type": "dict", "value": {"a": [1]}},
    ),
    Scenario(
        title="without a body there is no input",
        orchestrator="input_only",
        output={"type": "NoneType", "value": None},
    ),
    Scenario(
        title="the JSON null as the body is no input either",
        orchestrator="input_only",
        body=None,
        output={"type": "NoneType", "value": None},
        note="[S]",
    ),
    *(
        Scenario(
            title=f"{name} as the body, encoded once, cannot be read by get_input",
            orchestrator="input_only",
            body=value,
            status="Failed",
            output=Containing("Orchestrator function 'input_only' failed: "),
            history=[],
        )
        for name, value in {"a list": [1], "a number": 5, "true": True, "a plain text": "Bob"}.items()
    ),
)
