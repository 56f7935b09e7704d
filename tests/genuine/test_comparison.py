"""The local host's answers beside those of Microsoft's engine."""

import pytest

from tests.conformance.comparison.__main__ import main


def test_the_local_host_answers_as_the_engine_does_but_for_what_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main() == 0, capsys.readouterr().out
