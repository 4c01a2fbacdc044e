"""Characters that nobody sees: they move, hide or turn round what stands beside them, on screens and on paper.

A text of somebody else's could make a terminal overwrite a line, show one name as another, or answer in the office's
place. Names and titles of ours have none; what others wrote is shown with a mark in place of each.
"""

from __future__ import annotations

import unicodedata

_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
"""Controls, formatting (turning the direction of writing among it), halves of a character, line and paragraph ends."""


def marks_of_hidden(text: str) -> tuple[str, ...]:
    """Return the marks of the characters in a text that nobody sees, each once, in order: ``U+202E``."""
    return tuple(dict.fromkeys(_mark(character) for character in text if _is_hidden(character)))


def shown(text: str) -> str:
    """Return a text with a visible mark in place of each character that nobody sees, line ends too: ``<U+001B>``."""
    return "".join(f"<{_mark(character)}>" if _is_hidden(character) else character for character in text)


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character) in _HIDDEN


def _mark(character: str) -> str:
    return f"U+{ord(character):04X}"
