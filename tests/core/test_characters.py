"""Characters that nobody sees are found and marked, and nothing else is."""

from __future__ import annotations

import pytest

from generator.core.characters import marks_of_hidden, shown

SEEN = "张·三（甲）　㐀𠮷\ue000é e\u0301 葛\U000e0100 !~"
"""A wide space, rare and private-use characters, an accent of its own, a chosen variant: seen, or shaping what is."""


@pytest.mark.parametrize(
    ("text", "marks"),
    [
        ("a\r\x1b[2Kb", ("U+000D", "U+001B")),
        ("\n\t\x7f\x9b", ("U+000A", "U+0009", "U+007F", "U+009B")),
        ("甲\u202e乙\u202e", ("U+202E",)),
        ("\u200b\u200d\u2066\ufeff\u00ad\U000e0041", ("U+200B", "U+200D", "U+2066", "U+FEFF", "U+00AD", "U+E0041")),
        ("\u2028\u2029\udc80", ("U+2028", "U+2029", "U+DC80")),
        (SEEN, ()),
    ],
)
def test_hidden_characters(text: str, marks: tuple[str, ...]) -> None:
    assert marks_of_hidden(text) == marks
    assert marks_of_hidden(shown(text)) == ()
    assert all(f"<{mark}>" in shown(text) for mark in marks)


def test_what_is_seen_stays() -> None:
    assert shown(SEEN) == SEEN
    assert shown("a\x1b[8mb") == "a<U+001B>[8mb"
