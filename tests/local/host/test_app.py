"""Loading an app: what is indexed, and what is refused by name instead of failing later."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from local.host.app import ACTIVITY_TRIGGER, HTTP_TRIGGER, ORCHESTRATION_TRIGGER, loaded
from local.host.errors import AppError
from local.host.server import running

WriteApp = Callable[..., Path]

ACTIVITY = '@app.activity_trigger(input_name="x")\ndef {}(x: int) -> int:\n    return x\n\n'


def test_functions_are_indexed_by_trigger_in_the_order_of_their_names(apps: Path) -> None:
    with loaded(apps / "features") as app:
        names = [function.name for function in app.functions]
        assert names == sorted(names, key=str.lower)
        assert "greet" in app.named(ORCHESTRATION_TRIGGER)
        assert app.named(ACTIVITY_TRIGGER)["echo"].name == "echo_under_another_name"
        assert app.of(HTTP_TRIGGER) == ()


def test_an_app_is_forgotten_after_its_block(apps: Path) -> None:
    before = sys.modules.get("function_app"), list(sys.path)
    with loaded(apps / "web"):
        assert sys.path[0] == str(apps / "web")
    assert (sys.modules.get("function_app"), sys.path) == before


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (
            '@app.blob_trigger(arg_name="b", path="a/{name}", connection="c")\ndef seen(b) -> None: ...\n',
            "seen: the trigger blobTrigger",
        ),
        (
            '@app.route(route="a")\n@app.table_output("t", "c", "t")\ndef send(req, t) -> str: ...\n',
            "send: the binding table",
        ),
        (
            '@app.activity_trigger(input_name="x")\ndef odd(y): ...\n',
            "odd: its parameters .* do not match its bindings",
        ),
        ('@app.orchestration_trigger(context_name="ctx")\ndef flow(ctx): ...\n', "flow: its parameters"),
        (
            '@app.route(route="a")\n@app.durable_client_input("c", task_hub="Other")\nasync def far(req, c): ...\n',
            "far: a client of another task hub",
        ),
        (ACTIVITY.format("same") * 2, "same does not have a unique function name"),
        ("second = func.FunctionApp()\n", "exactly one function app at module level, and holds 2"),
    ],
)
def test_what_cannot_be_run_is_refused_by_name(write_app: WriteApp, body: str, why: str) -> None:
    with pytest.raises(AppError, match=why), loaded(write_app(body)):
        raise AssertionError("it was loaded")


def test_two_activities_cannot_share_a_durable_name(write_app: WriteApp) -> None:
    named = '@app.activity_trigger(input_name="x", activity="ONE")\ndef two(x): ...\n'
    folder = write_app(ACTIVITY.format("one") + named)
    with pytest.raises(AppError, match="one and two share the durable name one"), running(folder):
        raise AssertionError("it runs")


def test_a_folder_without_an_app_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AppError, match=r"there is no function_app\.py"), loaded(tmp_path):
        raise AssertionError("it was loaded")


def test_the_script_may_have_another_name(write_app: WriteApp, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_app(ACTIVITY.format("one"))
    (folder / "function_app.py").rename(folder / "other_app.py")
    monkeypatch.setenv("PYTHON_SCRIPT_FILE_NAME", "other_app.py")
    with loaded(folder) as app:
        assert [function.name for function in app.functions] == ["one"]
