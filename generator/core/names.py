"""Names of people and organisations: the form that is matched, the form that is shown, the masked form."""

from __future__ import annotations

import re
import unicodedata
from typing import NewType

CanonicalName = NewType("CanonicalName", str)

NAME_DOTS = frozenset("\u00b7\u2022\u2027\u30fb\u22c5\u2219.\u3002")
"""Everything that stands for the dot in a name such as 阿卜杜拉·买买提 (after NFKC)."""

# The private-use characters that GBK software wrote for the codes FE50–FEA0, and the code points that
# Unicode and GB 18030 gave those same characters since. One pair a character, private use first.
_PRIVATE_USE = "".join(chr(0xE815 + offset) for offset in range(0x50))
_ASSIGNED = (
    "\u2e81\U00020087\U00020089\U000200cc\u2e84\u3473\u3447\u2e88\u2e8b\u9fb4\u359e\u361a\u360e\u2e8c\u2e97\u396e"
    "\u3918\u9fb5\u39cf\u39df\u3a73\u39d0\u9fb6\u9fb7\u3b4e\u3c6e\u3ce0\u2ea7\U000215d7\u9fb8\u2eaa\u4056"
    "\u415f\u2eae\u4337\u2eb3\u2eb6\u2eb7\U0002298f\u43b1\u43ac\u2ebb\u43dd\u44d6\u4661\u464c\u9fb9\u4723"
    "\u4729\u477c\u478d\u2eca\u4947\u497a\u497d\u4982\u4983\u4985\u4986\u499f\u499b\u49b7\u49b6\u9fba"
    "\U000241fe\u4ca3\u4c9f\u4ca0\u4ca1\u4c77\u4ca2\u4d13\u4d14\u4d15\u4d16\u4d17\u4d18\u4d19\u4dae\u9fbb"
)
_DROPPED = frozenset(
    "'\u02b9\u02bb\u02bc\u2018\u2019\u201b\u2032"  # apostrophes: O'Brien
    "-\u2010\u2012\u2013\u2014\u2015\u2212"  # hyphens and dashes: Jean-Pierre, JEAN PIERRE
)
_TYPED = str.maketrans({**dict.fromkeys("\u25cb\u25ef\u2b55\uffee", "\u3007"), "\u0060": "'", "\u00b4": "'"})
"""Typed for another: circles for the Han character 〇 (李〇), which input methods hide; accents for apostrophes."""
PRIVATE_USE_FOLD = str.maketrans(_PRIVATE_USE, _ASSIGNED)
"""The fixed table of docs/spec/bundle.md, section 3.1."""
_PLAIN_HAN = re.compile("[\u4e00-\u9fff]*")
"""Names that no step of ``canonical`` changes: nearly all, so they are let through at once."""


def canonical(name: str) -> CanonicalName:
    """Return the form of a name that is matched and hashed (docs/spec/bundle.md, 3.1).

    Private-use twins and circles are folded, then NFKC; what does not tell names apart is dropped; upper case; NFKC
    once more, for what dropping brought together.
    """
    if _PLAIN_HAN.fullmatch(name):
        return CanonicalName(name)
    return _folded(name)


def _folded(name: str) -> CanonicalName:
    """Return what every step of ``canonical`` makes of a name."""
    folded = unicodedata.normalize("NFKC", name.translate(PRIVATE_USE_FOLD).translate(_TYPED))
    kept = "".join(c for c in folded if not _is_noise(c)).upper()
    return CanonicalName(unicodedata.normalize("NFKC", kept))


def _is_noise(character: str) -> bool:
    """Return whether a character does not tell names apart: space, hidden character, dot, apostrophe, dash."""
    selector = "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
    marks = character in NAME_DOTS or character in _DROPPED
    return selector or marks or character.isspace() or unicodedata.category(character) == "Cf"


def display(name: str) -> str:
    """Return a name as it is shown: outer space gone, inner runs of white space one space, none between Han."""
    parts = name.split()
    text = parts[0] if parts else ""
    for part in parts[1:]:
        text += part if is_han(text[-1]) and is_han(part[0]) else f" {part}"
    return text


def is_han(character: str) -> bool:
    """Return whether one character is a Han ideograph."""
    return unicodedata.name(character, "").startswith(("CJK UNIFIED IDEOGRAPH", "CJK COMPATIBILITY IDEOGRAPH"))


def mask(name: str) -> str:
    """Return a person's name with its middle hidden, by code points: 张*, 张*三, 欧**娜.

    Two characters keep the first; three keep the outer two; four or more keep the outer two with two stars between.
    Source: facts/identifiers.md, Names.
    """
    letters = [c for c in unicodedata.normalize("NFC", name) if _is_letter(c)]
    if len(letters) <= 1:
        return "*"
    if len(letters) == 2:
        return f"{letters[0]}*"
    return f"{letters[0]}{'*' if len(letters) == 3 else '**'}{letters[-1]}"


def _is_letter(character: str) -> bool:
    """Return whether a character is one that a reader counts: no space, no dot, nothing hidden or combining."""
    hidden = unicodedata.category(character) in ("Cc", "Cf", "Mn", "Me")
    return not (hidden or character.isspace() or unicodedata.normalize("NFKC", character) in NAME_DOTS)


def suspects(name: str) -> tuple[str, ...]:
    """Return the characters of a name that show damage: private use without a twin, U+FFFD, a question mark."""
    folded = name.translate(PRIVATE_USE_FOLD)
    return tuple(c for c in folded if c in "\ufffd?？" or "\ue000" <= c <= "\uf8ff")
