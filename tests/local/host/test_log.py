"""The log: one line a record, with its fields; colour only on a terminal."""

import io
import logging
from collections.abc import Iterator

import pytest

from local.host import log

Record = tuple[io.StringIO, logging.Logger]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(name="restored", autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in log._NOISY}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


def write(stream: io.StringIO, **extra: object) -> str:
    log.configure("info", stream)
    logging.getLogger("app").info("Image %s", "accepted", extra=extra)
    return stream.getvalue()


def test_fields_follow_the_message_as_key_and_value() -> None:
    line = write(io.StringIO(), operation_id="op-1", note="two words", empty="")
    assert line.endswith('INFO    app: Image accepted operation_id=op-1 note="two words" empty=""\n')
    assert "\x1b" not in line


def test_a_value_cannot_break_the_line() -> None:
    assert write(io.StringIO(), note="a\nINFO forged").count("\n") == 1


def test_a_terminal_gets_colour() -> None:
    assert "\x1b[" in write(Terminal(), org_id="org-1")


def test_a_record_names_the_function_and_instance_it_was_written_for() -> None:
    token = log.scope.set(log.Scope("build", "abc"))
    try:
        assert "function=build instance_id=abc" in write(io.StringIO())
    finally:
        log.scope.reset(token)


def test_a_traceback_follows_its_record() -> None:
    stream = io.StringIO()
    log.configure("info", stream)
    try:
        int("no")
    except ValueError:
        logging.getLogger("app").exception("Failed")
    assert stream.getvalue().splitlines()[-1] == "ValueError: invalid literal for int() with base 10: 'no'"


def test_the_level_holds_for_the_app_and_libraries_keep_quiet() -> None:
    stream = io.StringIO()
    log.configure("info", stream)
    logging.getLogger("app").debug("hidden")
    logging.getLogger("azure.core").info("hidden")
    logging.getLogger("azure.core").warning("shown")
    assert stream.getvalue().count("\n") == 1
