"""What looks like a secret, and how it is hidden in texts of others."""

import pytest

from shared.redaction import redacted, shown

PASSWORD = "Correct-Horse-7-Battery"


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("Correct  Horse 7", "Correct Horse 7"),
        ("Correct Horse 7", "Correct\n    Horse\u00a07"),
        ("Correct\tHorse 7", "Correct\\tHorse 7"),
        (" Correct-Horse-7 ", "Correct-Horse-7"),
        ('Correct" \\ Horse', 'Correct\\" \\\\  Horse'),
        ("Cörrect  Horse", "C\\u00f6rrect Horse"),
        (".*7 [a-z]+", ".*7  [a-z]+"),
    ],
    ids=["collapsed", "wrapped", "tab-in-json", "stripped", "quotes-in-json", "letters-in-json", "no-pattern"],
)
def test_a_secret_is_found_however_a_text_was_laid_out(secret: str, text: str) -> None:
    assert redacted(f"Not {text}!", secret) in ("Not [hidden]!", "Not[hidden]!")


def test_a_secret_of_nothing_but_white_space_hides_nothing() -> None:
    assert redacted("a b", "  ") == "a b"


def test_what_is_like_the_secret_stays() -> None:
    assert redacted("correct-horse-7-battery .x7 az", PASSWORD) == "correct-horse-7-battery .x7 az"


@pytest.mark.parametrize("start", range(700, 1300, 3))
def test_no_part_of_a_secret_is_left_where_a_long_text_is_cut(start: int) -> None:
    text = shown(f"{'x' * start}{PASSWORD} https://h/x?sig=canary-canary-canary{'y' * 401}", PASSWORD)
    assert not [part for part in ("Correct", "Horse", "Battery", "canary") if part in text]


def test_a_long_text_keeps_its_beginning_and_its_end() -> None:
    text = shown(f"Azure could not: {'x' * 5000}. Do this.")
    assert text.startswith("Azure could not: xxx")
    assert text.endswith("xxx. Do this.")
    assert len(text) < 1300
    assert shown("x" * 1200) == "x" * 1200
