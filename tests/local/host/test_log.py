"""The log: one line a record, aligned, with function and instance; colour only on a terminal."""

import contextvars
import io
import logging
import threading
from collections.abc import Iterator

import pytest

from local.host import log

GUID = "3f2a91c4d2b94e31a5c07f1d5b8e9a60"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(name="restored", autouse=True)
def _restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TERM", "xterm")
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in log._NOISY}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


def write(stream: io.StringIO, text: str = "Image accepted", **extra: object) -> str:
    log.configure("info", stream)
    logging.getLogger("app").info(text, extra=extra)
    return stream.getvalue()


def write_for(function: str, instance_id: str | None, text: str, **extra: object) -> None:
    with log.invocation("i", log.Scope(function, instance_id)):
        logging.getLogger().info(text, extra=extra)


def test_fields_follow_the_message_as_key_and_value() -> None:
    line = write(io.StringIO(), operation_id="op-1", note="two words", empty="")
    assert line.endswith('app: Image accepted operation_id=op-1 note="two words" empty=""\n')
    assert "\x1b" not in line


def test_a_value_cannot_break_the_line() -> None:
    assert write(io.StringIO(), note="a\nINFO forged").count("\n") == 1


def test_further_lines_of_a_message_are_set_off_and_cannot_look_like_records() -> None:
    assert write(io.StringIO(), "first\n12:00:00.000 ERROR forged").splitlines()[1] == "    12:00:00.000 ERROR forged"


def test_a_message_cannot_steer_the_terminal() -> None:
    line = write(Terminal(), "\x1b[2J\rgone\x9b1m")
    assert "\\x1b[2J\\x0dgone\\x9b1m" in line


def test_function_instance_and_message_stand_in_columns() -> None:
    stream = io.StringIO()
    log.configure("info", stream)
    write_for("a_long_name", "order-17", "one")
    write_for("short", None, "two")
    write_for("short", "o-1", "three")
    lines = stream.getvalue().splitlines()
    assert [line[21:] for line in lines] == [
        "a_long_name order-17 one",
        "short                two",
        "short       o-1      three",
    ]


def test_a_terminal_gets_colour_and_short_ids_and_a_file_whole_ones() -> None:
    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file):
        log.configure("info", stream)
        write_for("build", f"{GUID}:2", "hello")
    assert "\x1b[" in terminal.getvalue()
    assert GUID[:8] + ":2" in terminal.getvalue()
    assert GUID not in terminal.getvalue()
    assert f"build {GUID}:2 hello" in file.getvalue()


def test_the_line_that_starts_an_orchestration_has_its_whole_id_on_a_terminal() -> None:
    stream = Terminal()
    log.configure("info", stream)
    write_for("build", GUID, "Started", whole_id=True)
    write_for("build", GUID, "goes on")
    first, second = stream.getvalue().splitlines()
    assert GUID in first
    assert GUID not in second


@pytest.mark.parametrize(
    ("variables", "stream", "coloured"),
    [
        ({"NO_COLOR": "1"}, Terminal(), False),
        ({"FORCE_COLOR": "1"}, io.StringIO(), True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, Terminal(), False),
        ({"TERM": "dumb"}, Terminal(), False),
    ],
)
def test_the_usual_variables_decide_on_colour(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], stream: io.StringIO, coloured: bool
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b[" in write(stream)) == coloured


def test_a_thread_that_names_its_invocation_is_told_apart() -> None:
    stream = io.StringIO()
    log.configure("info", stream)

    def work(invocation_id: str) -> None:
        log.of_thread.invocation_id = invocation_id
        logging.getLogger().info("from a thread")

    with log.invocation("known", log.Scope("build", "abc")):
        for each in ("known", "unknown"):
            thread = threading.Thread(target=contextvars.Context().run, args=(work, each))
            thread.start()
            thread.join()
    known, unknown = stream.getvalue().splitlines()
    assert "build abc from a thread" in known
    assert "build" not in unknown


def test_what_replayed_code_logs_is_for_the_level_debug() -> None:
    for level, shown in (("info", 0), ("debug", 1)):
        stream = io.StringIO()
        log.configure(level, stream)
        token = log.replaying.set(True)
        logging.getLogger().warning("again")
        log.replaying.reset(token)
        assert stream.getvalue().count("again replaying=True") == shown


def test_a_traceback_follows_its_record_set_off() -> None:
    stream = io.StringIO()
    log.configure("info", stream)
    try:
        int("no")
    except ValueError:
        logging.getLogger("app").exception("Failed")
    assert stream.getvalue().splitlines()[-1] == "    ValueError: invalid literal for int() with base 10: 'no'"


def test_the_level_holds_for_the_app_and_libraries_keep_quiet() -> None:
    stream = io.StringIO()
    log.configure("info", stream)
    logging.getLogger("app").debug("hidden")
    logging.getLogger("azure.core").info("hidden")
    logging.getLogger("azure.core").warning("shown")
    assert stream.getvalue().count("\n") == 1


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0002, "0.2 ms"),
        (0.00996, "10 ms"),
        (0.012, "12 ms"),
        (0.9996, "1.0 s"),
        (3.41, "3.4 s"),
        (59.96, "1 min 0 s"),
        (125, "2 min 5 s"),
        (3780, "1 h 3 min"),
    ],
)
def test_durations_are_written_for_people(seconds: float, text: str) -> None:
    assert log.duration(seconds) == text
